"""The graph of a function, and the values between its equations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onpar_host.errors import describe_exception
from onpar_host.graph import OpGraph
from onpar_host.packages import require
from onpar_host.tensor import DtypeError, Tensor, as_tensor

from .equations import Equations, named_constants
from .loading import Function, key_of
from .outputs import named, tensors

APART = {"float64": 1e-9, "float32": 1e-3}
"""Largest difference of the equations' answer, relative to rms: compiled code sums in another order."""

Traced = tuple[Any, list[Any], Any]
"""A program, its constants as a variant left them, and the shape of what it returns."""


class Tapping:
    """Traces the function for the sizes of each sample, as jit does."""

    def __init__(
        self, function: Function, weights: Any, trace: Callable[..., Traced], root: str
    ) -> None:
        """`trace`: of the inputs; `weights`: as the trace closes over them, before a variant moved them."""
        self._function = function
        self._weights = weights
        self._trace = trace
        self._root = root

    def graph(self, feed: list[Any], names: list[str]) -> OpGraph:
        """Of the function for inputs of these sizes."""
        return self._equations(feed, names)[0].graph()

    def run(
        self, feed: list[Any], names: list[str], asked: list[str], result: Any
    ) -> tuple[dict[str, Tensor], dict[str, str]]:
        """Values by name, and those that could not be had; `result`: what the function answered."""
        found: dict[str, Tensor] = {}
        missing: dict[str, str] = {}

        def seen(name: str, value: Any) -> None:
            if name in asked:
                try:
                    found[name] = as_tensor(np.asarray(value))
                except (DtypeError, TypeError, ValueError) as error:
                    missing[name] = str(error)

        try:
            equations, shape = self._equations(feed, names)
            answers = equations.run(feed, seen)
        except Exception as error:
            return {}, dict.fromkeys(asked, describe_exception(error, self._root))
        tree = require("jax").tree_util
        again = tree.tree_unflatten(tree.tree_structure(shape), answers)
        wrong = _apart(tensors(again), tensors(result))
        if wrong is not None:
            reason = f"the equations answer otherwise than the function: {wrong}"
            return {}, dict.fromkeys(asked, reason)
        for name, value in equations.constants.items():
            seen(name, value)
        for name in asked:
            if name not in found:
                missing.setdefault(name, "the program has no tensor of this name")
        return found, missing

    def _equations(self, feed: list[Any], names: list[str]) -> tuple[Equations, Any]:
        program, constants, shape = self._trace(*feed)
        held = named_constants(program.consts, self._weights, key_of)
        tree = require("jax").tree_util
        # Outputs flat, in the order of the program, under the names that the runtime gives them.
        places = tree.tree_unflatten(
            tree.tree_structure(shape), list(range(len(tree.tree_leaves(shape))))
        )
        outputs = {place: name for name, place in named(places).items()}
        flat = [outputs[place] for place in sorted(outputs)]
        made = dict(zip(held, constants, strict=True))
        return Equations.of(program, names, made, flat, self._root), shape


def _apart(mine: dict[str, Tensor], other: dict[str, Tensor]) -> str | None:
    for name, tensor in mine.items():
        allowed = APART.get(tensor.dtype, 5e-2)
        a, b = tensor.array, other[name].array
        if a.dtype.kind != "f":
            if a.shape != b.shape or np.mean(a != b) > 0.01:
                return f"output {name}"
            continue
        finite = b[np.isfinite(b)]
        rms = float(np.sqrt(np.mean(finite.astype(np.float64) ** 2))) if finite.size else 0.0
        if a.shape != b.shape or not np.allclose(a, b, 0, allowed * rms, equal_nan=True):
            return f"output {name}"
    return None
