"""What a booster answers, named as onnxmltools names it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onpar_host.contract import TensorSpec

LABEL, PROBABILITIES, VARIABLE = "label", "probabilities", "variable"


@dataclass(frozen=True)
class Answers:
    """`classes`: how many a classifier tells apart, None for every other objective.

    `width`: columns of what is no class: 1, or one for each target or quantile.
    """

    classes: int | None
    width: int = 1

    def specs(self, dtype: str) -> list[TensorSpec]:
        """The outputs; `dtype` is that of probabilities and values."""
        if self.classes is None:
            return [TensorSpec(VARIABLE, dtype, [None, self.width])]
        numbers: list[str | int | float] = list(range(self.classes))
        label = TensorSpec(LABEL, "int64", [None], argmax_of=PROBABILITIES, classes=numbers)
        return [label, TensorSpec(PROBABILITIES, dtype, [None, self.classes])]

    def named(self, predicted: np.ndarray) -> dict[str, np.ndarray]:
        """What `Booster.predict` gave, [rows] or [rows, columns], as named outputs.

        Two classes: the probability p of class 1 becomes [1 - p, p], and the label is p > 0.5, as
        in XGBClassifier and LGBMClassifier; more: the label is the first of the largest.
        """
        if self.classes is None:
            return {VARIABLE: predicted.reshape(len(predicted), -1)}
        if predicted.ndim == 1:
            predicted = np.column_stack([1 - predicted, predicted])
        return {LABEL: predicted.argmax(axis=1).astype(np.int64), PROBABILITIES: predicted}
