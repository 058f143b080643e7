"""Pools over strided views. onnx's walk every window in Python, and several are wrong.

MaxPool with SAME_LOWER floors the output size; LpPool computes its sum from an average whose count is not
the kernel's (ceil_mode, padding); GlobalLpPool is missing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import sums
from ..operator import Operator, implements
from ..rounding import off
from .windows import Windows, place, view


def _lowest(dtype: np.dtype) -> Any:
    return -np.inf if dtype.kind not in "iu" else np.iinfo(dtype).min


def _windows(x: np.ndarray, attributes: dict[str, Any]) -> Windows:
    return place(
        x.shape[2:],
        attributes["kernel_shape"],
        *(
            attributes.get(name)
            for name in ("strides", "dilations", "pads", "auto_pad", "ceil_mode")
        ),
    )


def max_pool(x: np.ndarray, **attributes: Any) -> np.ndarray:
    """The largest element of each window; padding never wins."""
    windows = _windows(x, attributes)
    n = len(windows.kernel)
    seen = view(x, windows, _lowest(x.dtype))
    y: np.ndarray | None = None
    for at in np.ndindex(*windows.kernel):
        plane = seen[(..., *at)]
        y = plane.copy() if y is None else np.maximum(y, plane, out=y)
    assert y is not None and y.ndim == n + 2
    return y


def window_sums(x: np.ndarray, windows: Windows) -> np.ndarray:
    """The sum of each window; padding counts as zero."""
    seen = view(x, windows, 0)
    y = np.zeros(seen.shape[: x.ndim], dtype=x.dtype)
    for at in np.ndindex(*windows.kernel):
        y += seen[(..., *at)]
    return y


def average_pool(x: np.ndarray, count_include_pad: int = 0, **attributes: Any) -> np.ndarray:
    """The mean of each window: over its elements, or with its declared padding (never what hangs over)."""
    windows = _windows(x, attributes)
    counted = np.ones((1, 1, *x.shape[2:]), dtype=np.float64)
    if count_include_pad:
        around = zip(windows.head, windows.tail, strict=True)
        counted = np.pad(counted, [(0, 0), (0, 0), *around], constant_values=1)
        beyond = tuple(max(0, r - t) for r, t in zip(windows.reach, windows.tail, strict=True))
        free = Windows(*_parts(windows, head=(0,) * len(beyond), reach=beyond))
        counts = window_sums(counted, free)
    else:
        counts = window_sums(counted, windows)
    y = off(
        window_sums(x, windows), math.prod(windows.kernel), lambda: window_sums(np.abs(x), windows)
    )
    return (y / counts).astype(x.dtype)


def _parts(windows: Windows, head: tuple[int, ...], reach: tuple[int, ...]) -> tuple[Any, ...]:
    return (
        windows.kernel,
        windows.strides,
        windows.dilations,
        head,
        windows.tail,
        windows.out,
        reach,
    )


@implements("MaxPool")
class MaxPool(Operator):
    """The second output holds flat indices into the whole input, row- or column-major per plane."""

    def _run(self, x: Any, storage_order: int = 0, **attributes: Any) -> tuple[Any, ...]:
        if self.outputs_wanted < 2:
            return (max_pool(x, **attributes),)
        windows = _windows(x, attributes)
        seen = view(x, windows, _lowest(x.dtype))
        flat = seen.reshape(*seen.shape[: x.ndim], -1)
        best = flat.argmax(axis=-1)
        y = np.take_along_axis(flat, best[..., None], axis=-1)[..., 0]
        inside = np.unravel_index(best, windows.kernel)
        at = []
        for i, offset in enumerate(inside):
            starts = np.arange(windows.out[i]) * windows.strides[i] - windows.head[i]
            shape = [1] * x.ndim
            shape[2 + i] = -1
            at.append(starts.reshape(shape) + offset * windows.dilations[i])
        sizes = x.shape[2:]
        index = np.zeros_like(best)
        for i in range(len(sizes)) if storage_order == 0 else reversed(range(len(sizes))):
            index = index * sizes[i] + at[i]
        planes = np.arange(math.prod(x.shape[:2])).reshape(*x.shape[:2], *[1] * len(sizes))
        return y, (index + planes * math.prod(sizes)).astype(np.int64)


@implements("AveragePool")
class AveragePool(Operator):
    """ONNX's AveragePool."""

    def _run(self, x: Any, count_include_pad: int = 0, **attributes: Any) -> tuple[Any, ...]:
        return (average_pool(x, count_include_pad, **attributes),)


@implements("LpPool")
class LpPool(Operator):
    """(sum(|x|**p))**(1/p) of each window."""

    def _run(self, x: Any, p: int = 2, **attributes: Any) -> tuple[Any, ...]:
        windows = _windows(x, attributes)
        powers = np.abs(x) ** p
        y = off(
            window_sums(powers, windows),
            math.prod(windows.kernel),
            lambda: window_sums(powers, windows),
        )
        return ((y ** (1.0 / p)).astype(x.dtype),)


@implements("GlobalAveragePool")
class GlobalAveragePool(Operator):
    """The mean over all spatial axes."""

    def _run(self, x: Any) -> tuple[Any, ...]:
        return (sums.mean(x, tuple(range(2, x.ndim))),)


@implements("GlobalLpPool")
class GlobalLpPool(Operator):
    """The p-norm over all spatial axes."""

    def _run(self, x: Any, p: int = 2) -> tuple[Any, ...]:
        return ((sums.total(np.abs(x) ** p, tuple(range(2, x.ndim))) ** (1.0 / p)).astype(x.dtype),)
