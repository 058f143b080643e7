"""A JAX function from what the request names, its parameters bound."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from onpar_host.errors import WorkerError
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.safetensors import SafetensorsError, read_tensors
from onpar_host.tracebacks import shown_path
from onpar_host.user_code import build_model

NARROW = ("float32", "float16", "bfloat16")

WANTED = "a function of arrays, or a pair (function, parameters)"


@dataclass(frozen=True)
class Function:
    """`apply` takes the inputs by position, behind the weights where there are some."""

    apply: Callable[..., Any]
    parameters: list[str]
    """Names of what the caller gives, in order."""
    weights: Any
    """The parameters, nested as the function takes them; None where it holds them itself."""
    source: ModuleType

    @property
    def call(self) -> Callable[..., Any]:
        """Of the inputs alone."""
        return self._with(self.weights)

    def widened(self) -> Callable[..., Any]:
        """The same with float weights in double precision."""
        return self._with(self.wide_weights())

    def wide_weights(self) -> Any:
        """Float weights in double precision."""
        return require("jax").tree_util.tree_map(_wide, self.weights)

    def _with(self, weights: Any) -> Callable[..., Any]:
        if self.weights is None:
            return self.apply
        return lambda *inputs: self.apply(weights, *inputs)


def load_function(model: Model) -> Function:
    """`fn(x, …)` itself, or what `build()` returns: a function, a callable module, a pair with parameters.

    A safetensors file of the suite replaces the parameters: names are the path to the leaf, joined
    by dots. Raises WorkerError with the codes of loading, `weights-mismatch` naming every leaf.
    """
    require("jax")
    made, source = build_model(model, _is_function, WANTED)
    function, weights = made if isinstance(made, tuple) else (made, None)
    names = _names(function)
    if not isinstance(made, tuple):
        if model.weights is not None:
            raise WorkerError(
                "weights-mismatch",
                f"{model.shown} gives a function without parameters, so weights have no place",
                fix="return a pair (function, parameters), the function taking the parameters first",
            )
        return Function(function, names, None, source)
    if model.weights is not None:
        weights = _replaced(weights, model)
    return Function(function, names[1:], weights, source)


def _wide(leaf: Any) -> Any:
    array = np.asarray(leaf)
    return array.astype(np.float64) if array.dtype.name in NARROW else array


def _is_function(value: Any) -> bool:
    if isinstance(value, tuple):
        return len(value) == 2 and callable(value[0])
    return callable(value) and not inspect.isclass(value) and bool(_needed(value))


def _names(function: Any) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in kinds]


def _needed(function: Any) -> list[str]:
    """Parameters without a default: what needs some is a model, what needs none builds one."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        p.name
        for p in parameters
        if p.kind is inspect.Parameter.VAR_POSITIONAL
        or (p.default is p.empty and p.kind not in variadic)
    ]


def _replaced(weights: Any, model: Model) -> Any:
    jax = require("jax")
    path = str(model.weights)
    shown = shown_path(path, model.root)
    try:
        stored = read_tensors(path)
    except (SafetensorsError, OSError) as error:
        raise WorkerError(
            "weights-mismatch", f"{shown}: {error}", fix="give a safetensors file"
        ) from error
    leaves, tree = jax.tree_util.tree_flatten_with_path(weights)
    named = {".".join(key_of(part) for part in parts): leaf for parts, leaf in leaves}
    wrong = [f"{name} is missing" for name in named if name not in stored]
    wrong += [f"{name} is not in the model" for name in stored if name not in named]
    wrong += [
        f"{name} is {list(stored[name].shape)} in the file, {list(leaf.shape)} in the model"
        for name, leaf in named.items()
        if name in stored and tuple(stored[name].shape) != tuple(leaf.shape)
    ]
    if wrong:
        raise WorkerError(
            "weights-mismatch",
            f"{shown} does not fit {model.shown}: {'; '.join(wrong[:6])}",
            fix="names are the path to the parameter, joined by dots: layers.0.kernel",
        )
    return jax.tree_util.tree_unflatten(tree, [stored[name].array for name in named])


def key_of(part: Any) -> str:
    """One step of the path to a parameter, as files of weights call it."""
    for attribute in ("key", "idx", "name"):
        if hasattr(part, attribute):
            return str(getattr(part, attribute))
    return str(part)
