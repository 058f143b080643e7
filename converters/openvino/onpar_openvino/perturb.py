"""Constants of a graph, moved by one rounding step in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from onpar_host.packages import require
from onpar_host.perturbing import generator, is_movable, moved, moved_bfloat16, widened_bfloat16
from onpar_host.variant import Perturb

from .dtypes import bits_of

CHANNEL_AXES = {
    "Convolution": 0,
    "ConvolutionBackpropData": 1,
    "GroupConvolutionBackpropData": 2,
}
"""Operator → axis of its weights that counts output channels (OpenVINO operation specifications)."""


def perturb_constants(graph: Any, asked: Perturb) -> None:
    """Moves every float Constant, those in bodies of If, Loop and TensorIterator included.

    The stream of a constant comes from its content: tied weights, which a file may hold twice under
    different names or once for two layers, move together. Quantised weights are integers and stay.
    """
    op = require("openvino.op")
    for each in _graphs(graph):
        for constant in [node for node in each.get_ops() if node.get_type_name() == "Constant"]:
            values = _moved(constant, asked)
            if values is None:
                continue
            made = op.Constant(values)
            made.set_friendly_name(constant.get_friendly_name())
            for target in constant.output(0).get_target_inputs():
                target.replace_source_output(made.output(0))


def weight_elements(graph: Any) -> dict[str, int]:
    """How many elements of constants there are of each element type, bodies included."""
    found: dict[str, int] = {}
    for each in _graphs(graph):
        for node in each.get_ops():
            if node.get_type_name() == "Constant":
                kind = node.get_element_type().get_type_name()
                found[kind] = found.get(kind, 0) + int(np.prod(list(node.shape), dtype=np.int64))
    return found


def _graphs(graph: Any) -> Iterator[Any]:
    yield graph
    for node in graph.get_ops():
        if node.get_type_name() == "If":
            yield from _graphs(node.get_then_body())
            yield from _graphs(node.get_else_body())
        elif hasattr(node, "get_function"):
            yield from _graphs(node.get_function())


def _moved(constant: Any, asked: Perturb) -> Any:
    """The new values as an `ov.Tensor`, or None for a constant that stays."""
    ov = require("openvino")
    kind = constant.get_element_type().get_type_name()
    if kind not in ("f64", "f32", "f16", "bf16"):
        return None
    is_bfloat16 = kind == "bf16"
    values = bits_of(constant) if is_bfloat16 else np.asarray(constant.data)
    if not is_movable(widened_bfloat16(values) if is_bfloat16 else values):
        return None
    rng = generator(asked.seed, hashlib.sha256(np.ascontiguousarray(values)).hexdigest())
    axis = _channel_axis(constant, values.shape)
    if not is_bfloat16:
        return ov.Tensor(moved(values, asked.step, rng, axis), shared_memory=False)
    made = ov.Tensor(ov.Type.bf16, ov.Shape(list(values.shape)))
    bits_of(made)[...] = moved_bfloat16(values, asked.step, rng, axis)
    return made


def _channel_axis(constant: Any, shape: tuple[int, ...]) -> int | None:
    """Which axis counts output channels, by the operator that takes the weights; 0 where none tells."""
    if not shape:
        return None
    target = next(iter(constant.output(0).get_target_inputs()), None)
    while target is not None and target.get_node().get_type_name() == "Convert":
        # Weights stored in half precision are widened first.
        target = next(iter(target.get_node().output(0).get_target_inputs()), None)
    if target is None:
        return 0
    node = target.get_node()
    kind = node.get_type_name()
    if kind == "MatMul":
        transposed = node.get_attributes()[
            "transpose_b" if target.get_index() == 1 else "transpose_a"
        ]
        # [in, out] on the right, [out, in] on the left, unless turned over.
        last = (target.get_index() == 1) != bool(transposed)
        return max(len(shape) - (1 if last else 2), 0)
    if kind == "GroupConvolution":
        # [groups, out, in, …]: a depthwise one has a channel a group.
        return 0 if shape[1] == 1 else 1
    return min(CHANNEL_AXES.get(kind, 0), len(shape) - 1)
