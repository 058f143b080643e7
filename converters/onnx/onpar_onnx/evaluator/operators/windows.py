"""Sliding windows over spatial axes: padding, output sizes, strided views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SAME = ("SAME_UPPER", "SAME_LOWER")


@dataclass(frozen=True)
class Windows:
    """Where windows stand over spatial axes; every field has one entry an axis.

    `head`, `tail`: padding; `tail` is as declared. `out`: number of windows. `reach`: padding behind
    that the last window needs (ceil_mode lets it hang over the declared padding).
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    head: tuple[int, ...]
    tail: tuple[int, ...]
    out: tuple[int, ...]
    reach: tuple[int, ...]

    @property
    def padded(self) -> bool:
        """Whether any window reaches beyond the tensor."""
        return any((*self.head, *self.reach))


def place(
    sizes: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
    pads: Sequence[int] | None,
    auto_pad: str | None,
    ceil_mode: int | None = 0,
) -> Windows:
    """ONNX's output size formulas (operators Conv, MaxPool, AveragePool; same text in each).

    With ceil_mode a last window that would start in the padding behind is dropped, as ONNX says since
    opset 19 and PyTorch and ONNX Runtime do.
    """
    n = len(sizes)
    strides, dilations = tuple(strides or [1] * n), tuple(dilations or [1] * n)
    pads = list(pads or [0] * 2 * n)
    head, tail, out, reach = [], [], [], []
    for i, size in enumerate(sizes):
        span = (kernel[i] - 1) * dilations[i] + 1
        before, after = pads[i], pads[n + i]
        if auto_pad in SAME:
            count = -(-size // strides[i])
            total = max(0, (count - 1) * strides[i] + span - size)
            before = total // 2 if auto_pad == "SAME_UPPER" else total - total // 2
            after = total - before
        else:
            if auto_pad == "VALID":
                before = after = 0
            room = size + before + after - span
            count = (-(-room // strides[i]) if ceil_mode else room // strides[i]) + 1
            if ceil_mode and (count - 1) * strides[i] >= size + before:
                count -= 1
        head.append(before)
        tail.append(after)
        out.append(count)
        reach.append(max(0, (count - 1) * strides[i] + span - size - before))
    return Windows(tuple(kernel), strides, dilations, *(tuple(v) for v in (head, tail, out, reach)))


def view(x: np.ndarray, windows: Windows, fill: float) -> np.ndarray:
    """[N, C, *out, *kernel], a view into x padded with `fill`."""
    n = len(windows.kernel)
    if windows.padded:
        widths = [(0, 0), (0, 0), *zip(windows.head, windows.reach, strict=True)]
        x = np.pad(x, widths, constant_values=fill)
    steps = x.strides[2:]
    return np.lib.stride_tricks.as_strided(
        x,
        (*x.shape[:2], *windows.out, *windows.kernel),
        (
            *x.strides[:2],
            *(steps[i] * windows.strides[i] for i in range(n)),
            *(steps[i] * windows.dilations[i] for i in range(n)),
        ),
        writeable=False,
    )
