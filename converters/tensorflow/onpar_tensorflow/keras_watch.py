"""What a Keras model does while it is called: its layers, and TensorFlow's operators between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from onpar_host.graph import SourcePlace
from onpar_host.packages import require
from onpar_host.source_place import user_place

Place = tuple[int, int, str, tuple[str, ...]]
"""Number of the event, which of its tensors (outputs from 0 on, inputs from −1 down), op and path.

What a layer does inside is numbered from the layer's own number on, and what comes behind it again
from the next: a recurrent layer may take more steps on another sample.
"""


@dataclass
class Event:
    """A call of a layer, or an operator outside of the layers that do something of their own.

    `inputs` and `outputs` are identities of eager tensors (EagerTensor._id is never used again).
    """

    serial: int
    layer: Any
    """The layer or keras operation that was called; None: one of TensorFlow's operators."""
    op: str
    path: tuple[str, ...]
    """Names of the layers around it, outermost first, with its own behind where it is one."""
    inputs: list[int]
    outputs: list[int]
    specs: dict[int, tuple[str, tuple[int, ...]]]
    """dtype and shape of each tensor above."""
    attributes: dict[str, Any] = field(default_factory=dict)
    source: SourcePlace | None = None
    inside: list[Event] = field(default_factory=list)
    """Operators of a layer that is one event: something behind it may use what they made (masks)."""

    def place(self, number: int) -> Place:
        """Of one of its tensors."""
        return self.serial, number, self.op, self.path


@dataclass
class Trace:
    """One call of the model: what it did in order, and its ends."""

    events: list[Event] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    result: Any = None
    kept: dict[Place, Any] = field(default_factory=dict)

    def signature(self) -> list[tuple[str, int]]:
        """What two calls that do the same have in common."""
        return [(event.op, event.serial) for event in self.events]


