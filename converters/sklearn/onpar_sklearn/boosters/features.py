"""The matrix that a booster takes."""

from __future__ import annotations

import numpy as np
from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.model import Model
from onpar_host.tensor import Tensor

from ..columns import MATRIX

SHOWN = 12
"""Feature names that a message lists."""


def matrix_input(features: list[str], dtype: str | None) -> list[TensorSpec]:
    """One input `X`, [rows, features]."""
    return [TensorSpec(MATRIX, dtype, [None, len(features)])]


def matrix(inputs: dict[str, Tensor], features: list[str], widen: bool) -> np.ndarray:
    """[rows, features], a copy; `widen` makes it float64.

    Raises WorkerError `input-mismatch` for more than one input, for text and for another shape.
    """
    tensor = next(iter(inputs.values()))
    wrong = len(inputs) != 1 or tensor.dtype == "string"
    if wrong or tensor.array.ndim != 2 or tensor.shape[1] != len(features):
        given = ", ".join(f"{name} {t.dtype} {list(t.shape)}" for name, t in inputs.items())
        raise WorkerError(
            "input-mismatch",
            f"a booster takes one matrix of numbers with {len(features)} columns "
            f"({shown(features)}); it was given {given}",
            fix=f"declare one input of shape [batch, {len(features)}]",
        )
    return np.array(_numbers(tensor, widen))


def refuse_categories(model: Model, categorical: list[str]) -> None:
    """Raises WorkerError `model-load-failed` when a model splits on categories.

    Its inputs are then codes of a table that is not in the contract, and a sample of other numbers
    would be cut to some code by one side and compared as it is by the other.
    """
    if categorical:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} has categorical features ({shown(categorical)}), and onpar can only "
            "feed numbers to a booster",
            fix="encode them before training (OneHotEncoder, OrdinalEncoder) and give the pipeline "
            "as a joblib or skops file",
        )


def shown(names: list[str]) -> str:
    """The first names of a list, for a message."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _numbers(tensor: Tensor, widen: bool) -> np.ndarray:
    if tensor.dtype in ("float64", "float32") and not widen:
        return tensor.array
    # float16 and bfloat16 are exact in float32; integers up to 2**53 in float64.
    narrow = tensor.dtype in ("float16", "bfloat16") and not widen
    return tensor.to_float64().astype(np.float32 if narrow else np.float64)
