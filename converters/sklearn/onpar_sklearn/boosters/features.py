"""The matrix that a booster takes: given whole, or one input a feature."""

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
    """[rows, features]; `widen` makes it float64. Columns named like the features go in their order.

    Raises WorkerError `input-mismatch` for text and for another number of columns.
    """
    for name, tensor in inputs.items():
        if tensor.dtype == "string":
            raise WorkerError(
                "input-mismatch",
                f"input {name} holds text; a booster takes numbers",
                fix="encode the column as it was encoded for training",
            )
    names = features if set(inputs) == set(features) else list(inputs)
    parts = [_columns(_numbers(inputs[name], widen)) for name in names]
    # One copy: a booster keeps no reference, but the samples' views are read-only.
    joined = np.concatenate(parts, axis=1)
    if joined.shape[1] != len(features):
        raise WorkerError(
            "input-mismatch",
            f"the inputs have {joined.shape[1]} columns; the model was trained on "
            f"{len(features)}: {shown(features)}",
            fix="declare one matrix with all features in their order, or one input for each feature",
        )
    return joined


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


def _columns(array: np.ndarray) -> np.ndarray:
    return array.reshape(len(array), -1) if array.ndim > 1 else array.reshape(-1, 1)