class Watch:
    """Records the calls of one model (`root`), eager ones only; the last one is `trace`.

    Layers that call no other layers are one event each, whatever they compute inside; so are
    recurrent layers, whose cells are called step by step. Others come apart into their layers and
    TensorFlow's operators between them.
    """

    def __init__(self, root: Any, source_root: str, wanted: frozenset[Place] = frozenset()) -> None:
        keras = require("keras")
        self._root = root
        self._source_root = source_root
        self._wanted = wanted
        self._whole = (keras.layers.RNN, keras.layers.TimeDistributed)
        self._running = False
        self._path: list[str] = []
        self._frames: list[list[Event]] = []
        self._children: list[int] = []
        self._serial = 0
        self.trace: Trace | None = None

    def called(self, operation: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Runs a call of a layer or keras operation and records it."""
        if not require("tensorflow").executing_eagerly():
            return call(operation, *args, **kwargs)
        if operation is self._root and not self._running:
            return self._run(operation, call, args, kwargs)
        if not self._running:
            return call(operation, *args, **kwargs)
        place = user_place(self._source_root)
        start = self._serial
        whole = isinstance(operation, self._whole)
        self._children[-1] += 1
        self._children.append(0)
        self._frames.append([])
        self._path.append(operation.name)
        path = tuple(self._path)
        try:
            self._running = not whole
            result = call(operation, *args, **kwargs)
        finally:
            self._running = True
            self._path.pop()
            inside, children = self._frames.pop(), self._children.pop()
        if children:
            self._frames[-1].extend(inside)
            return result
        given, made = _tensors((args, kwargs)), _tensors(result)
        self._serial = start
        event = self._event(operation, type(operation).__name__, path, given, made, source=place)
        event.inside = inside
        self._frames[-1].append(event)
        return result

    def operator(self, op: Any, inputs: Any, attrs: Any, outputs: Any) -> None:
        """One of TensorFlow's operators, as `op_callbacks` tell of it."""
        if not self._running:
            return
        name = op.decode() if isinstance(op, bytes) else str(op)
        place = user_place(self._source_root)
        event = self._event(None, name, tuple(self._path), inputs, outputs, _plain(attrs), place)
        self._frames[-1].append(event)

    def _run(self, operation: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        self.trace = trace = Trace(inputs=_tensors((args, kwargs)))
        self._frames, self._children, self._running = [[]], [0], True
        self._serial = 0
        try:
            trace.result = call(operation, *args, **kwargs)
        finally:
            self._running = False
        trace.events = self._frames[0]
        return trace.result

    def _event(
        self,
        layer: Any,
        op: str,
        path: tuple[str, ...],
        given: Any,
        made: Any,
        attributes: dict[str, Any] | None = None,
        source: SourcePlace | None = None,
    ) -> Event:
        trace = self.trace
        assert trace is not None
        event = Event(
            self._serial,
            layer,
            op,
            path,
            [tensor._id for tensor in given],
            [tensor._id for tensor in made],
            {t._id: (t.dtype.name, tuple(t.shape)) for t in (*given, *made)},
            attributes or {},
            source,
        )
        self._serial += 1
        numbered = [*enumerate(made), *((-1 - number, each) for number, each in enumerate(given))]
        for number, tensor in numbered:
            if event.place(number) in self._wanted:
                trace.kept[event.place(number)] = tensor
        return event


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Lets the watch see every call of layers, keras operations and operators meanwhile."""
    from keras.src.ops.operation import Operation
    from tensorflow.python.framework import op_callbacks

    layer = require("keras").layers.Layer
    call_layer, call_operation = layer.__call__, Operation.__call__

    def layer_called(self: Any, *args: Any, **kwargs: Any) -> Any:
        return watch.called(self, call_layer, args, kwargs)

    def operation_called(self: Any, *args: Any, **kwargs: Any) -> Any:
        # A layer comes by here a second time, on its way inside.
        if isinstance(self, layer):
            return call_operation(self, *args, **kwargs)
        return watch.called(self, call_operation, args, kwargs)

    def operator_ran(
        op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None
    ) -> None:
        if graph is None:
            watch.operator(op_type, inputs, attrs, outputs)

    layer.__call__, Operation.__call__ = layer_called, operation_called
    op_callbacks.add_op_callback(operator_ran)
    try:
        yield
    finally:
        op_callbacks.remove_op_callback(operator_ran)
        layer.__call__, Operation.__call__ = call_layer, call_operation


@contextmanager
def writing(root: str) -> Iterator[dict[str, SourcePlace | None]]:
    """Layer name → the line of the user's that called it first, while a graph of layers is built.

    None where two layers of one name were called on different lines.
    """
    layer = require("keras").layers.Layer
    call_layer = layer.__call__
    found: dict[str, SourcePlace | None] = {}
    seen: dict[str, int] = {}

    def layer_called(self: Any, *args: Any, **kwargs: Any) -> Any:
        place = user_place(root)
        if place is not None and seen.setdefault(self.name, id(self)) == id(self):
            found.setdefault(self.name, place)
        elif place is not None and found.get(self.name) != place:
            found[self.name] = None
        return call_layer(self, *args, **kwargs)

    layer.__call__ = layer_called
    try:
        yield found
    finally:
        layer.__call__ = call_layer


def _tensors(structure: Any) -> list[Any]:
    """Eager tensors of arguments or results; of text and numbers there is nothing to follow."""
    flat = require("keras").tree.flatten(structure)
    return [value for value in flat if hasattr(value, "_id") and hasattr(value, "numpy")]


def _plain(attrs: Any) -> dict[str, Any]:
    """`('T', 1, 'transpose_a', False)` without the dtypes, which the tensors tell."""
    pairs = zip(attrs[::2], attrs[1::2], strict=True) if attrs else ()
    named = {_text(key): _text(value) for key, value in pairs}
    return {k: v for k, v in named.items() if not k.startswith(("T", "_", "N", "DstT", "SrcT"))}


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return [_text(each) for each in value] if isinstance(value, list | tuple) else value
