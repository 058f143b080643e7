"""Reductions, sums of several tensors and running sums. Own because their sums must be able to be off."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import sums
from ..operator import Operator, implements
from ..rounding import off

Axes = tuple[int, ...]


class _Reduction(Operator):
    """Axes are an attribute or, from opset 13 and 18 on, an input; none of them means all."""

    def _run(
        self,
        x: Any,
        given: Any = None,
        axes: Any = None,
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> tuple[Any, ...]:
        found = given if given is not None else axes
        chosen = tuple(int(axis) for axis in np.ravel(found)) if found is not None else ()
        if not chosen:
            # No axes and noop: each element is reduced by itself (opset 18's text).
            chosen = () if noop_with_empty_axes else tuple(range(x.ndim))
        value = self.reduce(x, chosen, bool(keepdims))
        return (np.asarray(value).astype(x.dtype, copy=False),)

    def reduce(self, x: np.ndarray, axes: Axes, keepdims: bool) -> np.ndarray:
        raise NotImplementedError


@implements("ReduceSum")
class ReduceSum(_Reduction):
    """sum(x)."""

    def reduce(self, x: np.ndarray, axes: Axes, keepdims: bool) -> np.ndarray:
        return sums.total(x, axes, keepdims)


@implements("ReduceMean")
class ReduceMean(_Reduction):
    """sum(x) / n; integers are divided towards zero, as ONNX Runtime divides."""

    def reduce(self, x: np.ndarray, axes: Axes, keepdims: bool) -> np.ndarray:
        if x.dtype.kind in "iu":
            total = np.sum(x, axis=axes, keepdims=keepdims, dtype=np.float64)
            return np.trunc(total / sums.terms_along(x.shape, axes))
        return sums.mean(x, axes, keepdims)


@implements("ReduceL1")
class ReduceL1(_Reduction):
    """sum(|x|)."""

    def reduce(self, x: np.ndarray, axes: Axes, keepdims: bool) -> np.ndarray:
        return sums.total(np.abs(x), axes, keepdims)


@implements("ReduceL2")
class ReduceL2(_Reduction):
    """sqrt(sum(x**2))."""

    def reduce(self, x: np.ndarray, axes: Axes, keepdims: bool) -> np.ndarray:
        return np.sqrt(sums.total(x * x, axes, keepdims))


@implements("ReduceSumSquare")
class ReduceSumSquare(_Reduction):
    """sum(x**2)."""

    def reduce(self, x: np.ndarray, axes: Axes, keepdims: bool) -> np.ndarray:
        return sums.total(x * x, axes, keepdims)


@implements("ReduceLogSum")
class ReduceLogSum(_Reduction):
    """log(sum(x))."""

    def reduce(self, x: np.ndarray, axes: Axes, keepdims: bool) -> np.ndarray:
        return np.log(sums.total(x, axes, keepdims))


@implements("ReduceLogSumExp")
class ReduceLogSumExp(_Reduction):
    """log(sum(exp(x))), shifted by the maximum so that it does not overflow."""

    def reduce(self, x: np.ndarray, axes: Axes, keepdims: bool) -> np.ndarray:
        peak = np.max(x, axis=axes, keepdims=True, initial=-np.inf)
        peak = np.where(np.isfinite(peak), peak, 0)
        value = np.log(sums.total(np.exp(x - peak), axes)) + peak
        return value if keepdims else np.squeeze(value, axis=axes)


@implements("ReduceProd")
class ReduceProd(_Reduction):
    """prod(x): n roundings, each relative to the product."""

    def reduce(self, x: np.ndarray, axes: Axes, keepdims: bool) -> np.ndarray:
        value = np.prod(x, axis=axes, keepdims=keepdims, dtype=x.dtype)
        return off(value, sums.terms_along(x.shape, axes), lambda: np.abs(value))


@implements("Sum")
class Sum(Operator):
    """The sum of several tensors."""

    def _run(self, *x: Any) -> tuple[Any, ...]:
        return (off(sum(x[1:], x[0]), len(x), lambda: sum(map(np.abs, x[1:]), np.abs(x[0]))),)


@implements("Mean")
class Mean(Operator):
    """The mean of several tensors."""

    def _run(self, *x: Any) -> tuple[Any, ...]:
        total = off(sum(x[1:], x[0]), len(x), lambda: sum(map(np.abs, x[1:]), np.abs(x[0])))
        return ((total / len(x)).astype(x[0].dtype),)


@implements("CumSum")
class CumSum(Operator):
    """Running sums. onnx's own refuses an axis of shape [1], which exporters write."""

    def _run(self, x: Any, axis: Any, exclusive: int = 0, reverse: int = 0) -> tuple[Any, ...]:
        along = int(np.ravel(axis)[0])

        def running(values: np.ndarray) -> np.ndarray:
            values = np.flip(values, along) if reverse else values
            total = np.cumsum(values, axis=along, dtype=values.dtype)
            if exclusive:
                total = np.roll(total, 1, axis=along)
                first = [slice(None)] * total.ndim
                first[along] = slice(0, 1)
                total[tuple(first)] = 0
            return np.flip(total, along) if reverse else total

        return (off(running(x), x.shape[along], lambda: running(np.abs(x))),)
