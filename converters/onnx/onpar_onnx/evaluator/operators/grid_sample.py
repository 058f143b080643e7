"""GridSample.

onnx's own is a loop over points in Python, computes its cubic weights in float32, does not know the
names of opset 16 (bilinear, bicubic), and clamps a cubic's centre to the border where the text (and
ONNX Runtime) use border values for the neighbours that lie outside.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..operator import Operator, implements
from ..rounding import off

CUBIC = -0.75
"""The constant that PyTorch and ONNX Runtime use in Keys' kernel."""


@implements("GridSample")
class GridSample(Operator):
    """x [N, C, *sizes] at grid [N, *out, dims], whose last axis names the innermost size first."""

    def _run(
        self,
        x: Any,
        grid: Any,
        mode: str = "linear",
        padding_mode: str = "zeros",
        align_corners: int = 0,
    ) -> tuple[Any, ...]:
        sizes = x.shape[2:]
        axes = []
        for axis, size in enumerate(sizes):
            g = grid[..., len(sizes) - 1 - axis].astype(np.float64)
            at = (g + 1) / 2 * (size - 1) if align_corners else ((g + 1) * size - 1) / 2
            axes.append(
                [_inside(i, w, size, padding_mode, align_corners) for i, w in _neighbours(at, mode)]
            )
        rows = np.arange(x.shape[0]).reshape(-1, *[1] * (grid.ndim - 2))

        def weighted(x: np.ndarray, sign: bool) -> np.ndarray:
            total = np.zeros((*grid.shape[:-1], x.shape[1]), np.float64)
            for corner in itertools.product(*axes):
                weight = np.prod([w for _, w in corner], axis=0)
                values = x[(rows, slice(None), *(i for i, _ in corner))]
                total += values * (np.abs(weight) if sign else weight)[..., None]
            return np.moveaxis(total, -1, 1)

        terms = len(axes[0]) ** len(axes)
        y = off(weighted(x, False), terms, lambda: weighted(np.abs(x), True))
        return (y.astype(x.dtype),)


def _neighbours(at: np.ndarray, mode: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Indices and weights of what a coordinate is interpolated from, along one axis."""
    if mode == "nearest":
        return [(np.rint(at).astype(np.int64), np.ones_like(at))]
    low = np.floor(at)
    t = at - low
    first = low.astype(np.int64)
    if mode in ("linear", "bilinear"):
        return [(first, 1 - t), (first + 1, t)]
    return [(first + k, _keys(np.abs(t - k))) for k in range(-1, 3)]


def _keys(d: np.ndarray) -> np.ndarray:
    """Keys, Cubic convolution interpolation (1981), with a = CUBIC."""
    near = ((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1
    return np.where(d <= 1, near, ((CUBIC * d - 5 * CUBIC) * d + 8 * CUBIC) * d - 4 * CUBIC)


def _inside(
    index: np.ndarray, weight: np.ndarray, size: int, padding: str, aligned: int
) -> tuple[np.ndarray, np.ndarray]:
    if padding == "zeros":
        weight = np.where((index >= 0) & (index < size), weight, 0)
    elif padding == "reflection":
        # About the outermost centres when corners are aligned, else about the outermost edges.
        period = max(2 * (size - 1), 1) if aligned else 2 * size
        folded = np.mod(index, period)
        index = np.where(folded < size, folded, period - folded - (0 if aligned else 1))
    return np.clip(index, 0, size - 1), weight
