"""An XGBoost model whose sums and link are done in float64 (variant `float64`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from onpar_host.errors import WorkerError

from .objectives import IDENTITY, LOG, LOGISTIC, SOFTMAX, link_of
from .session import Predict
from .xgboost_model import XgboostModel


def in_double(model: XgboostModel, leaves_of: Predict) -> Predict:
    """Predicts from the leaves that XGBoost itself chooses (`leaves_of`: [rows, trees]).

    Thresholds are float32 numbers and features are rounded to float32 by definition of the model, so
    which leaf a row falls into has no rounding in it; what has is the sum of the leaves and the link.
    margin[c] = base margin[c] + sum of w[t] · leaf[t] over the trees t of column c
    (src/gbm/gbtree.cc; `weight_drop` are dart's w). Raises WorkerError `variant-unsupported`.
    """
    content = json.loads(bytes(model.booster.save_raw(raw_format="json")))
    learner = content["learner"]
    inner = learner["gradient_booster"]
    trees = inner.get("gbtree", inner)["model"].get("trees")
    link = link_of(model.objective)
    if not trees or link is None or any("size_leaf_vector" in t and _vector(t) for t in trees):
        raise WorkerError(
            "variant-unsupported",
            f"objective {model.objective} with booster {model.kind} is not computed in float64",
        )
    leaves = [np.asarray(tree["split_conditions"], dtype=np.float32) for tree in trees]
    weights = inner.get("weight_drop", [1.0] * len(trees))
    columns = inner.get("gbtree", inner)["model"]["tree_info"]
    width = max(columns) + 1
    base = np.resize(_margin(np.asarray(model.base_scores, dtype=np.float64), link), width)

    def predict(features: np.ndarray) -> np.ndarray:
        chosen = leaves_of(features).reshape(len(features), -1).astype(np.int64)
        total = np.tile(base, (len(features), 1))
        for t, values in enumerate(leaves):
            total[:, columns[t]] += weights[t] * values.astype(np.float64)[chosen[:, t]]
        answer = _LINKS[link](total)
        return answer[:, 0] if width == 1 else answer

    return predict


def _vector(tree: dict[str, Any]) -> bool:
    return int(tree["tree_param"].get("size_leaf_vector", "1")) > 1


def _margin(base: np.ndarray, link: str) -> np.ndarray:
    # ProbToMargin of each objective (src/objective/*.cu): the inverse of its link.
    if link == LOGISTIC:
        return -np.log(1.0 / base - 1.0)
    return np.log(base) if link == LOG else base


def _softmax(margin: np.ndarray) -> np.ndarray:
    scaled = np.exp(margin - margin.max(axis=1, keepdims=True))
    return scaled / scaled.sum(axis=1, keepdims=True)


_LINKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    IDENTITY: lambda margin: margin,
    LOG: np.exp,
    LOGISTIC: lambda margin: 1.0 / (1.0 + np.exp(-margin)),
    SOFTMAX: _softmax,
}
