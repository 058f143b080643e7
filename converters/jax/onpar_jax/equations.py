"""A traced function as an OpGraph, and its evaluation equation by equation."""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onpar_host.graph import OpGraph, OpNode, OpTensor, SourcePlace
from onpar_host.packages import require
from onpar_host.places import is_library
from onpar_host.tensor import DTYPES
from onpar_host.tracebacks import shown_path

INLINED = ("pjit", "jit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "remat")
"""Primitives that only hold equations of their own: functions of jax.numpy and jax.nn, mostly."""

Seen = Callable[[str, Any], None]


@dataclass
class Step:
    """An equation with the names of its operands; `literals`: values that stand in the program."""

    node: OpNode
    equation: Any
    takes: list[str | None]
    literals: list[Any]


@dataclass
class Equations:
    """A program without nested functions; loops and branches stay whole."""

    names: list[str]
    """Of the inputs, then of the constants."""
    root: str
    steps: list[Step] = field(default_factory=list)
    tensors: dict[str, OpTensor] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    _count: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(
        cls,
        program: Any,
        inputs: list[str],
        constants: dict[str, Any],
        outputs: list[str],
        root: str,
    ) -> Equations:
        """`constants`: those of the program, in its order, by name; `outputs`: names, flat."""
        made = cls(inputs, root, constants=constants)
        known: dict[Any, str] = {}
        for variable, name in zip(program.jaxpr.invars, inputs, strict=True):
            known[variable] = made._tell(name, variable, tappable=False)
        for variable, name in zip(program.jaxpr.constvars, constants, strict=True):
            known[variable] = made._tell(name, variable, tappable=False, constant=True)
        made._add(program.jaxpr, known, [], None)
        for name, variable in zip(outputs, program.jaxpr.outvars, strict=True):
            made._hand_on(name, variable, known)
        return made

    def graph(self) -> OpGraph:
        """In the order of evaluation."""
        nodes = [step.node for step in self.steps]
        return OpGraph("jax", self.names, self.outputs, nodes, self.tensors)

    def run(self, inputs: list[Any], seen: Seen) -> list[Any]:
        """The outputs; `seen` is told every tensor. Values are freed after their last use."""
        values: dict[str, Any] = {**dict(zip(self.names, inputs, strict=True)), **self.constants}
        last = {name: i for i, step in enumerate(self.steps) for name in step.takes if name}
        answers: dict[str, Any] = {}
        for place, step in enumerate(self.steps):
            args = [
                literal if name is None else values[name]
                for name, literal in zip(step.takes, step.literals, strict=True)
            ]
            results = args if step.equation is None else _evaluated(step.equation, args)
            for name, value in zip(step.node.outputs, results, strict=True):
                seen(name, value)
                values[name] = value
                if name in self.outputs:
                    answers[name] = value
            for name in step.takes:
                if name is not None and last[name] == place and name not in self.outputs:
                    values.pop(name, None)
        return [answers[name] for name in self.outputs]

    def _add(self, program: Any, known: dict[Any, str], module: list[str], outer: Any) -> None:
        for equation in program.eqns:
            inner = _inner(equation)
            source = outer or _place(equation, self.root)
            if inner is not None:
                below = dict(self._bound(inner, equation, known, module, source))
                name = equation.params.get("name")
                self._add(inner.jaxpr, below, [*module, name] if name else module, source)
                for mine, theirs in zip(equation.outvars, inner.jaxpr.outvars, strict=True):
                    known[mine] = self._named(theirs, below, module, source)
                continue
            layers = [part for part in str(equation.source_info.name_stack).split("/") if part]
            self._step(equation, known, [*layers, *module], source)

    def _bound(
        self, inner: Any, equation: Any, known: dict[Any, str], module: list[str], source: Any
    ) -> list[tuple[Any, str]]:
        """Variables of a nested function and the tensors that they are."""
        bound = [
            (theirs, self._named(mine, known, module, source))
            for theirs, mine in zip(inner.jaxpr.invars, equation.invars, strict=True)
        ]
        for variable, value in zip(inner.jaxpr.constvars, inner.consts, strict=True):
            name = self._fresh("constant")
            self.constants[name] = value
            bound.append((variable, self._tell(name, variable, tappable=False, constant=True)))
        return bound

    def _named(self, atom: Any, known: dict[Any, str], module: list[str], source: Any) -> str:
        """The tensor of a variable; a number that stands in the program becomes a constant."""
        if not hasattr(atom, "val"):
            return known[atom]
        name = self._fresh("literal")
        self.constants[name] = atom.val
        return self._tell(name, atom, tappable=False, constant=True)

    def _step(self, equation: Any, known: dict[Any, str], module: list[str], source: Any) -> None:
        name = self._fresh(equation.primitive.name)
        takes = [None if hasattr(atom, "val") else known[atom] for atom in equation.invars]
        literals = [getattr(atom, "val", None) for atom in equation.invars]
        outputs = []
        for place, variable in enumerate(equation.outvars):
            outputs.append(self._tell(name if place == 0 else f"{name}#{place}", variable))
            known[variable] = outputs[-1]
        told = {f"operand{i}": v for i, v in enumerate(map(_scalar, literals)) if v is not None}
        node = OpNode(
            id=name,
            op=equation.primitive.name,
            inputs=[each for each in takes if each is not None],
            outputs=outputs,
            attributes={**_attributes(equation.params), **told},
            module=module,
            source=source,
            origins=module[-1:],
        )
        self.steps.append(Step(node, equation, takes, literals))

    def _hand_on(self, name: str, atom: Any, known: dict[Any, str]) -> None:
        source = self._named(atom, known, [], None)
        if name in self.tensors:
            name = f"{name} (output)"
        self._tell(name, atom)
        self.outputs.append(name)
        node = OpNode(f"{name} (handed on)", "identity", [source], [name])
        self.steps.append(Step(node, None, [source], [None]))

    def _fresh(self, kind: str) -> str:
        # A slash, so that no input, weight or output has the name.
        count = self._count[kind]
        self._count[kind] += 1
        return f"/{kind}" if count == 0 else f"/{kind}_{count}"

    def _tell(self, name: str, variable: Any, tappable: bool = True, constant: bool = False) -> str:
        aval = variable.aval
        dtype = str(getattr(aval, "dtype", ""))
        held = dtype in DTYPES
        shape = [int(d) for d in aval.shape] if hasattr(aval, "shape") else None
        self.tensors[name] = OpTensor(dtype if held else None, shape, tappable and held, constant)
        return name


def _evaluated(equation: Any, args: list[Any]) -> list[Any]:
    told = equation.primitive.get_bind_params(equation.params)
    # Older JAX gives nested functions apart from the parameters.
    subfunctions, parameters = told if isinstance(told, tuple) else ([], told)
    with equation.ctx.manager:
        results = equation.primitive.bind(*subfunctions, *args, **parameters)
    return list(results) if equation.primitive.multiple_results else [results]


def _inner(equation: Any) -> Any | None:
    if equation.primitive.name not in INLINED:
        return None
    for key in ("jaxpr", "call_jaxpr", "fun_jaxpr"):
        found = equation.params.get(key)
        if hasattr(found, "jaxpr") and len(found.jaxpr.invars) == len(equation.invars):
            return found
    return None


def _place(equation: Any, root: str) -> SourcePlace | None:
    """The innermost frame of the user's own."""
    trace = equation.source_info.traceback
    for frame in getattr(trace, "frames", None) or []:
        if not is_library(frame.file_name):
            text = linecache.getline(frame.file_name, frame.line_num).strip()
            return SourcePlace(shown_path(frame.file_name, root), frame.line_num, text or None)
    return None


def _attributes(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: v for name, v in ((n, _plain(p)) for n, p in parameters.items()) if v != ""}


def _plain(value: Any) -> Any:
    """Numbers, texts and lists of these; "" for what else a primitive is told."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (np.dtype, type)):
        return np.dtype(value).name if not isinstance(value, type) else value.__name__
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return str(value)
    if isinstance(value, (tuple, list)) and all(isinstance(v, (int, float, str)) for v in value):
        return list(value)
    return str(value) if _is_nested(value) else ""


def _is_nested(value: Any) -> bool:
    """Lists of lists of numbers: which axes are contracted, how much is padded."""
    if isinstance(value, (tuple, list)):
        return all(_is_nested(item) for item in value)
    return isinstance(value, int)


def _scalar(value: Any) -> Any:
    return np.asarray(value).item() if value is not None and np.ndim(value) == 0 else None


def named_constants(constants: list[Any], weights: Any, key: Callable[[Any], str]) -> list[str]:
    """Names of a program's constants: of the weights that they are, else counted."""
    jax = require("jax")
    leaves = [
        (".".join(key(part) for part in parts), np.asarray(leaf))
        for parts, leaf in jax.tree_util.tree_flatten_with_path(weights)[0]
    ]
    names: list[str] = []
    for place, constant in enumerate(constants):
        value = np.asarray(constant)
        same = [
            name
            for name, leaf in leaves
            if name not in names and leaf.shape == value.shape and np.array_equal(leaf, value)
        ]
        names.append(same[0] if same else f"/constant {place}")
    return names
