"""A model's float64 twin: the same graph with every float16, bfloat16 and float32 in double precision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from onnx import (
    AttributeProto,
    FunctionProto,
    GraphProto,
    NodeProto,
    TensorProto,
    helper,
    numpy_helper,
)

from .graph import subgraphs

NARROW = frozenset({TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16})
"""float8 and below are grids of a quantisation, not arithmetic: they stay."""

DTYPE_ATTRIBUTES = frozenset(
    {
        "to",
        "dtype",
        "output_datatype",
        "output_dtype",
        "precision",
        "softmax_precision",
        "stash_type",
    }
)
"""Attributes of operators that hold a TensorProto.DataType (Cast, EyeLike, HannWindow, ...)."""


FLOAT_BY_DEFAULT = {
    **dict.fromkeys(
        ("HannWindow", "HammingWindow", "BlackmanWindow", "MelWeightMatrix"), "output_datatype"
    ),
    **dict.fromkeys(("RandomNormal", "RandomUniform", "SequenceEmpty"), "dtype"),
}
"""Operators whose result is float32 when that attribute is left out."""


def is_narrow(dtype: np.dtype) -> bool:
    """Whether values of this numpy type become double."""
    return dtype in (np.float32, np.float16) or dtype.name == "bfloat16"


def wide(value: Any) -> Any:
    """Arrays, and sequences of them, in double where they are narrower floats."""
    if isinstance(value, list):
        return [wide(item) for item in value]
    if isinstance(value, np.ndarray) and is_narrow(value.dtype):
        return value.astype(np.float64)
    return value


def widen_graph(graph: GraphProto) -> None:
    """In place: nodes, interface and the graphs inside. Initialisers are widened as they are read."""
    del graph.value_info[:]
    for info in (*graph.input, *graph.output):
        _widen_type(info.type)
    widen_nodes(graph.node)


def widened_function(function: FunctionProto) -> FunctionProto:
    """A copy: bodies that onnx gives for its own operators are shared."""
    copy = FunctionProto()
    copy.CopyFrom(function)
    widen_nodes(copy.node)
    return copy


def widen_nodes(nodes: Iterable[NodeProto]) -> None:
    """In place: constants, targets of casts, dtypes, and the graphs inside."""
    for node in nodes:
        for attribute in node.attribute:
            _widen_attribute(attribute)
        dtype = FLOAT_BY_DEFAULT.get(node.op_type)
        if dtype and not node.domain and all(a.name != dtype for a in node.attribute):
            node.attribute.append(helper.make_attribute(dtype, TensorProto.DOUBLE))
        for graph in subgraphs(node):
            widen_graph(graph)


def _widen_attribute(attribute: AttributeProto) -> None:
    if attribute.type == AttributeProto.TENSOR:
        _widen_tensor(attribute.t)
    elif attribute.type == AttributeProto.TENSORS:
        for tensor in attribute.tensors:
            _widen_tensor(tensor)
    elif attribute.type == AttributeProto.TYPE_PROTO:
        _widen_type(attribute.tp)
    elif attribute.name in DTYPE_ATTRIBUTES and attribute.i in NARROW:
        attribute.i = TensorProto.DOUBLE


def _widen_tensor(tensor: TensorProto) -> None:
    if tensor.data_type in NARROW:
        array = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _widen_type(kind: Any) -> None:
    which = kind.WhichOneof("value")
    if which in ("tensor_type", "sparse_tensor_type"):
        tensor = getattr(kind, which)
        if tensor.elem_type in NARROW:
            tensor.elem_type = TensorProto.DOUBLE
    elif which in ("sequence_type", "optional_type"):
        _widen_type(getattr(kind, which).elem_type)
    elif which == "map_type":
        _widen_type(kind.map_type.value_type)
