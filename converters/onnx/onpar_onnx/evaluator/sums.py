"""Sums, as the evaluator's own operators make them: each knows how far another order may move it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .rounding import off

Axes = int | tuple[int, ...] | None


def terms_along(shape: Sequence[int], axes: Axes) -> int:
    """How many elements of `shape` meet in one element when `axes` are summed up; None: all."""
    if axes is None:
        return math.prod(shape)
    return math.prod(shape[axis] for axis in ((axes,) if isinstance(axes, int) else axes))


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`a @ b`: K terms a sum."""
    value = np.matmul(a, b)
    if a.dtype == b.dtype:
        # numpy multiplies bfloat16 as float32 and leaves it so.
        value = value.astype(a.dtype, copy=False)
    return off(value, a.shape[-1], lambda: np.matmul(np.abs(a), np.abs(b)))


def total(x: np.ndarray, axes: Axes, keepdims: bool = True) -> np.ndarray:
    """The sum over `axes`."""
    value = np.sum(x, axis=axes, keepdims=keepdims, dtype=x.dtype)
    return off(
        value, terms_along(x.shape, axes), lambda: np.sum(np.abs(x), axis=axes, keepdims=keepdims)
    )


def mean(x: np.ndarray, axes: Axes, keepdims: bool = True) -> np.ndarray:
    """The mean over `axes`: a sum whose terms are divided by their number."""
    n = terms_along(x.shape, axes)
    value = np.mean(x, axis=axes, keepdims=keepdims, dtype=x.dtype)
    return off(value, n, lambda: np.mean(np.abs(x), axis=axes, keepdims=keepdims))


def einsum(equation: str, *operands: np.ndarray) -> np.ndarray:
    """numpy's einsum; terms are the product of the sizes that are summed over."""
    if operands[0].dtype.name == "bfloat16":
        # numpy's einsum has no loop for it.
        wide = [operand.astype(np.float32) for operand in operands]
        return einsum(equation, *wide).astype(operands[0].dtype)
    value = np.asarray(np.einsum(equation, *operands, optimize=len(operands) > 1))
    terms = max(_einsum_terms(equation, operands), len(operands))
    return off(
        value,
        terms,
        lambda: np.asarray(np.einsum(equation, *map(np.abs, operands), optimize=len(operands) > 1)),
    )


def softmax(x: np.ndarray, axes: Axes) -> np.ndarray:
    """exp(x - max) / sum; a row of -inf alone gives NaN, as IEEE has it."""
    peak = np.max(x, axis=axes, keepdims=True)
    powers = np.exp(x - peak)
    return powers / total(powers, axes)


def log_softmax(x: np.ndarray, axes: Axes) -> np.ndarray:
    """x - max - log(sum(exp(x - max)))."""
    moved = x - np.max(x, axis=axes, keepdims=True)
    return moved - np.log(total(np.exp(moved), axes))


def normalised(x: np.ndarray, axes: tuple[int, ...], epsilon: float) -> np.ndarray:
    """(x - mean) / sqrt(variance + epsilon), in two passes: the sums of squares are of small numbers."""
    apart = x - mean(x, axes)
    return apart / np.sqrt(mean(apart * apart, axes) + epsilon)


def root_mean_square(x: np.ndarray, axes: tuple[int, ...], epsilon: float) -> np.ndarray:
    """sqrt(mean(x**2) + epsilon)."""
    return np.sqrt(mean(x * x, axes) + epsilon)


def _einsum_terms(equation: str, operands: Sequence[np.ndarray]) -> int:
    left, arrow, right = equation.replace(" ", "").partition("->")
    sizes: dict[str, int] = {}
    for labels, operand in zip(left.split(","), operands, strict=True):
        before, _, after = labels.partition("...")
        sizes.update(zip(before, operand.shape, strict=False))
        sizes.update(zip(reversed(after), reversed(operand.shape), strict=False))
    letters = left.replace(",", "").replace(".", "")
    kept = set(right) if arrow else {c for c in letters if letters.count(c) == 1}
    return math.prod(size for label, size in sizes.items() if label not in kept)
