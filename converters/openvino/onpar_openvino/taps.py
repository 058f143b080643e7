"""Looking into a model of OpenVINO: its operators, and their values by making them outputs of a copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from onpar_host.contract import Contract
from onpar_host.graph import Dim, OpGraph, OpNode, OpTensor
from onpar_host.layer_scopes import LayerScopes
from onpar_host.tensor import Tensor
from onpar_host.tensor_names import TensorNames

from .dtypes import dtype_of, from_openvino

ENDS = ("Parameter", "Constant", "Result")
"""Nodes that compute nothing."""
DRAWING = ("RandomUniform", "Multinomial", "ReadValue", "Assign")

REDUCTIONS = (
    "ReduceMean",
    "ReduceSum",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "MVN",
    "NormalizeL2",
)
INTEGER_INPUTS = {
    **{
        key: {1: "axes"}
        for key in (
            "ReduceMean",
            "ReduceSum",
            "ReduceMax",
            "ReduceMin",
            "ReduceProd",
            "MVN",
            "NormalizeL2",
        )
    },
    **{key: {1: "axes"} for key in ("Squeeze", "Unsqueeze")},
    **{key: {1: "axis"} for key in ("Split", "CumSum", "VariadicSplit")},
    "Gather": {2: "axis"},
    "Transpose": {1: "order"},
    "Reshape": {1: "shape"},
    "Pad": {1: "pads_begin", 2: "pads_end"},
    "StridedSlice": {1: "begin", 2: "end", 3: "strides"},
    "Slice": {1: "start", 2: "stop", 3: "step", 4: "axes"},
    "Interpolate": {1: "size", 3: "axes"},
    "Tile": {1: "repeats"},
    "TopK": {1: "k"},
}
"""Inputs that other formats write as attributes; given as such where they are constant."""

Port = tuple[int, int]
"""Place of a node in the order of the model's operators, and which of its outputs."""


class OpenVinoTaps:
    """`compile_copy` compiles a model as the deployed one is; `graph` stays as it is.

    `again` is the same file, read a second time, or None where its names are its own.
    """

    def __init__(
        self,
        graph: Any,
        again: Any,
        contract: Contract,
        compile_copy: Callable[[Any], Any],
        form: str,
    ) -> None:
        self._source = graph
        self._compile = compile_copy
        self._form = form
        self._called = _names_that_stay(graph, again)
        self._places = {op.get_name(): i for i, op in enumerate(graph.get_ordered_ops())}
        self._names = TensorNames(
            {s.name: self._key(p) for s, p in zip(contract.inputs, graph.inputs, strict=True)},
            {
                spec.name: self._key(result.input_value(0))
                for spec, result in zip(contract.outputs, graph.get_results(), strict=True)
            },
        )
        self._constants: dict[Port, Any] = {}
        self._graph = self._read(contract)
        self._keys: Mapping[str, Port] = self._names.keys()
        self._request: tuple[tuple[Port, ...], Any] | None = None

    def graph(self) -> OpGraph:
        return self._graph

    def values(
        self, feed: list[Any], names: list[str]
    ) -> tuple[dict[str, Tensor], list[Tensor], dict[str, str]]:
        """Values by name, the outputs of the copy that was run for them, and what could not be had."""
        fed = {self._keys[name]: feed[i] for i, name in enumerate(self._graph.inputs)}
        tensors: dict[str, Tensor] = {}
        missing: dict[str, str] = {}
        wanted: dict[str, Port] = {}
        for name in names:
            key = self._keys.get(name)
            if key is None:
                missing[name] = "the model has no such tensor"
            elif key in fed:
                tensors[name] = from_openvino(name, fed[key])
            elif self._graph.tensors[name].dtype is None:
                missing[name] = "its element type is none that a tensor file holds"
            elif self._constants.get(key) is not None:
                tensors[name] = _held(self._constants[key])
            else:
                wanted[name] = key
        # What is an output already does not become another one.
        ends = {self._keys[name]: i for i, name in reversed([*enumerate(self._graph.outputs)])}
        added = tuple(dict.fromkeys(key for key in wanted.values() if key not in ends))
        ends.update((key, len(self._graph.outputs) + i) for i, key in enumerate(added))
        request = self._request_for(added)
        request.reset_state()
        for position, tensor in enumerate(feed):
            request.set_input_tensor(position, tensor)
        request.infer()
        outputs = [
            from_openvino(name, request.get_output_tensor(i))
            for i, name in enumerate(self._graph.outputs)
        ]
        for name, key in wanted.items():
            tensors[name] = from_openvino(name, request.get_output_tensor(ends[key]))
        return {name: tensors[name] for name in names if name in tensors}, outputs, missing

    def _request_for(self, wanted: tuple[Port, ...]) -> Any:
        """The last group stays: all samples are asked for one group after the other."""
        if self._request is None or self._request[0] != wanted:
            copy = self._source.clone()
            ops = copy.get_ordered_ops()
            for place, number in wanted:
                copy.add_outputs(ops[place].output(number))
            self._request = (wanted, self._compile(copy).create_infer_request())
        return self._request[1]

    def _key(self, port: Any) -> Port:
        return self._places[port.get_node().get_name()], port.get_index()

    def _read(self, contract: Contract) -> OpGraph:
        ops = self._source.get_ordered_ops()
        scopes = LayerScopes.of(
            name
            for place, op in enumerate(ops)
            if _computes(op)
            for name in _known_as(op, self._called[place])
        )
        nodes: list[OpNode] = []
        tensors: dict[str, OpTensor] = {}
        for name, port in zip((s.name for s in contract.inputs), self._source.inputs, strict=True):
            tensors[name] = _tensor(port, False, False)
        used: dict[str, int] = {}
        for place, op in enumerate(ops):
            if op.get_type_name() == "Constant":
                self._constants[place, 0] = op
            if not _computes(op):
                continue
            taken = [port.get_source_output() for port in op.inputs()]
            keys = [self._key(port) for port in taken]
            if keys and all(key in self._constants for key in keys) and not _draws(op):
                self._constants.update(((place, i), None) for i in range(op.get_output_size()))
            friendly = self._called[place]
            known = _known_as(op, friendly)
            count = used[friendly] = used.get(friendly, 0) + 1
            nodes.append(
                OpNode(
                    id=friendly if count == 1 else f"{friendly}#{count}",
                    op=op.get_type_name(),
                    inputs=[self._name(port) for port in taken],
                    outputs=[self._name(port) for port in op.outputs()],
                    attributes=_attributes(op, taken),
                    module=next(filter(None, map(scopes.layers, known)), ()),
                    origins=scopes.origins(known),
                )
            )
            for port in (*taken, *op.outputs()):
                constant = self._key(port) in self._constants
                tensors.setdefault(self._name(port), _tensor(port, constant, not constant))
        nodes.extend(self._names.repeated())
        for spec, result in zip(contract.outputs, self._source.get_results(), strict=True):
            tensors.setdefault(spec.name, _tensor(result.input_value(0), False, True))
        inputs, outputs = ([s.name for s in side] for side in (contract.inputs, contract.outputs))
        return OpGraph(self._form, inputs, outputs, nodes, tensors)

    def _name(self, port: Any) -> str:
        node, key = port.get_node(), self._key(port)
        number = f":{port.get_index()}" if node.get_output_size() > 1 else ""
        # The tensor's name in the file that the model was made of, where the frontend kept it.
        own = min(port.get_names(), default=self._called[key[0]] + number)
        return self._names.give(key, own.removesuffix(":0") if not number else own)


