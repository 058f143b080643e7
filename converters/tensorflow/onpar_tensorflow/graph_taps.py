"""Looking into a graph of TensorFlow's operators: a frozen graph, or a SavedModel's signature as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from onpar_host.graph import OpGraph, OpNode, OpTensor
from onpar_host.layer_scopes import BORDER, LayerScopes, operator_name
from onpar_host.packages import require
from onpar_host.tensor import DTYPES, Tensor, as_tensor
from onpar_host.tensor_names import TensorNames

from .graphdef import in_order, needed_by, shown
from .tensors import from_tensorflow, spec_of

HANDED_ON = ("Identity", "ReadVariableOp")
"""Of a constant, the constant itself: what freezing makes of a variable and its reads."""

INTEGER_INPUTS = {
    **{key: {1: "axis"} for key in ("Mean", "Sum", "Max", "Min", "Prod", "All", "Any")},
    **{key: {1: "axis"} for key in ("ArgMax", "ArgMin", "Cumsum", "ExpandDims", "ReverseV2")},
    **{key: {1: "paddings"} for key in ("Pad", "PadV2", "MirrorPad")},
    **{key: {1: "size"} for key in ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic")},
    "Split": {0: "axis"},
    "SplitV": {2: "axis"},
    "ConcatV2": {-1: "axis"},
    "GatherV2": {2: "axis"},
    "Transpose": {1: "perm"},
    "Reshape": {1: "shape"},
    "Slice": {1: "begin", 2: "size"},
    "StridedSlice": {1: "begin", 2: "end", 3: "strides"},
    "Tile": {1: "multiples"},
    "TopKV2": {1: "k"},
}
"""Inputs that other formats write as attributes; given as such where they are constant."""

KEPT = 4
"""Functions for groups of tensors that stay: a caller goes through its groups once for each sample."""


class GraphTaps:
    """`function` is a wrapped function with a graph; its ends are tensors of it by contract name.

    `labels`: operator of a constant → name of the variable that it was.
    """

    def __init__(
        self,
        form: str,
        function: Any,
        inputs: Mapping[str, Any],
        outputs: Mapping[str, Any],
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self._function = function
        self._labels = labels or {}
        self._inputs = dict(inputs)
        ends = [{name: t.name for name, t in side.items()} for side in (inputs, outputs)]
        self._names = TensorNames(*ends)
        self._constants: dict[str, Any] = {}
        # None: computed of constants alone.
        self._graph = self._read(form, list(outputs), list(outputs.values()))
        self._keys = self._names.keys()
        self._pruned: dict[tuple[str, ...], Any] = {}

    def graph(self, precision: str | None = None) -> OpGraph:
        """With `float64`, of the twin, whose graph has the same names."""
        if precision is None:
            return self._graph
        tensors = {
            name: OpTensor(precision, t.shape, t.tappable, t.constant)
            if t.dtype == "float32"
            else t
            for name, t in self._graph.tensors.items()
        }
        given = self._graph
        return OpGraph(given.format, given.inputs, given.outputs, given.nodes, tensors)

    def values(
        self, feed: list[Any], names: list[str], twin: Any = None
    ) -> tuple[dict[str, Tensor], dict[str, str]]:
        """Inputs in contract order. `twin`: a wrapped function of the same names to take them from."""
        source = twin or self._function
        tensors: dict[str, Tensor] = {}
        missing: dict[str, str] = {}
        wanted: dict[str, Any] = {}
        fed = {tensor.name: feed[i] for i, tensor in enumerate(self._inputs.values())}
        for name in names:
            key = self._keys.get(name)
            if key is None:
                missing[name] = "the model has no such tensor"
            elif key in fed:
                tensors[name] = from_tensorflow(name, fed[key])
            elif self._constants.get(key) is not None:
                tensors[name] = _constant(self._constants[key], twin is not None)
            else:
                try:
                    wanted[name] = source.graph.get_tensor_by_name(key)
                except (KeyError, ValueError):
                    missing[name] = "it does not exist in double precision"
        if wanted:
            found = self._function_of(source, wanted)(*feed)
            for name, value in zip(wanted, found, strict=True):
                tensors[name] = from_tensorflow(name, value)
        return {name: tensors[name] for name in names if name in tensors}, missing

    def _function_of(self, source: Any, wanted: dict[str, Any]) -> Any:
        key = (str(id(source)), *wanted)
        if key not in self._pruned:
            while len(self._pruned) >= KEPT:
                self._pruned.pop(next(iter(self._pruned)))
            fed = [source.graph.get_tensor_by_name(t.name) for t in self._inputs.values()]
            self._pruned[key] = source.prune(fed, list(wanted.values()))
        return self._pruned[key]

    def _read(self, form: str, outputs: list[str], ends: list[Any]) -> OpGraph:
        fed = {tensor.name for tensor in self._inputs.values()}
        needed = {op.name for op in needed_by(ends, fed)}
        ops = [op for op in in_order(self._function.graph) if op.name in needed]
        scopes = LayerScopes.of(op.name for op in ops if op.type != "Const")
        nodes: list[OpNode] = []
        tensors: dict[str, OpTensor] = {
            name: OpTensor(spec_of(name, t).dtype, spec_of(name, t).shape, False)
            for name, t in self._inputs.items()
        }
        for op in ops:
            if all(tensor.name in fed for tensor in op.outputs):
                continue
            if self._is_constant(op) or BORDER.fullmatch(op.name):
                continue
            taken = [self._source(tensor) for tensor in op.inputs]
            made = [self._name(tensor) for tensor in op.outputs]
            if taken and all(tensor.name in self._constants for tensor in taken) and not _draws(op):
                self._constants.update((tensor.name, None) for tensor in op.outputs)
            nodes.append(
                OpNode(
                    id=op.name,
                    op=op.type,
                    inputs=[self._name(tensor) for tensor in taken],
                    outputs=made,
                    attributes=_attributes(op, taken),
                    module=scopes.layers(op.name),
                    origins=scopes.origins([operator_name(op.name)]),
                )
            )
            for tensor in (*taken, *op.outputs):
                if self._name(tensor) not in tensors:
                    tensors[self._name(tensor)] = self._tensor(tensor)
        nodes.extend(self._names.repeated())
        by_name = self._names.keys()
        known = self._function.graph
        for name in outputs:
            tensors.setdefault(name, self._tensor(known.get_tensor_by_name(by_name[name])))
        return OpGraph(form, list(self._inputs), outputs, nodes, tensors)

    def _name(self, tensor: Any) -> str:
        return self._names.give(tensor.name, self._labels.get(tensor.op.name, shown(tensor.name)))

    def _is_constant(self, op: Any) -> bool:
        if op.type == "Const":
            self._constants[op.outputs[0].name] = op.outputs[0]
            return True
        return op.type in HANDED_ON and self._source(op.inputs[0]).op.type == "Const"

    def _source(self, tensor: Any) -> Any:
        """What is handed on at the border of a function, or by a chain of identities of a constant."""
        while BORDER.fullmatch(tensor.op.name) and len(tensor.op.inputs) == 1:
            tensor = tensor.op.inputs[0]
        found = tensor
        while found.op.type in HANDED_ON and len(found.op.inputs) == 1:
            found = found.op.inputs[0]
        return found if found.op.type == "Const" else tensor

    def _tensor(self, tensor: Any) -> OpTensor:
        spec = spec_of(tensor.name, tensor)
        constant = tensor.name in self._constants
        return OpTensor(spec.dtype, spec.shape, spec.dtype in DTYPES and not constant, constant)


def _draws(op: Any) -> bool:
    """It answers otherwise each time, or keeps something."""
    return bool(op.op_def is not None and op.op_def.is_stateful)


def _constant(tensor: Any, wide: bool) -> Tensor:
    value = require("tensorflow").get_static_value(tensor)
    array = np.asarray(value)
    return as_tensor(array.astype(np.float64) if wide and array.dtype == np.float32 else array)


def _attributes(op: Any, inputs: list[Any]) -> dict[str, Any]:
    """Those that are numbers, texts and types; those of other formats that are inputs here."""
    told = {key: _plain(value) for key, value in op.node_def.attr.items() if key[:1] != "_"}
    attributes = {key: value for key, value in told.items() if value is not None}
    for place, name in INTEGER_INPUTS.get(op.type, {}).items():
        if -len(inputs) <= place < len(inputs) and inputs[place].dtype.is_integer:
            value = require("tensorflow").get_static_value(inputs[place])
            if value is not None:
                attributes[name] = (
                    np.asarray(value).ravel().tolist() if np.ndim(value) else int(value)
                )
    return attributes


def _plain(value: Any) -> Any:
    """None for tensors, functions and shapes of unknown rank."""
    kind = value.WhichOneof("value")
    if kind in ("i", "f", "b"):
        return getattr(value, kind)
    if kind == "s":
        return value.s.decode("utf-8", "replace")
    if kind == "type":
        return require("tensorflow").as_dtype(value.type).name
    if kind == "shape":
        return None if value.shape.unknown_rank else [dim.size for dim in value.shape.dim]
    return _first_list(value.list) if kind == "list" else None


def _first_list(told: Any) -> list[Any] | None:
    for values in (told.i, told.f, told.b):
        if values:
            return list(values)
    return [each.decode("utf-8", "replace") for each in told.s] or None


def frozen_signature(
    signature: Any, names: Iterable[str]
) -> tuple[Any, dict[str, Any], dict[str, Any], dict[str, str]]:
    """A signature with its functions inlined and its variables as constants, its ends by name, and
    constant → name of the variable that it was.

    `names`: of the outputs, in contract order. Raises whatever TensorFlow makes of tables and other
    things that are no tensors.
    """
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    frozen = convert_variables_to_constants_v2(signature, lower_control_flow=False)
    inputs = dict(zip(signature._arg_keywords, frozen.inputs, strict=False))
    # A structure is flattened by its sorted keys.
    given = dict(zip(sorted(signature.structured_outputs), frozen.outputs, strict=True))
    variables = {id(variable.handle): variable.name for variable in signature.graph.variables}
    labels = {
        inner.op.name: shown(variables[id(outer)])
        for outer, inner in signature.graph.captures
        if id(outer) in variables
    }
    return frozen, inputs, {name: given[name] for name in names}, labels
