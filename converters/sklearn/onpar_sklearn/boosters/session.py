"""A booster that is open, whichever library it is of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onpar_host.contract import Contract, TensorSpec
from onpar_host.generated_names import names_kind
from onpar_host.session import Session
from onpar_host.tensor import Tensor, as_tensor

from ..columns import MATRIX
from .answers import Answers
from .features import matrix, matrix_input

Predict = Callable[[np.ndarray], np.ndarray]
"""[rows, features] to [rows] or [rows, columns]."""


class BoosterSession(Session):
    """Feeds one matrix and names what comes back."""

    def __init__(
        self,
        predict: Predict,
        answers: Answers,
        features: list[str],
        inputs: list[TensorSpec],
        input_dtype: str | None,
        output_dtype: str,
        facts: dict[str, Any],
        widen: bool = False,
    ) -> None:
        """`widen`: inputs reach the booster in float64, for libraries that compare in float64."""
        self._predict: Predict | None = predict
        self._answers = answers
        self._features = features
        self._widen = widen
        own = inputs or matrix_input(features, input_dtype)
        one = len(own) == 1 and own[0].name in (MATRIX, "input")
        outputs = answers.specs(output_dtype)
        super().__init__(Contract(own, outputs, "generated" if one else names_kind(own, [])), facts)

    def prepare(self, inputs: dict[str, Tensor]) -> np.ndarray:
        return matrix(inputs, self._features, self._widen)

    def execute(self, feed: np.ndarray) -> np.ndarray:
        assert self._predict is not None
        return self._predict(feed)

    def collect(self, result: np.ndarray) -> dict[str, Tensor]:
        return {name: as_tensor(value) for name, value in self._answers.named(result).items()}

    def close(self) -> None:
        self._predict = None
