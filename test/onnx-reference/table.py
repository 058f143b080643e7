"""One-operator graphs: how they are written, and the list that the case files fill."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper

MICROSOFT = "com.microsoft"
NCHWC = "com.microsoft.nchwc"


@dataclass
class Case:
    """A model of one node (or a given one), its inputs, and what may be expected of it.

    `defect`: onnx's own evaluator fails on it (wrong or crashing). `exact`: outputs carry no digits beyond
    float32 when inputs do (indices, masks, signs). `tolerance`: relative to the output's largest element.
    """

    name: str
    model: onnx.ModelProto
    feeds: dict[str, np.ndarray]
    defect: bool = False
    exact: bool = False
    tolerance: float = 3e-6


CASES: list[Case] = []


def random(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def f(name: str, *shape: int, scale: float = 1.0) -> np.ndarray:
    """Normal floats that depend on the name alone."""
    return (random(f"{name}{shape}").standard_normal(shape) * scale).astype(np.float32)


def model_of(
    nodes: list[onnx.NodeProto],
    feeds: dict[str, np.ndarray],
    outputs: list[str],
    opset: int,
    weights: dict[str, np.ndarray] | None = None,
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "g",
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(value.dtype), list(value.shape)
            )
            for name, value in feeds.items()
        ],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [onnx.numpy_helper.from_array(value, name) for name, value in (weights or {}).items()],
    )
    opsets = [
        helper.make_opsetid("", opset),
        helper.make_opsetid("ai.onnx.ml", 3),
        helper.make_opsetid(MICROSOFT, 1),
        helper.make_opsetid(NCHWC, 1),
    ]
    ir = 8 if opset < 20 else 10
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir)


def case(
    op: str,
    *inputs: np.ndarray | None,
    outputs: int = 1,
    opset: int = 17,
    domain: str = "",
    note: str = "",
    defect: bool = False,
    exact: bool = False,
    tolerance: float = 3e-6,
    fixed: tuple[int, ...] = (),
    skip: tuple[int, ...] = (),
    also: dict[str, Any] | None = None,
    **attributes: Any,
) -> None:
    """`fixed`: inputs (by position) that are initialisers; `skip`: outputs (by position) left out; `also`:
    attributes whose names are taken here.
    """
    inputs = tuple(None if value is None else np.asarray(value) for value in inputs)
    name = f"{domain + '::' if domain else ''}{op}{' ' + note if note else ''} (opset {opset})"
    names = ["" if value is None else f"i{index}" for index, value in enumerate(inputs)]
    given = {n: v for n, v in zip(names, inputs, strict=True) if v is not None}
    weights = {n: v for i, (n, v) in enumerate(zip(names, inputs, strict=True)) if i in fixed}
    feeds = {n: v for n, v in given.items() if n not in weights}
    results = ["" if i in skip else f"o{i}" for i in range(outputs)]
    node = helper.make_node(
        op, names, results, name="node", domain=domain, **attributes, **(also or {})
    )
    model = model_of([node], feeds, [r for r in results if r], opset, weights)
    CASES.append(Case(name, model, feeds, defect, exact, tolerance))
