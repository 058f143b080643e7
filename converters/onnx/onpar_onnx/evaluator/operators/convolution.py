"""Conv and ConvTranspose by matrix products over strided views.

onnx's Conv gathers columns by index arrays (ResNet-50 takes several times as long), and its ConvTranspose
is wrong for groups: it cuts the weights along the wrong axis, adds the first group's bias to all groups
and writes one channel a group.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..operator import Operator, implements
from ..rounding import off
from .windows import SAME, place, view


def convolve(
    x: np.ndarray,
    w: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    auto_pad: str | None = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
    **_: Any,
) -> np.ndarray:
    """[N, M, *out] of x [N, C, *spatial] and w [M, C/group, *kernel]; sums of C/group * kernel terms."""
    windows = place(x.shape[2:], w.shape[2:], strides, dilations, pads, auto_pad)

    def plain(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        seen = view(x, windows, 0)
        return _depthwise(seen, w) if w.shape[1] == 1 and group > 1 else _product(seen, w, group)

    y = off(plain(x, w), math.prod(w.shape[1:]), lambda: plain(np.abs(x), np.abs(w)))
    return y if bias is None else y + bias.reshape(1, -1, *[1] * (x.ndim - 2))


def _product(seen: np.ndarray, w: np.ndarray, group: int) -> np.ndarray:
    n = w.ndim - 2
    batch, channels = seen.shape[:2]
    out, kernel = seen.shape[2 : 2 + n], seen.shape[2 + n :]
    weights = w.reshape(group, w.shape[0] // group, -1)
    y = np.empty((batch, group, weights.shape[1], math.prod(out)), dtype=np.result_type(seen, w))
    order = (0, *range(n + 1, 2 * n + 1), *range(1, n + 1))
    for image in range(batch):  # one at a time: columns take kernel times the image's memory
        columns = seen[image].transpose(order)
        columns = columns.reshape(group, channels // group * math.prod(kernel), math.prod(out))
        np.matmul(weights, columns, out=y[image])
    return y.reshape(batch, w.shape[0], *out)


def _depthwise(seen: np.ndarray, w: np.ndarray) -> np.ndarray:
    """One input channel a group: shifted multiply-adds, since products of 1 x k matrices are slow."""
    n = w.ndim - 2
    repeat = w.shape[0] // seen.shape[1]
    y: np.ndarray | None = None
    for place_in_kernel in np.ndindex(*w.shape[2:]):
        plane = seen[(..., *place_in_kernel)]
        if repeat > 1:
            plane = np.repeat(plane, repeat, axis=1)
        part = plane * w[(slice(None), 0, *place_in_kernel)].reshape(1, -1, *[1] * n)
        y = part if y is None else np.add(y, part, out=y)
    assert y is not None
    return y


def convolve_transposed(
    x: np.ndarray,
    w: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    auto_pad: str | None = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    output_padding: Sequence[int] | None = None,
    output_shape: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
    **_: Any,
) -> np.ndarray:
    """[N, M, *out] of x [N, C, *spatial] and w [C, M/group, *kernel].

    Sizes and padding by the formulas of ONNX's ConvTranspose. Up to C/group * kernel terms a sum.
    """
    n = x.ndim - 2
    strides, dilations = strides or [1] * n, dilations or [1] * n
    extra = output_padding or [0] * n
    full = [
        strides[i] * (x.shape[2 + i] - 1) + (w.shape[2 + i] - 1) * dilations[i] + 1
        for i in range(n)
    ]
    pads = list(pads or [0] * 2 * n) if auto_pad not in (*SAME, "VALID") else [0] * 2 * n
    if output_shape or auto_pad in SAME:
        out = list(output_shape or [x.shape[2 + i] * strides[i] for i in range(n)])[-n:]
        for i in range(n):
            surplus = max(0, full[i] + extra[i] - out[i])
            small = surplus // 2
            pads[i] = small if auto_pad == "SAME_UPPER" else surplus - small
            pads[n + i] = surplus - pads[i]
    else:
        out = [full[i] + extra[i] - pads[i] - pads[n + i] for i in range(n)]
    # What the padding cuts off in front, and where output_padding hangs over behind.
    room = [max(full[i], pads[i] + out[i]) for i in range(n)]
    cut = tuple(slice(pads[i], pads[i] + out[i]) for i in range(n))

    def plain(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        batch, per = x.shape[0], w.shape[1]
        grouped = x.reshape(batch, group, -1, math.prod(x.shape[2:]))
        weights = w.reshape(group, x.shape[1] // group, per * math.prod(w.shape[2:]))
        columns = np.matmul(weights.transpose(0, 2, 1), grouped)
        columns = columns.reshape(batch, group * per, *w.shape[2:], *x.shape[2:])
        y = np.zeros((batch, group * per, *room), dtype=x.dtype)
        for at in np.ndindex(*w.shape[2:]):
            there = tuple(
                slice(
                    at[i] * dilations[i],
                    at[i] * dilations[i] + strides[i] * x.shape[2 + i],
                    strides[i],
                )
                for i in range(n)
            )
            target = y[(slice(None), slice(None), *there)]
            target += columns[(slice(None), slice(None), *at)][
                (..., *(slice(0, size) for size in target.shape[2:]))
            ]
        return y[(slice(None), slice(None), *cut)]

    terms = x.shape[1] // group * math.prod(w.shape[2:])
    y = off(plain(x, w), terms, lambda: plain(np.abs(x), np.abs(w)))
    return y if bias is None else y + bias.reshape(1, -1, *[1] * n)


@implements("Conv")
class Conv(Operator):
    """Attributes as ONNX has them; kernel_shape follows from the weights."""

    def _run(self, x: Any, w: Any, bias: Any = None, **attributes: Any) -> tuple[Any, ...]:
        return (convolve(x, w, bias, **attributes),)


@implements("ConvTranspose")
class ConvTranspose(Operator):
    """Attributes as ONNX has them; kernel_shape follows from the weights."""

    def _run(self, x: Any, w: Any, bias: Any = None, **attributes: Any) -> tuple[Any, ...]:
        return (convolve_transposed(x, w, bias, **attributes),)
