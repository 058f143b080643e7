"""Normalisations, over sums that can be off.

onnx's LRN counts channels by the batch's size, its LpNormalization forgets the magnitude for p = 1, and
its GroupNormalization is a function that is built anew for every sample. The others are right, but their
sums could not be off.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import sums
from ..operator import Operator, implements


def per_channel(values: np.ndarray, rank: int) -> np.ndarray:
    """[C] for a tensor [N, C, ...]."""
    return values.reshape(1, -1, *[1] * (rank - 2))


def _from(axis: int, rank: int) -> tuple[int, ...]:
    return tuple(range(axis % rank, rank))


@implements("BatchNormalization")
class BatchNormalization(Operator):
    """By the given mean and variance; in training mode by the batch's, then also the running ones."""

    def _run(
        self,
        x: Any,
        scale: Any,
        bias: Any,
        mean: Any,
        var: Any,
        epsilon: float = 1e-5,
        training_mode: int = 0,
        momentum: float = 0.9,
        spatial: int = 1,
        is_test: int = 1,
    ) -> tuple[Any, ...]:
        if training_mode:
            axes = tuple(i for i in range(x.ndim) if i != 1)
            now = sums.mean(x, axes, keepdims=False)
            apart = x - per_channel(now, x.ndim)
            spread = sums.mean(apart * apart, axes, keepdims=False)
            y = self._apply(x, scale, bias, now, spread, epsilon)
            keep = (a * momentum + b * (1 - momentum) for a, b in ((mean, now), (var, spread)))
            return y, *(value.astype(mean.dtype) for value in keep)
        return (self._apply(x, scale, bias, mean, var, epsilon),)

    def _apply(
        self, x: Any, scale: Any, bias: Any, mean: Any, var: Any, epsilon: float
    ) -> np.ndarray:
        scale, bias, mean, var = (per_channel(v, max(x.ndim, 2)) for v in (scale, bias, mean, var))
        return ((x - mean) * (scale / np.sqrt(var + epsilon)) + bias).astype(x.dtype)


@implements("InstanceNormalization")
class InstanceNormalization(Operator):
    """Over the spatial axes of each channel."""

    def _run(self, x: Any, scale: Any, bias: Any, epsilon: float = 1e-5) -> tuple[Any, ...]:
        y = sums.normalised(x, tuple(range(2, x.ndim)), epsilon)
        return ((y * per_channel(scale, x.ndim) + per_channel(bias, x.ndim)).astype(x.dtype),)


@implements("GroupNormalization")
class GroupNormalization(Operator):
    """Over groups of channels. Scale and bias: one a group in opset 18, one a channel from 21 on."""

    def _run(
        self,
        x: Any,
        scale: Any,
        bias: Any,
        epsilon: float = 1e-5,
        num_groups: int = 1,
        stash_type: int = 1,
    ) -> tuple[Any, ...]:
        grouped = x.reshape(x.shape[0], num_groups, -1)
        y = sums.normalised(grouped, (2,), epsilon)
        if scale.size == num_groups and self.opset < 21:
            y = y * scale.reshape(1, -1, 1) + bias.reshape(1, -1, 1)
            return (y.reshape(x.shape).astype(x.dtype),)
        y = y.reshape(x.shape) * per_channel(scale, x.ndim) + per_channel(bias, x.ndim)
        return (y.astype(x.dtype),)


def layer_normalised(
    x: np.ndarray, scale: Any, bias: Any, axes: tuple[int, ...], epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The result, the mean and 1 / standard deviation."""
    middle = sums.mean(x, axes)
    apart = x - middle
    inverse = 1 / np.sqrt(sums.mean(apart * apart, axes) + epsilon)
    y = apart * inverse
    y = y if scale is None else y * scale
    return (y if bias is None else y + bias).astype(x.dtype), middle, inverse


@implements("LayerNormalization")
class LayerNormalization(Operator):
    """Over the axes from `axis` on."""

    def _run(
        self,
        x: Any,
        scale: Any,
        bias: Any = None,
        axis: int = -1,
        epsilon: float = 1e-5,
        stash_type: int = 1,
    ) -> tuple[Any, ...]:
        wide = x if x.dtype == np.float64 else x.astype(np.float32)
        y, middle, inverse = layer_normalised(wide, scale, bias, _from(axis, x.ndim), epsilon)
        return (y.astype(x.dtype), middle, inverse)[: self.outputs_wanted]


@implements("RMSNormalization")
class RMSNormalization(Operator):
    """x / sqrt(mean(x**2) + epsilon) * scale over the axes from `axis` on."""

    def _run(
        self, x: Any, scale: Any, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
    ) -> tuple[Any, ...]:
        y = x / sums.root_mean_square(x, _from(axis, x.ndim), epsilon)
        return ((y * scale).astype(x.dtype),)


@implements("LpNormalization")
class LpNormalization(Operator):
    """x / norm(x); a norm of zero gives zeros, as ONNX Runtime has it."""

    def _run(self, x: Any, axis: int = -1, p: int = 2) -> tuple[Any, ...]:
        norm = np.sqrt(sums.total(x * x, axis)) if p == 2 else sums.total(np.abs(x), axis)
        return (np.where(norm == 0, 0, x / np.where(norm == 0, 1, norm)).astype(x.dtype),)


@implements("MeanVarianceNormalization")
class MeanVarianceNormalization(Operator):
    """(x - mean) / (standard deviation + 1e-9), the constant of ONNX's function body."""

    def _run(self, x: Any, axes: Any = None, **_: Any) -> tuple[Any, ...]:
        chosen = tuple(axes or (0, 2, 3))
        apart = x - sums.mean(x, chosen)
        return ((apart / (np.sqrt(sums.mean(apart * apart, chosen)) + 1e-9)).astype(x.dtype),)


@implements("LRN")
class LRN(Operator):
    """Sums squares over a window of channels; onnx's own counts channels by the batch's size."""

    def _run(
        self, x: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
    ) -> tuple[Any, ...]:
        before = (size - 1) // 2
        squares = x * x
        total = np.concatenate(
            [
                sums.total(squares[:, max(0, c - before) : c - before + size], 1)
                for c in range(x.shape[1])
            ],
            axis=1,
        )
        return ((x / (bias + alpha / size * total) ** beta).astype(x.dtype),)
