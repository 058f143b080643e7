"""A model file of LightGBM: what it was trained for, read from the file and from its header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from onpar_host.errors import WorkerError, failing_as
from onpar_host.model import Model
from onpar_host.packages import require

from .answers import Answers
from .features import refuse_categories

CATEGORICAL_BIT, ZERO_IS_MISSING = 1, 1
"""decision_type of a node (include/LightGBM/tree.h): bit 0 categorical, bits 2-3 the missing type
(0 none, 1 zero, 2 NaN)."""


@dataclass(frozen=True)
class LightgbmModel:
    """`objective` with its parameters as LightGBM writes it (`binary sigmoid:1`), None for a custom one."""

    booster: Any
    text: str
    objective: str | None
    features: list[str]
    answers: Answers
    averages: bool
    linear_leaves: bool
    zero_is_missing: bool

    @property
    def facts(self) -> dict[str, Any]:
        """What the report shows."""
        facts: dict[str, Any] = {
            "objective": self.objective or "custom",
            "features": len(self.features),
            "rounds": self.booster.current_iteration(),
            "trees": self.booster.num_trees(),
        }
        if any(not re.fullmatch(r"Column_\d+", name) for name in self.features):
            facts["featureNames"] = self.features
        return facts


def load_lightgbm(model: Model) -> LightgbmModel:
    """Raises WorkerError `model-load-failed` for a file that LightGBM refuses, for an empty model and
    for categorical features."""
    lightgbm = require("lightgbm")
    fix = "write it with `booster.save_model('model.txt')`; dump_model's JSON cannot be loaded"
    with failing_as("model-load-failed", f"{model.shown} does not load", model.root, fix):
        with open(model.path, encoding="utf-8") as file:
            text = file.read()
        _require_whole(text, model)
        booster = lightgbm.Booster(model_str=text)
        header = booster.dump_model(num_iteration=1)
    if booster.num_trees() == 0:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} holds no trees",
            fix="train the booster before you save it",
        )
    features = list(header["feature_names"])
    decisions = list(_decisions(text))
    used = {feature for feature, kind in decisions if kind & CATEGORICAL_BIT}
    refuse_categories(model, [features[i] for i in sorted(used)])
    objective = header.get("objective")
    return LightgbmModel(
        booster=booster,
        text=text,
        objective=objective,
        features=features,
        answers=_answers(objective, int(header["num_class"])),
        averages=bool(header.get("average_output")),
        linear_leaves=re.search(r"^is_linear=1", text, re.M) is not None,
        zero_is_missing=any(kind >> 2 & 3 == ZERO_IS_MISSING for _, kind in decisions),
    )


def _require_whole(text: str, model: Model) -> None:
    # LightGBM 4 closes the list of trees with a line of its own; it aborts the process without it.
    if text.startswith("tree\nversion=v4") and "\nend of trees" not in text:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} is cut off: the line `end of trees` is missing",
            fix="copy or download the file again",
        )


def _answers(objective: str | None, classes: int) -> Answers:
    name = (objective or "").partition(" ")[0]
    if name == "binary":
        return Answers(2)
    if name in ("multiclass", "multiclassova"):
        return Answers(classes)
    return Answers(None, classes)


def _decisions(text: str) -> Any:
    """(feature, decision_type) of every inner node."""
    features: list[int] = []
    for key, values in re.findall(r"^(split_feature|decision_type)=([\d ]*)", text, re.M):
        if key == "split_feature":
            features = [int(value) for value in values.split()]
        else:
            yield from zip(features, (int(value) for value in values.split()), strict=True)