def _names_that_stay(graph: Any, again: Any) -> list[str]:
    """Friendly names by place; those that a frontend counts up for the whole process by their place.

    Two readings of one file tell them apart: an exporter may well have written `Relu_3` itself.
    """
    ops = graph.get_ordered_ops()
    called = [op.get_friendly_name() for op in ops]
    if again is None:
        return called
    others = [op.get_friendly_name() for op in again.get_ordered_ops()]
    pairs = enumerate(zip(called, others, strict=True))
    return [a if a == b else f"{ops[i].get_type_name()}@{i}" for i, (a, b) in pairs]


def _computes(op: Any) -> bool:
    return op.get_type_name() not in ENDS


def _draws(op: Any) -> bool:
    return op.get_type_name() in DRAWING


def _known_as(op: Any, called: str) -> list[str]:
    """The node's name as its frontend gave it, then those of its tensors."""
    kept = [called] if called == op.get_friendly_name() else []
    kept.extend(name for port in op.outputs() for name in sorted(port.get_names()))
    # TFLite's converter joins the names of all that it made one of.
    return list(dict.fromkeys(part for name in kept for part in name.split(";") if part))


def _tensor(port: Any, constant: bool, tappable: bool) -> OpTensor:
    dtype = dtype_of(port.get_element_type())
    return OpTensor(dtype, _shape(port), tappable and dtype is not None, constant)


def _shape(port: Any) -> list[Dim] | None:
    shape = port.get_partial_shape()
    if shape.rank.is_dynamic:
        return None
    return [None if dim.is_dynamic else dim.get_length() for dim in shape]


def _held(constant: Any) -> Tensor:
    if constant.get_element_type().get_type_name() == "bf16":
        return Tensor(np.array(constant.data).view(np.uint16), "bfloat16")
    return Tensor(np.array(constant.data), str(dtype_of(constant.get_element_type())))


def _attributes(op: Any, inputs: list[Any]) -> dict[str, Any]:
    told = {key: _plain(value) for key, value in op.get_attributes().items()}
    attributes = {key: value for key, value in told.items() if value is not None}
    for place, name in INTEGER_INPUTS.get(op.get_type_name(), {}).items():
        if place >= len(inputs) or inputs[place].get_node().get_type_name() != "Constant":
            continue
        values = np.array(inputs[place].get_node().data)
        if values.dtype.kind in "iu":
            attributes[name] = values.ravel().tolist() if values.ndim else int(values)
    return attributes


def _plain(value: Any) -> Any:
    """None for what is neither a number, a text nor a list of these."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple | np.ndarray):
        return [item.item() if isinstance(item, np.generic) else item for item in value]
    return None
