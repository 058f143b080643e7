"""What the report shows of a model, and how two models' inputs and outputs differ."""

from __future__ import annotations

from collections import Counter
from typing import Any

from onpar_host.exporting import Declared, declared
from onpar_host.packages import require

from .graphs import initializers_in, nodes_in, opset_of

QUANTISED = ("QuantizeLinear", "DynamicQuantizeLinear", "QLinearMatMul", "QLinearConv")
HALVES = {10: "float16", 16: "bfloat16"}
"""Numbers of onnx.TensorProto's 16-bit floats."""
FLOATS = (1, 10, 11, 16)


def facts(before: Any, after: Any) -> dict[str, Any]:
    """`{opset, irVersion, nodes: {before, after}, operators}`; operators are those of the result."""
    counted = Counter(node.op_type for node in nodes_in(after))
    return {
        "opset": opset_of(after),
        "irVersion": after.ir_version,
        "nodes": {"before": sum(1 for _ in nodes_in(before)), "after": sum(counted.values())},
        "operators": dict(sorted(counted.items())),
    }


def own_precision(proto: Any) -> str:
    """What a model works in already, and a rewriting keeps: `int8`, `float16`, `bfloat16`, `float32`.

    A rewriting of a quantised graph fuses integer operators, so steps of its grid may flip; of a
    16-bit graph, roundings of 16 bits. Most elements of float weights decide between the floats.
    """
    if any(node.op_type in QUANTISED for node in nodes_in(proto)):
        return "int8"
    elements: Counter[int] = Counter()
    for tensor in initializers_in(proto):
        if tensor.data_type in FLOATS:
            size = 1
            for dim in tensor.dims:
                size *= dim
            elements[tensor.data_type] += size
    if not elements:
        return "float32"
    return HALVES.get(elements.most_common(1)[0][0], "float32")


def dtype_changes(before: Any, after: Any, reason: str) -> list[Declared]:
    """One entry for each input and output whose element type is another one afterwards."""
    changes = []
    for side, old, new in (
        ("input", _real_inputs(before), _real_inputs(after)),
        ("output", before.graph.output, after.graph.output),
    ):
        types = {value.name: _dtype(value) for value in new}
        for value in old:
            dtype = types.get(value.name)
            if dtype is not None and dtype != _dtype(value):
                changes.append(declared(side, value.name, reason, dtype=dtype))
    return changes


def _real_inputs(proto: Any) -> list[Any]:
    """Without the initializers, which files of IR 3 list among the inputs."""
    stored = {tensor.name for tensor in proto.graph.initializer}
    return [value for value in proto.graph.input if value.name not in stored]


def _dtype(value: Any) -> str | None:
    number = value.type.tensor_type.elem_type
    if number == 0:
        return None
    name = require("onnx").helper.tensor_dtype_to_np_dtype(number).name
    return "string" if name == "object" else name
