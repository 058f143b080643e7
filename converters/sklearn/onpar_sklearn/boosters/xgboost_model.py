"""A model file of XGBoost: what it was trained for and which of its trees predict."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from onpar_host.errors import WorkerError, failing_as
from onpar_host.model import Model
from onpar_host.packages import require

from .answers import Answers
from .features import refuse_categories


@dataclass(frozen=True)
class XgboostModel:
    """`booster` holds the trees that predict and no others.

    `saved_by`: `classifier`, `regressor` or `ranker` when XGBoost's scikit-learn interface wrote
    the file. Only that interface predicts with the best iteration after early stopping
    (`XGBModel.predict`); a plain Booster predicts with all.
    """

    booster: Any
    objective: str
    base_scores: list[float]
    kind: str
    features: list[str]
    answers: Answers
    saved_by: str | None
    best_iteration: int | None
    rounds_in_file: int
    parallel_trees: int

    @property
    def facts(self) -> dict[str, Any]:
        """What the report shows."""
        facts: dict[str, Any] = {
            "objective": self.objective,
            "booster": self.kind,
            "features": len(self.features),
            "rounds": self.booster.num_boosted_rounds(),
            "trees": tree_count(self),
            "baseScore": self.base_scores,
        }
        if self.booster.feature_names:
            facts["featureNames"] = self.features
        if self.best_iteration is not None:
            facts["bestIteration"] = self.best_iteration
            facts["roundsInFile"] = self.rounds_in_file
        return facts


def load_xgboost(model: Model) -> XgboostModel:
    """Raises WorkerError `model-load-failed` for a file that XGBoost refuses, for an empty model and
    for categorical features."""
    xgboost = require("xgboost")
    fix = "write it with `booster.save_model('model.ubj')`; a dump (dump_model) cannot be loaded"
    with failing_as("model-load-failed", f"{model.shown} does not load", model.root, fix):
        booster = xgboost.Booster(model_file=model.path)
        learner = json.loads(booster.save_config())["learner"]
    categorical = [
        name
        for name, kind in zip(names_of(booster), booster.feature_types or [], strict=False)
        if kind == "c"
    ]
    refuse_categories(model, categorical)
    rounds = booster.num_boosted_rounds()
    saved_by, best = _interface(booster)
    if best is not None and best + 1 < rounds:
        booster = booster[: best + 1]
    settings = learner["learner_model_param"]
    objective = learner["objective"]["name"]
    kind = learner["gradient_booster"]["name"]
    if rounds == 0 and kind != "gblinear":
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} holds no trees",
            fix="train the booster before you save it",
        )
    return XgboostModel(
        booster=booster,
        objective=objective,
        base_scores=_numbers(settings["base_score"]),
        kind=kind,
        features=names_of(booster),
        answers=_answers(objective, settings),
        saved_by=saved_by,
        best_iteration=best,
        rounds_in_file=rounds,
        parallel_trees=_parallel_trees(learner),
    )


def names_of(booster: Any) -> list[str]:
    """Feature names; `f0`, `f1` … (XGBoost's own) where the model has none."""
    return list(booster.feature_names or [f"f{i}" for i in range(booster.num_features())])


def tree_count(model: XgboostModel) -> int:
    """Trees that predict: rounds × parallel trees × classes, targets or quantiles; 0 for gblinear."""
    return 0 if model.kind == "gblinear" else len(model.booster.get_dump())


def _interface(booster: Any) -> tuple[str | None, int | None]:
    # xgboost/sklearn.py, XGBModel.save_model: the attribute `scikit_learn` holds _estimator_type.
    wrote = booster.attr("scikit_learn")
    best = booster.attr("best_iteration")
    if wrote is None:
        return None, None
    return json.loads(wrote).get("_estimator_type"), None if best is None else int(best)


def _answers(objective: str, settings: dict[str, str]) -> Answers:
    if objective == "binary:logistic":
        return Answers(2)
    if objective in ("multi:softprob", "multi:softmax"):
        return Answers(int(settings["num_class"]))
    # Several quantiles or targets: a column each.
    return Answers(None, max(1, int(settings.get("num_target", 1))))


def _numbers(text: str) -> list[float]:
    # Since 3.0 a list in brackets, one for each class or target; before, one number.
    value = json.loads(text)
    return [float(item) for item in value] if isinstance(value, list) else [float(value)]


def _parallel_trees(learner: dict[str, Any]) -> int:
    booster = learner["gradient_booster"]
    settings = booster.get("gbtree", booster).get("gbtree_model_param", {})
    return int(settings.get("num_parallel_tree", 1))
