"""What an estimator was told and what it learnt, as attributes and constants of its node."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..perturb import DESCRIPTIONS


def attributes(estimator: Any) -> dict[str, Any]:
    """Parameters, and learnt numbers (`intercept_`), that JSON holds."""
    told = estimator.get_params(deep=False) if hasattr(estimator, "get_params") else {}
    learnt = {name: value for name, value in _learnt(estimator) if isinstance(value, float)}
    return {name: _plain(value) for name, value in {**told, **learnt}.items()}


def arrays(estimator: Any) -> dict[str, np.ndarray]:
    """Learnt arrays of numbers, by attribute: `mean_`, `coef_`."""
    return {
        name: value
        for name, value in _learnt(estimator)
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub"
    }


def _learnt(estimator: Any) -> list[tuple[str, Any]]:
    found = []
    for name, value in sorted(vars(estimator).items()):
        public = name.endswith("_") and not name.startswith("_")
        # Labels of the data that it was fitted on are no part of what it computes.
        if public and name not in DESCRIPTIONS and name != "labels_":
            plain = float(value) if isinstance(value, np.floating) else value
            found.append((name, plain))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, type):
        return value.__name__
    return value
