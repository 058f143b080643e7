"""Where onnx2tf puts the axes: channels first becomes channels last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

RANKS = (3, 4, 5)
"""Ranks whose second axis onnx2tf moves to the end (onnx2tf/ops/Input.py)."""


def channels_last(rank: int) -> list[int]:
    """Which axis of the ONNX model each axis of the converted one is: `[0, 2, 3, 1]` for rank 4."""
    return [0, *range(2, rank), 1]


def layout_between(
    before: Sequence[Any] | None, after: Sequence[Any], flagged: bool
) -> list[int] | None:
    """The layout that an output has got; None where its axes are as they were.

    `before` and `after` are sizes, ints where known. Where sizes allow both, `flagged` decides:
    what onnx2tf itself notes of the tensor. A wrong note makes values differ, it hides nothing.
    """
    if before is None or len(before) != len(after) or len(after) not in RANKS:
        return None
    axes = channels_last(len(after))
    same, moved = _fit(before, after), _fit([before[axis] for axis in axes], after)
    return axes if moved and (flagged or not same) else None


def _fit(one: Sequence[Any], other: Sequence[Any]) -> bool:
    known = (
        (a, b) for a, b in zip(one, other, strict=True) if isinstance(a, int) and isinstance(b, int)
    )
    return all(a == b for a, b in known)
