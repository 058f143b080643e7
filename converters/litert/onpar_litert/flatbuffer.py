"""A TFLite file's operators and tensors, read from its tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onpar_host.contract import Quantization
from onpar_host.packages import require

ENUMS = {
    "padding": "Padding",
    "fusedActivationFunction": "ActivationFunctionType",
    "weightsFormat": "FullyConnectedOptionsWeightsFormat",
    "combiner": "CombinerType",
    "kernelType": "LSTMKernelType",
}
"""Fields of operator options → the enumeration that names their values (schema.fbs)."""
TYPE_FIELDS = re.compile(r"(.*D(ata)?[tT]ype|outType|idxOutType|outputType|quantizedBiasType)")

INTEGER_INPUTS = {
    "MEAN": {1: "axis"},
    "SUM": {1: "axis"},
    "REDUCE_MAX": {1: "axis"},
    "REDUCE_MIN": {1: "axis"},
    "REDUCE_PROD": {1: "axis"},
    "REDUCE_ANY": {1: "axis"},
    "REDUCE_ALL": {1: "axis"},
    "ARG_MAX": {1: "axis"},
    "ARG_MIN": {1: "axis"},
    "CUMSUM": {1: "axis"},
    "EXPAND_DIMS": {1: "axis"},
    "SPLIT": {0: "axis"},
    "SPLIT_V": {2: "axis"},
    "REVERSE_V2": {1: "axis"},
    "TRANSPOSE": {1: "perm"},
    "RESHAPE": {1: "shape"},
    "PAD": {1: "paddings"},
    "PADV2": {1: "paddings"},
    "MIRROR_PAD": {1: "paddings"},
    "SLICE": {1: "begin", 2: "size"},
    "STRIDED_SLICE": {1: "begin", 2: "end", 3: "strides"},
    "RESIZE_BILINEAR": {1: "size"},
    "RESIZE_NEAREST_NEIGHBOR": {1: "size"},
    "TILE": {1: "multiples"},
    "TOPK_V2": {1: "k"},
}
"""Inputs that other formats write as attributes; given as such where they are constant."""


@dataclass(frozen=True)
class FileTensor:
    """`dtype` as in the schema, in small letters. `content`: the bytes of a constant, else None."""

    name: str
    dtype: str
    shape: list[int | None] | None
    is_constant: bool
    is_variable: bool
    quantization: Quantization | None
    content: np.ndarray | None


@dataclass(frozen=True)
class FileOperator:
    """`inputs` and `outputs` are indices of tensors; −1: an optional one is absent."""

    op: str
    inputs: list[int]
    outputs: list[int]
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FileGraph:
    """One subgraph, operators in the order in which they run."""

    operators: list[FileOperator]
    tensors: list[FileTensor]


def read_graph(content: bytes, subgraph: int) -> FileGraph:
    """Raises whatever a file that is no whole TFLite model makes of it."""
    schema = require("ai_edge_litert.schema_py_generated")
    root = schema.Model.GetRootAs(content, 0)
    graph = root.Subgraphs(subgraph)
    types = _names(schema.TensorType)
    tensors = [
        _tensor(root, graph.Tensors(place), types, content)
        for place in range(graph.TensorsLength())
    ]
    operators = [
        _operator(schema, root, graph.Operators(place), tensors)
        for place in range(graph.OperatorsLength())
    ]
    return FileGraph(operators, tensors)


def _names(enumeration: Any) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


def _tensor(root: Any, tensor: Any, types: dict[int, str], content: bytes) -> FileTensor:
    data = _data(root.Buffers(tensor.Buffer()), content)
    signature = tensor.ShapeSignatureAsNumpy() if tensor.ShapeSignatureLength() else None
    shape = tensor.ShapeAsNumpy() if tensor.ShapeLength() else []
    dims = shape if signature is None else signature
    known = bool(tensor.ShapeLength()) or bool(tensor.HasRank()) or data is not None
    return FileTensor(
        name=(tensor.Name() or b"").decode("utf-8", "replace"),
        dtype=types.get(tensor.Type(), "unknown").lower(),
        # Without a rank in the file, no dimensions can be a scalar or an unknown shape.
        shape=[None if int(d) < 0 else int(d) for d in dims] if known else None,
        is_constant=data is not None,
        is_variable=bool(tensor.IsVariable()),
        quantization=_quantization(tensor.Quantization()),
        content=data,
    )


def _data(buffer: Any, content: bytes) -> np.ndarray | None:
    if buffer is None:
        return None
    # Models of more than 2 GB keep their data behind the flatbuffer.
    start = int(buffer.Offset()) if hasattr(buffer, "Offset") else 0
    if start > 1:
        return np.frombuffer(content, np.uint8, int(buffer.Size()), start)
    return buffer.DataAsNumpy() if buffer.DataLength() else None


def _quantization(told: Any) -> Quantization | None:
    if told is None or told.ScaleLength() == 0:
        return None
    scales = [float(scale) for scale in told.ScaleAsNumpy()]
    zeros = [int(z) for z in told.ZeroPointAsNumpy()] if told.ZeroPointLength() else [0]
    axis = int(told.QuantizedDimension()) if len(scales) > 1 else None
    return Quantization(scales, zeros if len(zeros) == len(scales) else zeros * len(scales), axis)


def _operator(schema: Any, root: Any, operator: Any, tensors: list[FileTensor]) -> FileOperator:
    code = root.OperatorCodes(operator.OpcodeIndex())
    # Files of before 2020 have the code in a byte of its own.
    kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    op = _names(schema.BuiltinOperator).get(kind, str(kind))
    attributes: dict[str, Any] = {}
    if kind == schema.BuiltinOperator.CUSTOM:
        op = (code.CustomCode() or b"").decode("utf-8", "replace")
    inputs = [int(i) for i in operator.InputsAsNumpy()] if operator.InputsLength() else []
    outputs = [int(i) for i in operator.OutputsAsNumpy()] if operator.OutputsLength() else []
    for place, name in INTEGER_INPUTS.get(op, {}).items():
        value = _integers(tensors[inputs[place]]) if place < len(inputs) else None
        if value is not None:
            attributes[name] = value
    return FileOperator(op, inputs, outputs, {**_options(schema, operator), **attributes})


def _integers(tensor: FileTensor) -> list[int] | int | None:
    kind = {"int32": "<i4", "int64": "<i8"}.get(tensor.dtype)
    if tensor.content is None or kind is None:
        return None
    values = [int(v) for v in np.frombuffer(tensor.content.tobytes(), kind)]
    return values[0] if tensor.shape == [] and len(values) == 1 else values


def _options(schema: Any, operator: Any) -> dict[str, Any]:
    """Options of a built-in operator by their names in the schema, enumerations by theirs."""
    made = schema.BuiltinOptionsCreator(operator.BuiltinOptionsType(), operator.BuiltinOptions())
    if made is None and hasattr(operator, "BuiltinOptions2"):
        made = schema.BuiltinOptions2Creator(
            operator.BuiltinOptions2Type(), operator.BuiltinOptions2()
        )
    return {} if made is None else {k: _plain(schema, made, k, v) for k, v in vars(made).items()}


def _plain(schema: Any, options: Any, key: str, value: Any) -> Any:
    enumeration = ENUMS.get(key)
    if key == "mode" and type(options).__name__ == "MirrorPadOptionsT":
        enumeration = "MirrorPadMode"
    if TYPE_FIELDS.fullmatch(key):
        enumeration = "TensorType"
    if enumeration is not None and isinstance(value, int):
        return _names(getattr(schema, enumeration)).get(value, value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.tolist() if isinstance(value, np.ndarray) else value
