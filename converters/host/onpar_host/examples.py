"""Example inputs that the model's own file offers."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from .errors import WorkerError
from .model import Model
from .tensor import DtypeError, Tensor, as_tensor
from .tracebacks import shown_path
from .user_code import call_model_code

FUNCTION = "example_inputs"


def own_example_inputs(
    module: ModuleType, model: Model, names: list[str], convert: Any = as_tensor
) -> dict[str, Tensor] | None:
    """Calls `example_inputs()` of the file: a dict, a tuple, or one tensor. None without one.

    Tuples take the parameter names of the model in order, then `input_<i>`. `convert` turns a
    framework's tensor into a Tensor. Raises WorkerError `model-code-failed`.
    """
    function = getattr(module, FUNCTION, None)
    if not callable(function):
        return None
    made = call_model_code(function, model, f"{FUNCTION}()")
    if isinstance(made, dict):
        named = {str(key): value for key, value in made.items()}
    else:
        values = list(made) if isinstance(made, (tuple, list)) else [made]
        named = {_name(names, i): value for i, value in enumerate(values)}
    try:
        return {name: _convert(value, convert) for name, value in named.items()}
    except (DtypeError, TypeError, ValueError) as error:
        raise WorkerError(
            "model-code-failed",
            f"{shown_path(model.path, model.root)}: {FUNCTION}() returned no tensors: {error}",
            fix="return a dict of names to arrays or tensors",
        ) from error


def _name(names: list[str], index: int) -> str:
    return names[index] if index < len(names) else f"input_{index}"


def _convert(value: Any, convert: Any) -> Tensor:
    # Python numbers take the dtypes that model code means by them, not numpy's float64.
    if isinstance(value, float):
        return as_tensor(np.float32(value))
    return convert(value)
