"""Runs an exported program node by node and keeps the values that are asked for."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from onpar_host.packages import require
from onpar_host.tensor import Tensor

from ..tensors import from_torch
from .fx_graph import FxGraph
from .held import Signature, held_tensor


class Program:
    """A decomposed exported program: its graph, and what it needs to run with a module's weights."""

    def __init__(self, exported: Any, made: FxGraph) -> None:
        self.made = made
        self._module = exported.graph_module
        self._signature = Signature.of(exported)
        self._constants = dict(exported.constants)
        self._spec = exported.call_spec.in_spec
        self._out_spec = exported.call_spec.out_spec
        self._shapes = {
            node.name: getattr(node.meta.get("val"), "shape", None)
            for node in self._module.graph.nodes
            if node.op == "placeholder"
        }

    def fits(self, flat: list[Any]) -> bool:
        """Whether the program was exported for inputs of these sizes."""
        for name, value in zip(self._signature.users, flat, strict=True):
            expected = self._shapes[name]
            if expected is None or not hasattr(value, "shape"):
                continue
            if len(expected) != len(value.shape):
                return False
            pairs = zip(expected, value.shape, strict=True)
            if any(isinstance(e, int) and e != v for e, v in pairs):
                return False
        return True

    def flat(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Arguments as the program takes them."""
        return flat_arguments(self._spec, args, kwargs)

    def run(
        self, module: Any, flat: list[Any], names: list[str]
    ) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        """What the program returns, the tensors by name, and those that could not be had."""
        wanted: dict[str, list[tuple[str, int | None]]] = defaultdict(list)
        for name in names:
            if name in self.made.places:
                node, index = self.made.places[name]
                wanted[node].append((name, index))
            elif name in self.made.inputs:
                wanted[self.made.inputs[name]].append((name, None))
        keeper = _keeper(self._module, wanted)
        returned = keeper.run(*self._arguments(module, flat))
        for name in names:
            if name in self.made.held:
                value = held_tensor(module, self.made.held[name], self._constants)
                keeper.keep(name, value)
            elif name not in keeper.found and name not in keeper.missing:
                keeper.missing[name] = "the program has no tensor of this name"
        return self._result(returned), keeper.found, keeper.missing

    def _arguments(self, module: Any, flat: list[Any]) -> list[Any]:
        given = dict(zip(self._signature.users, flat, strict=True))
        return [
            given[node.name]
            if node.name in given
            else held_tensor(module, self._signature.held[node.name], self._constants)
            for node in self._module.graph.nodes
            if node.op == "placeholder"
        ]

    def _result(self, returned: Any) -> Any:
        pytree = require("torch").utils._pytree
        flat = [returned[place] for place in self._signature.places]
        return pytree.tree_unflatten(flat, self._out_spec)


def flat_arguments(spec: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Leaves of a call's arguments in the order of a program (`call_spec.in_spec`)."""
    # `children_specs` is deprecated where there is `child`.
    keywords = spec.child(1) if hasattr(spec, "child") else spec.children_specs[1]
    order = keywords.context or []
    ordered = {k: kwargs[k] for k in order} if set(order) == set(kwargs) else kwargs
    return require("torch").utils._pytree.tree_flatten((args, ordered))[0]


def _keeper(module: Any, wanted: dict[str, list[tuple[str, int | None]]]) -> Any:
    torch = require("torch")
    view = torch.ops.aten.view.default

    class Keeper(torch.fx.Interpreter):
        """Frees every value after its last use; what is kept is a copy of its own."""

        def __init__(self) -> None:
            super().__init__(module, garbage_collect_values=True)
            self.found: dict[str, Tensor] = {}
            self.missing: dict[str, str] = {}

        def run_node(self, n: Any) -> Any:
            value = super().run_node(n)
            for name, index in wanted.get(n.name, ()):
                self.keep(name, value if index is None else value[index])
            return value

        def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
            # Kernels of another precision lay results out otherwise, so that a view may not fit any
            # more. Nothing is written into views here, and a copy serves.
            target = torch.ops.aten.reshape.default if target is view else target
            return super().call_function(target, args, kwargs)

        def keep(self, name: str, value: Any) -> None:
            try:
                self.found[name] = from_torch(value.detach().clone())
            except (TypeError, ValueError) as error:
                self.missing[name] = str(error)

    return Keeper()
