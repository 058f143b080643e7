"""An exported program as an OpGraph."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from onpar_host.graph import Dim, OpGraph, OpNode, OpTensor
from onpar_host.packages import require
from onpar_host.tensor import DTYPES, FLOATS

from ..facts import dtype_name
from ..tensors import named_outputs
from .held import Signature
from .modules import layers_of
from .operands import op_name, operands
from .places import place_of_trace

Place = tuple[str, int | None]
"""A node, and which of its results."""


@dataclass
class FxGraph:
    """The graph, and where each of its tensors comes from."""

    graph: OpGraph
    places: dict[str, Place]
    """Tensor → the fx node that gives it."""
    held: dict[str, str]
    """Constant → the name that `held_tensor` knows it by (the same)."""
    inputs: dict[str, str]
    """Input → its placeholder."""


def graph_of(exported: Any, names: list[str], root: str, wide: bool, form: str) -> FxGraph:
    """`names`: what the user's inputs are called, in call order. `wide`: floats run in float64."""
    return _Builder(exported, names, root, wide).built(form)


@dataclass
class _Builder:
    exported: Any
    names: list[str]
    root: str
    wide: bool
    nodes: list[OpNode] = field(default_factory=list)
    tensors: dict[str, OpTensor] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    tensor_of: dict[str, str] = field(default_factory=dict)
    """fx node → tensor."""

    def built(self, form: str) -> FxGraph:
        signature = Signature.of(self.exported)
        tensors = [name for name in signature.users if name not in signature.fixed]
        called = dict(zip(tensors, self.names, strict=True))
        fx = self.exported.graph_module.graph
        outputs = self._outputs(signature, called)
        renamed: dict[str, str] = {}
        for name, node in outputs.items():
            if node in called or node in signature.held:
                continue
            renamed.setdefault(node, name)
        taken = {*called.values(), *outputs, *signature.held.values()}
        self._name_all(fx, signature, called, renamed, taken)
        for node in fx.nodes:
            self._add(node)
        for name, node in outputs.items():
            self._again(name, node)
        inputs = {called[name]: name for name in tensors}
        used = {name for node in self.nodes for name in (*node.inputs, *node.outputs)}
        held = {target: target for target in signature.held.values() if target in used}
        kept = {n: t for n, t in self.tensors.items() if n in used or n in inputs}
        graph = OpGraph(form, list(inputs), list(outputs), self.nodes, kept)
        places = {name: place for name, place in self.places.items() if name in kept}
        return FxGraph(graph, places, held, inputs)

    def _outputs(self, signature: Signature, called: dict[str, str]) -> dict[str, str]:
        """Output, named as the runtime names it → fx node."""
        pytree = require("torch").utils._pytree
        result = pytree.tree_unflatten(
            [_Named(name) for name in signature.results], self.exported.call_spec.out_spec
        )
        named = named_outputs(result)
        taken = {*called.values(), *signature.held.values()}
        return {
            output_name(n, taken): v.node
            for n, v in named.items()
            if isinstance(v, _Named) and v.node is not None
        }

    def _name_all(
        self,
        fx: Any,
        signature: Signature,
        called: dict[str, str],
        renamed: dict[str, str],
        taken: set[str],
    ) -> None:
        for node in fx.nodes:
            if node.op == "placeholder":
                name = called.get(node.name) or signature.held.get(node.name)
                if name is None:
                    continue
                self.tensor_of[node.name] = name
                self._tell(name, node.meta.get("val"), constant=node.name in signature.held)
                continue
            if not _is_tensor(node.meta.get("val")):
                continue
            name = renamed.get(node.name, node.name)
            while name in taken and node.name not in renamed:
                name = f"{name}_"
            self.tensor_of[node.name] = name
            self.places[name] = (node.name, None)
            self._tell(name, node.meta.get("val"))

    def _tell(self, name: str, value: Any, constant: bool = False) -> None:
        tensor = _op_tensor(value, self.wide, name in self.places, constant)
        self.tensors[name] = tensor

    def _add(self, node: Any) -> None:
        if node.op != "call_function" or _is_item(node):
            return
        outputs = self._results(node)
        if not outputs:
            return
        inputs, attributes = operands(node.target, node.args, node.kwargs, self._named)
        self.nodes.append(
            OpNode(
                id=node.name,
                op=op_name(node.target),
                inputs=inputs,
                outputs=outputs,
                attributes=attributes,
                module=layers_of(node),
                source=place_of_trace(node.stack_trace, self.root),
                origins=[node.name],
            )
        )

    def _results(self, node: Any) -> list[str]:
        """Names of the tensors that a node gives: of several, those that `getitem` nodes have.

        What stands behind the last one used (statistics for training) is left out.
        """
        value = node.meta.get("val")
        if node.name in self.tensor_of:
            return [self.tensor_of[node.name]]
        if not isinstance(value, (tuple, list)):
            return []
        items = {user.args[1]: user.name for user in node.users if _is_item(user)}
        last = max((index for index in items if isinstance(index, int)), default=0)
        found = []
        for index, item in enumerate(value[: last + 1]):
            if not _is_tensor(item):
                continue
            name = self.tensor_of.get(items.get(index, ""))
            if name is None:
                name = f"{node.name}#{index}"
                self.places[name] = (node.name, index)
                self._tell(name, item)
            found.append(name)
        return found

    def _named(self, value: Any) -> str | None:
        return self.tensor_of.get(getattr(value, "name", None)) if _is_node(value) else None

    def _again(self, name: str, node: str) -> None:
        """An output that is an input, a constant, or another output: a node that hands it on."""
        source = self.tensor_of[node]
        if source == name:
            return
        self.tensors[name] = _handed_on(self.tensors[source])
        self.places[name] = (node, None)
        self.nodes.append(OpNode(f"{name} (handed on)", "identity", [source], [name]))


def output_name(name: str, taken: Collection[str]) -> str:
    """What the graph calls an output: as the runtime does, unless an input or a weight has that name."""
    return f"{name} (output)" if name in taken else name


class _Named:
    """Stands for an output where the program's results are put together; of no class that has parts."""

    def __init__(self, node: str | None) -> None:
        self.node = node


def _handed_on(tensor: OpTensor) -> OpTensor:
    return OpTensor(tensor.dtype, tensor.shape, True)


def _op_tensor(value: Any, wide: bool, tappable: bool, constant: bool) -> OpTensor:
    if not _is_tensor(value):
        return OpTensor(None, None, tappable, constant)
    dtype: str | None = dtype_name(value.dtype)
    if wide and dtype in FLOATS:
        dtype = "float64"
    # Complex numbers and the like: no tensor file holds them.
    held = dtype in DTYPES
    shape: list[Dim] = [d if isinstance(d, int) else str(d) for d in value.shape]
    return OpTensor(dtype if held else None, shape, tappable and held, constant)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, require("torch").Tensor)


def _is_node(value: Any) -> bool:
    return isinstance(value, require("torch").fx.Node)


def _is_item(node: Any) -> bool:
    return node.op == "call_function" and getattr(node.target, "__name__", "") == "getitem"
