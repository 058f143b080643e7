"""Whether looking into a model changed what it answers."""

from __future__ import annotations

import numpy as np

from .tensor import FLOATS, Tensor


def outputs_apart(deployed: dict[str, Tensor], tapped: dict[str, Tensor]) -> dict[str, float]:
    """Outputs that are not the same to the bit: largest difference relative to the rms as deployed.

    Infinite where shapes, dtypes, texts or places of NaN differ.
    """
    found: dict[str, float] = {}
    for name, one in deployed.items():
        other = tapped.get(name)
        if other is None or (one.dtype, one.shape) != (other.dtype, other.shape):
            found[name] = float("inf")
        elif one.array.tobytes() != other.array.tobytes() or one.dtype == "string":
            distance = _distance(one, other)
            if distance > 0:
                found[name] = distance
    return found


def _distance(one: Tensor, other: Tensor) -> float:
    if one.dtype == "string":
        return 0.0 if np.array_equal(one.array, other.array) else float("inf")
    a, b = one.to_float64(), other.to_float64()
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if same.all():
        return 0.0
    if one.dtype in FLOATS and not (np.isfinite(a[~same]).all() and np.isfinite(b[~same]).all()):
        return float("inf")
    finite = a[np.isfinite(a)]
    rms = float(np.sqrt(np.mean(finite**2)))
    largest = float(np.abs(a[~same] - b[~same]).max())
    return largest / rms if rms > 0 else float("inf")
