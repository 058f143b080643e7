"""What a module computes, seen while it runs: for code that torch.export refuses, and for TorchScript.

Every operator passes a dispatch mode, below whatever Python or TorchScript decided. Tensors are told
apart by identity. Data decides which operators run, so that another input may give another graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from onpar_host.graph import Dim, OpNode, OpTensor
from onpar_host.packages import require
from onpar_host.tensor import DTYPES, Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import TensorWeakRef, WeakTensorKeyDictionary

from ..facts import dtype_name
from ..tensors import from_torch
from ..variants.operators import writes_to
from ..variants.tensors_of import held_tensors
from .modules import nested
from .operands import op_name, operands, short_name
from .places import place_of_call

SAME_VALUE = ("detach", "alias", "lift_fresh", "lift")
"""Operators whose result is their argument, value for value, under another object."""


class Recorder(TorchDispatchMode):
    """Records nodes and tensors in the order in which they are computed, and keeps values by name."""

    def __init__(self, module: Any, inputs: dict[str, Any], wanted: set[str], root: str) -> None:
        super().__init__()
        self.nodes: list[OpNode] = []
        self.tensors: dict[str, OpTensor] = {}
        self.held: set[str] = set()
        """Names of inputs, weights and constants."""
        self.found: dict[str, Tensor] = {}
        self.missing: dict[str, str] = {}
        self._wanted = wanted
        self._root = root
        self._paths = {id(part): path for path, part in module.named_modules()}
        self._stack: list[str] = []
        self._names: Any = WeakTensorKeyDictionary()
        self._sharing: dict[int, list[Any]] = {}
        self._stale: Any = WeakTensorKeyDictionary()
        self._count: Counter[str] = Counter()
        for held in held_tensors(module):
            if held.tensor not in self._names:
                self._name(held.tensor, held.name, constant=True)
        for name, tensor in inputs.items():
            self._name(tensor, name, constant=True)
            self.tensors[name] = _told(tensor, tappable=False)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        torch = require("torch")
        written = writes_to(func, args, kwargs)
        for leaf in tree_leaves((args, kwargs)):
            if isinstance(leaf, torch.Tensor):
                self._known(leaf)
        inputs, attributes = operands(func, args, kwargs, self._name_of)
        result = func(*args, **kwargs)
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        if short_name(func) in SAME_VALUE and len(made) == 1 and inputs:
            self._bind(made[0], inputs[0])
            return result
        # `out=` operators and those in place give back what they wrote; foreach ones give nothing.
        targets = [t for t in tree_leaves((args, kwargs)) if id(t) in written]
        outputs = made or targets
        if outputs:
            self._node(func, inputs, attributes, outputs)
        for target in targets:
            self._overwritten(target)
        return result

    def _node(self, func: Any, inputs: list[str], attributes: Any, outputs: list[Any]) -> None:
        layer = self._stack[-1] if self._stack else ""
        # A slash, so that no input, weight or output has the name.
        short = f"{layer}/{short_name(func)}"
        count = self._count[short]
        self._count[short] += 1
        name = short if count == 0 else f"{short}_{count}"
        names = [name if i == 0 else f"{name}#{i}" for i in range(len(outputs))]
        source = place_of_call(self._root)
        self.nodes.append(
            OpNode(name, op_name(func), inputs, names, attributes, nested(self._stack), source)
        )
        for tensor, each in zip(outputs, names, strict=True):
            self._name(tensor, each)

    def _known(self, tensor: Any) -> None:
        """A tensor that no operator made comes from outside; one that was written through a view
        is read anew."""
        if tensor not in self._names:
            self._count["tensor"] += 1
            self._name(tensor, f"tensor {self._count['tensor']}", constant=True)
        elif tensor in self._stale:
            cause, old = self._stale.pop(tensor), self._names[tensor]
            self._count["reread"] += 1
            name = f"{old} (written {self._count['reread']})"
            layers = nested(self._stack)
            self.nodes.append(OpNode(name, "reread", [old, cause], [name], {}, layers))
            self._name(tensor, name)

    def _overwritten(self, target: Any) -> None:
        name = self._names.get(target)
        if name is None:
            return
        for reference in self._sharing.get(_memory(target), []):
            other = reference()
            if other is not None and other is not target:
                self._stale[other] = name

    def _name(self, tensor: Any, name: str, constant: bool = False) -> None:
        self._bind(tensor, name)
        if constant:
            self.held.add(name)
        self.tensors[name] = _told(tensor, tappable=not constant, constant=constant)
        if name in self._wanted:
            self.keep(name, tensor)

    def _bind(self, tensor: Any, name: str) -> None:
        if tensor not in self._names:
            self._sharing.setdefault(_memory(tensor), []).append(TensorWeakRef(tensor))
        self._names[tensor] = name
        self._stale.pop(tensor, None)

    def _name_of(self, value: Any) -> str | None:
        return self._names.get(value) if isinstance(value, require("torch").Tensor) else None

    def keep(self, name: str, tensor: Any) -> None:
        """A copy of a value, which code may write into later."""
        try:
            self.found[name] = from_torch(tensor.detach().clone())
        except (TypeError, ValueError, RuntimeError) as error:
            self.missing[name] = str(error)

    def result(self, tensor: Any) -> str | None:
        """The name of a tensor that the module returned; None for what is no tensor."""
        if not isinstance(tensor, require("torch").Tensor):
            return None
        self._known(tensor)
        return self._names[tensor]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around a run of the module: knows in which layer each operator runs."""
        hooks = require("torch").nn.modules.module

        def enter(part: Any, args: Any) -> None:
            if id(part) in self._paths:
                self._stack.append(self._paths[id(part)])

        def leave(part: Any, args: Any, result: Any) -> None:
            if id(part) in self._paths:
                self._stack.pop()

        handles = [
            hooks.register_module_forward_pre_hook(enter),
            # Also where a layer raises and the code that called it goes on.
            hooks.register_module_forward_hook(leave, always_call=True),
        ]
        try:
            with self:
                yield
        finally:
            for handle in handles:
                handle.remove()


def _memory(tensor: Any) -> int:
    try:
        return tensor.untyped_storage()._cdata
    except (RuntimeError, NotImplementedError):
        # Sparse tensors have no memory of this kind: nothing shares it.
        return id(tensor)


def _told(tensor: Any, tappable: bool, constant: bool = False) -> OpTensor:
    dtype: str | None = dtype_name(tensor.dtype)
    held = dtype in DTYPES
    shape: list[Dim] = [int(d) for d in tensor.shape]
    return OpTensor(dtype if held else None, shape, tappable and held, constant)
