"""A Keras model as an OpGraph, from a call of it that was watched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onpar_host.graph import OpGraph, OpNode, OpTensor, SourcePlace
from onpar_host.tensor import DTYPES
from onpar_host.tensor_names import TensorNames

from .keras_watch import Event, Place, Trace

UNTOLD = ("name", "trainable", "dtype", "build_config")
"""Of a layer's configuration: how it was made, not what it computes."""


@dataclass(frozen=True)
class KerasGraph:
    """`places`: where in a call the tensor of a name is seen; `weights`: variables by tensor name."""

    graph: OpGraph
    places: dict[str, Place]
    weights: dict[str, Any]
    signature: list[tuple[str, int]]


def keras_graph(
    trace: Trace,
    other: Trace | None,
    variables: list[Any],
    inputs: Mapping[str, int],
    outputs: Mapping[str, int],
    written: Mapping[str, SourcePlace | None],
) -> KerasGraph:
    """`inputs` and `outputs`: contract names → identities of the call's tensors.

    `other` is a call with other sizes: where dimensions differ, they are open.
    """
    return _Builder(trace, other, variables, written).build(inputs, outputs)


class _Builder:
    """Gives each tensor that an event makes a key of its own: a layer may hand its input on."""

    def __init__(
        self,
        trace: Trace,
        other: Trace | None,
        variables: list[Any],
        written: Mapping[str, SourcePlace | None],
    ) -> None:
        self._trace = trace
        self._shapes = _open_shapes(trace, other)
        self._written = written
        self._handles = {_handle(v): v for v in variables}
        self._current: dict[int, Any] = {}
        self._specs: dict[Any, OpTensor] = {}
        self._places: dict[Any, Place] = {}
        self._inside: dict[int, tuple[Event, list[Any]]] = {}
        self._weights: dict[Any, Any] = {}
        self._weight_names: dict[Any, str] = {}
        self._nodes: list[tuple[Event, list[Any], list[Any]]] = []

    def build(self, inputs: Mapping[str, int], outputs: Mapping[str, int]) -> KerasGraph:
        keys = {name: ("input", name) for name in inputs}
        called = {tensor._id: place for place, tensor in enumerate(self._trace.inputs)}
        for name, identity in inputs.items():
            self._current[identity] = keys[name]
            place = called.get(identity)
            dtype = None if place is None else self._trace.inputs[place].dtype.name
            shape = None if place is None else self._shapes["input", place]
            self._specs[keys[name]] = OpTensor(dtype if dtype in DTYPES else None, shape, False)
        for position, event in enumerate(self._trace.events):
            self._add(position, event)
        ends = {name: self._current[identity] for name, identity in outputs.items()}
        names = TensorNames(keys, ends)
        used: set[str] = set()
        nodes = [self._node(names, used, *each) for each in self._nodes]
        nodes.extend(names.repeated())
        by_name = names.keys()
        tensors = {name: self._specs[key] for name, key in by_name.items()}
        graph = OpGraph("keras", list(inputs), list(outputs), nodes, tensors)
        return KerasGraph(
            graph,
            {name: self._places[key] for name, key in by_name.items() if key in self._places},
            {name: self._weights[key] for name, key in by_name.items() if key in self._weights},
            self._trace.signature(),
        )

    def _add(self, position: int, event: Event) -> None:
        if event.op == "ReadVariableOp" and event.inputs and event.inputs[0] in self._handles:
            variable = self._handles[event.inputs[0]]
            self._current[event.outputs[0]] = self._weight(variable, variable.path)
            return
        if event.op in ("AssignVariableOp", "NoOp"):
            return
        taken = [self._source(event, number, each) for number, each in enumerate(event.inputs)]
        if event.layer is not None:
            own = getattr(event.layer, "weights", [])
            taken.extend(self._weight(v, "/".join((*event.path, _within(v, event)))) for v in own)
        made = []
        for number, identity in enumerate(event.outputs):
            key = ("made", event.serial, number)
            dtype = event.specs[identity][0]
            shape = self._shapes.get((position, number))
            known = dtype if dtype in DTYPES else None
            self._specs[key] = OpTensor(known, shape, known is not None)
            self._places[key] = event.place(number)
            made.append(key)
        # A layer that hands its input on (dropout) made it, for those behind it.
        self._current.update(zip(event.outputs, made, strict=True))
        self._nodes.append((event, taken, made))
        for inner in event.inside:
            self._inside.update((each, (inner, made)) for each in inner.outputs)

    def _source(self, event: Event, number: int, identity: int) -> Any:
        """What was made inside a layer becomes an output of it, what of nothing seen a constant."""
        if identity not in self._current and identity in self._inside:
            self._current[identity] = self._let_out(identity)
        if identity not in self._current:
            key = ("constant", event.serial, number)
            dtype, shape = event.specs[identity]
            known = dtype if dtype in DTYPES else None
            self._specs[key] = OpTensor(known, list(shape), False, known is not None)
            self._places[key] = event.place(-1 - number)
            self._current[identity] = key
        return self._current[identity]

    def _let_out(self, identity: int) -> Any:
        inner, made = self._inside[identity]
        key = ("inside", identity)
        dtype = inner.specs[identity][0]
        known = dtype if dtype in DTYPES else None
        self._specs[key] = OpTensor(known, None, known is not None)
        self._places[key] = inner.place(inner.outputs.index(identity))
        made.append(key)
        return key

    def _weight(self, variable: Any, name: str) -> Any:
        key = ("weight", id(variable))
        self._weight_names.setdefault(key, name)
        self._weights[key] = variable
        dtype = str(variable.dtype)
        self._specs[key] = OpTensor(
            dtype if dtype in DTYPES else None, list(variable.shape), False, True
        )
        return key

    def _node(
        self, names: TensorNames, used: set[str], event: Event, taken: list[Any], made: list[Any]
    ) -> OpNode:
        layers = "/".join(event.path)
        wanted = layers if event.layer is not None else "/".join((*event.path, event.op))
        identity = _unique(wanted, used)
        outputs = [
            names.give(key, identity if number == 0 else f"{identity}:{number}")
            for number, key in enumerate(made)
        ]
        return OpNode(
            id=identity,
            op=event.op,
            inputs=[self._name(names, identity, number, key) for number, key in enumerate(taken)],
            outputs=outputs,
            attributes=event.attributes if event.layer is None else _settings(event.layer),
            module=event.path,
            source=self._place(event),
            origins=_origins(event),
        )

    def _name(self, names: TensorNames, node: str, number: int, key: Any) -> str:
        if key in self._weights:
            return names.give(key, self._weight_names[key])
        return names.give(key, f"{node}/input {number}")

    def _place(self, event: Event) -> SourcePlace | None:
        if event.source is not None or event.layer is None:
            return event.source
        return self._written.get(event.layer.name)


