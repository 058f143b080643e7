"""Which operator and objective onnxmltools is asked for, so that its link is XGBoost's."""

from __future__ import annotations

from ..boosters.objectives import IDENTITY, LINKS, LOG

CLASSIFIER, REGRESSOR = "XGBClassifier", "XGBRegressor"


def asked_for(objective: str) -> tuple[str, str] | None:
    """(operator, objective) for onnxmltools, or None for an objective that it cannot write.

    Its regressor writes the plain sum of leaves, and exp(sum) · base score for the names that it
    knows as logarithmic, of which `count:poisson` is one. `multi:softmax` is asked for as
    `multi:softprob`: the label is the same, and under the first name the sums would be passed off
    as probabilities.
    """
    if objective == "binary:logistic":
        return CLASSIFIER, objective
    if objective in ("multi:softprob", "multi:softmax"):
        return CLASSIFIER, "multi:softprob"
    link = LINKS.get(objective)
    if link == IDENTITY:
        return REGRESSOR, objective
    if link == LOG:
        return REGRESSOR, "count:poisson"
    return None


WRITABLE = [objective for objective in LINKS if asked_for(objective) is not None]
