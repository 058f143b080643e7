"""Whether an exported program answers what the module itself answers."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_host.tensor import FLOATS, Tensor

from ..tensors import collect_outputs

ALLOWED = {"float64": 1e-9, "float32": 1e-3, "float16": 5e-2, "bfloat16": 5e-2}
"""Largest difference, relative to rms: this asks whether it is the same function, not how well either is
computed. Decomposed operators round otherwise, by a few units of the last place a layer; a branch that
was recorded the other way is off by the order of the values themselves."""

ALLOWED_SHARE = 0.01
"""Of integers: classes and indices jump where floats before them round otherwise."""


def deviation(program: Any, module: Any, wide: bool) -> tuple[float, str | None]:
    """The largest difference of float outputs relative to rms, and what forbids to take one for the
    other (None: nothing)."""
    ours, theirs = collect_outputs(program), collect_outputs(module)
    if list(ours) != list(theirs):
        return float("inf"), f"it gives {', '.join(ours)}, the module {', '.join(theirs)}"
    worst = 0.0
    for name, mine in ours.items():
        other = theirs[name]
        if mine.shape != other.shape or mine.dtype != other.dtype:
            return float("inf"), f"output {name} is {_shown(mine)}, the module's is {_shown(other)}"
        off, allowed = _apart(mine, other, wide)
        if off > allowed:
            return off, f"output {name} is off by {off:.1e} of its rms"
        worst = max(worst, off if mine.dtype in FLOATS else 0.0)
    return worst, None


def _apart(mine: Tensor, other: Tensor, wide: bool) -> tuple[float, float]:
    if mine.array.size == 0:
        return 0.0, 0.0
    if mine.dtype not in FLOATS:
        return float(np.mean(mine.array != other.array)), ALLOWED_SHARE
    a, b = mine.to_float64(), other.to_float64()
    finite = np.isfinite(b)
    if (
        not np.array_equal(a[~finite], b[~finite], equal_nan=True)
        or not np.isfinite(a[finite]).all()
    ):
        return float("inf"), 0.0
    if not finite.any():
        return 0.0, 0.0
    rms = float(np.sqrt(np.mean(b[finite] ** 2))) or 1.0
    allowed = ALLOWED["float64" if wide else mine.dtype]
    return float(np.max(np.abs(a[finite] - b[finite]))) / rms, allowed


def _shown(tensor: Tensor) -> str:
    return f"{tensor.dtype} {list(tensor.shape)}"