def _handle(variable: Any) -> int:
    value = getattr(variable, "value", variable)
    value = value if hasattr(value, "handle") else getattr(variable, "_value", variable)
    return value.handle._id


def _within(variable: Any, event: Event) -> str:
    """`lstm_cell/kernel` of a layer's weight: its path behind the layer's own name."""
    parts = variable.path.split("/")
    name = event.path[-1]
    return "/".join(parts[parts.index(name) + 1 :]) if name in parts[:-1] else variable.name


def _unique(wanted: str, used: set[str]) -> str:
    name, count = wanted, 1
    while name in used:
        count += 1
        name = f"{wanted}#{count}"
    used.add(name)
    return name


def _origins(event: Event) -> list[str]:
    """The layer's path, then its name alone: exporters write one or the other."""
    if event.layer is None:
        return []
    return list(dict.fromkeys(["/".join(event.path), event.path[-1]]))


def _settings(layer: Any) -> dict[str, Any]:
    try:
        told = layer.get_config()
    except Exception:
        # A layer of the user's need not be able to write itself down.
        return {}
    return {key: _setting(value) for key, value in told.items() if key not in UNTOLD}


def _setting(value: Any) -> Any:
    """A function (an activation) by its name."""
    if isinstance(value, dict) and isinstance(value.get("config"), str):
        return value["config"]
    if callable(value) and hasattr(value, "__name__"):
        return re.sub(r"^<lambda>$", "lambda", value.__name__)
    return value


def _open_shapes(trace: Trace, other: Trace | None) -> dict[Any, list[int | None] | None]:
    """Shapes of all outputs and inputs; None for a rank that changes, or where nothing tells."""
    same = other is not None and trace.signature() == other.signature()
    found: dict[Any, list[int | None] | None] = {}
    for position, event in enumerate(trace.events):
        for number, identity in enumerate(event.outputs):
            shape = event.specs[identity][1]
            if not same:
                found[position, number] = None
                continue
            twin = other.events[position]
            found[position, number] = _merged(shape, twin.specs[twin.outputs[number]][1])
    for number, tensor in enumerate(trace.inputs):
        found["input", number] = (
            None
            if other is None
            else _merged(tuple(tensor.shape), tuple(other.inputs[number].shape))
        )
    return found


def _merged(one: tuple[int, ...], two: tuple[int, ...]) -> list[int | None] | None:
    if len(one) != len(two):
        return None
    return [a if a == b else None for a, b in zip(one, two, strict=True)]
