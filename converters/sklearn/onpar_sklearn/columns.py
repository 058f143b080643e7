"""What an estimator takes: one matrix, one column an input, or text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.packages import require
from onpar_host.tensor import Tensor

MATRIX = "X"


def steps(estimator: Any) -> Iterator[Any]:
    """The estimator and, depth first, the first steps of pipelines inside it."""
    yield estimator
    named = getattr(estimator, "steps", None)
    if named:
        yield from steps(named[0][1])


def feature_names(estimator: Any) -> list[str] | None:
    """Names of the columns it was fitted with, if they had any."""
    for step in steps(estimator):
        names = getattr(step, "feature_names_in_", None)
        if names is not None:
            return [str(name) for name in names]
    return None


def _feature_count(estimator: Any) -> int | None:
    for step in steps(estimator):
        count = getattr(step, "n_features_in_", None)
        if count is not None:
            return int(count)
    return None


def _takes_text(estimator: Any) -> bool:
    return any(hasattr(step, "build_analyzer") for step in steps(estimator))


def _takes_columns(estimator: Any) -> bool:
    return any(hasattr(step, "transformers_") for step in steps(estimator))


def default_inputs(estimator: Any) -> list[TensorSpec]:
    """One input a column for a ColumnTransformer fitted on named columns, else the matrix `X`."""
    if _takes_text(estimator):
        return [TensorSpec(MATRIX, "string", [None])]
    names = feature_names(estimator)
    if names and _takes_columns(estimator):
        texts = _text_columns(estimator, names)
        return [TensorSpec(name, "string" if name in texts else None, [None, 1]) for name in names]
    return [TensorSpec(MATRIX, None, [None, _feature_count(estimator)])]


def _text_columns(estimator: Any, names: list[str]) -> set[str]:
    """Columns whose encoder learnt text categories, and those that go into a text vectoriser."""
    found: set[str] = set()
    for step in steps(estimator):
        for _, transformer, chosen in getattr(step, "transformers_", []):
            columns = [chosen] if isinstance(chosen, (str, int)) else list(chosen)
            named = [
                c if isinstance(c, str) else names[c] for c in columns if not isinstance(c, bool)
            ]
            if _takes_text(transformer):
                found.update(named)
            for part in steps(transformer):
                categories = getattr(part, "categories_", [])
                texts = [np.asarray(c).dtype.kind in "OUST" for c in categories]
                found.update(name for name, text in zip(named, texts, strict=False) if text)
    return found


def assemble(inputs: dict[str, Tensor], estimator: Any) -> Any:
    """What `predict` is called with: the matrix, a list of texts, or a data frame.

    Raises WorkerError `input-mismatch` when the inputs are not the columns, `package-missing` when
    columns are chosen by name and there is no pandas.
    """
    # Copies: an estimator with copy=False may write into what it is given.
    arrays = {name: np.array(tensor.array) for name, tensor in inputs.items()}
    if len(arrays) == 1 and _takes_text(estimator):
        return next(iter(arrays.values())).ravel()
    names = feature_names(estimator)
    if names is None:
        return _matrix(arrays)
    columns = _columns(arrays, names)
    try:
        pandas = require("pandas")
    except WorkerError:
        if _takes_columns(estimator):
            raise
        return _matrix(arrays)
    return pandas.DataFrame({name: columns[name] for name in names})


def _as_columns(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, 1) if array.ndim < 2 else array


def _matrix(arrays: dict[str, np.ndarray]) -> np.ndarray:
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    parts = [_as_columns(array) for array in arrays.values()]
    mixed = any(part.dtype == object for part in parts)
    return np.concatenate([part.astype(object) if mixed else part for part in parts], axis=1)


def _columns(arrays: dict[str, np.ndarray], names: list[str]) -> dict[str, np.ndarray]:
    if set(arrays) == set(names):
        return {name: array.reshape(-1) for name, array in arrays.items()}
    parts = [column for array in arrays.values() for column in _as_columns(array).T]
    if len(parts) != len(names):
        raise WorkerError(
            "input-mismatch",
            f"the inputs have {len(parts)} columns; the estimator was fitted on {len(names)}: "
            f"{', '.join(names)}",
            fix="declare one input for each column, or one matrix with all of them",
        )
    return dict(zip(names, parts, strict=True))
