"""How XGBoost's objectives turn the sum of leaves into what is predicted."""

from __future__ import annotations

IDENTITY, LOG, LOGISTIC, SOFTMAX = "identity", "log", "logistic", "softmax"

LINKS = {
    "reg:squarederror": IDENTITY,
    "reg:absoluteerror": IDENTITY,
    "reg:pseudohubererror": IDENTITY,
    "reg:squaredlogerror": IDENTITY,
    "reg:quantileerror": IDENTITY,
    "binary:logitraw": IDENTITY,
    "rank:ndcg": IDENTITY,
    "rank:pairwise": IDENTITY,
    "rank:map": IDENTITY,
    "count:poisson": LOG,
    "reg:gamma": LOG,
    "reg:tweedie": LOG,
    "survival:cox": LOG,
    "survival:aft": LOG,
    "binary:logistic": LOGISTIC,
    "reg:logistic": LOGISTIC,
    "multi:softprob": SOFTMAX,
    "multi:softmax": SOFTMAX,
}
"""PredTransform of each objective in src/objective/ of XGBoost 3.2."""


def link_of(objective: str) -> str | None:
    """The inverse link function, or None for an objective that is not known here."""
    return LINKS.get(objective)
