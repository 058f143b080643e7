"""A function run otherwise than deployed: constants moved, in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from onpar_host.errors import WorkerError
from onpar_host.packages import require
from onpar_host.perturbing import generator, is_movable, moved
from onpar_host.variant import Variant

from .loading import NARROW, Function

LAYOUT = frozenset(
    (
        "reshape",
        "transpose",
        "broadcast_in_dim",
        "squeeze",
        "slice",
        "concatenate",
        "copy",
        "copy_p",
    )
)
"""Primitives that move numbers and compute none."""


def as_variant(function: Function, variant: Variant, shown: str) -> Callable[..., Any]:
    """A function of the same inputs that traces anew for them: its constants are the weights.

    Parameters and what the code closes over are both constants of the traced program. Its dtypes
    follow from the inputs, so in float64 (64 bits on) the same code computes in double precision.
    Raises WorkerError `variant-unsupported` where it says float32 itself.
    """
    jax = require("jax")
    trace = as_traced(function, variant, shown)

    def run(*inputs: Any) -> Any:
        program, constants, shape = trace(*inputs)
        flat = jax.tree_util.tree_leaves(inputs)
        answers = jax.core.eval_jaxpr(program.jaxpr, constants, *flat)
        return jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(shape), answers)

    return run


def as_traced(function: Function, variant: Variant | None, shown: str) -> Callable[..., Any]:
    """Gives, for inputs, the traced program, its constants as the variant has them, and the shape of
    what it returns. Raises WorkerError `variant-unsupported`."""
    jax = require("jax")
    wide = variant is not None and variant.float64
    call = function.widened() if wide else function.call

    def trace(*inputs: Any) -> tuple[Any, list[Any], Any]:
        program, shape = jax.make_jaxpr(call, return_shape=True)(*inputs)
        if variant is None:
            return program, list(program.consts), shape
        if wide:
            _refuse_narrow(program.jaxpr, shown)
        constants = [
            _moved(constant, place, variant) for place, constant in enumerate(program.consts)
        ]
        return program, constants, shape

    return trace


def _moved(constant: Any, place: int, variant: Variant) -> Any:
    array = np.asarray(constant)
    asked = variant.perturb
    if asked is not None and is_movable(array):
        # Weights of JAX end with the output channels.
        axis = array.ndim - 1 if array.ndim > 1 else None
        array = moved(array, asked.step, generator(asked.seed, f"constant {place}"), axis)
    return array


def _refuse_narrow(program: Any, shown: str) -> None:
    """Numbers that are made in float32 would be taken for exact ones."""
    for equation in _equations(program):
        name = equation.primitive.name
        for made in equation.outvars:
            kind = str(getattr(made.aval, "dtype", ""))
            # What holds equations of its own is judged by them.
            if kind in NARROW and name not in LAYOUT and not list(_below(equation)):
                raise WorkerError(
                    "variant-unsupported",
                    f"{shown} computes {name} in {kind} whatever its inputs are",
                    fix="take dtypes from the inputs (x.dtype) instead of naming them",
                )


def _equations(program: Any) -> Iterator[Any]:
    for equation in program.eqns:
        yield equation
        for below in _below(equation):
            yield from _equations(below)


def _below(equation: Any) -> Iterator[Any]:
    for value in equation.params.values():
        for inner in value if isinstance(value, (tuple, list)) else (value,):
            program = getattr(inner, "jaxpr", inner)
            if hasattr(program, "eqns"):
                yield program
