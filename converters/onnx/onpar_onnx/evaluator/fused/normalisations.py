"""Normalisations with what stands before them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import sums
from ..operator import MICROSOFT, Operator, implements
from ..operators.elementwise import sigmoid
from ..operators.normalisation import LayerNormalization, layer_normalised

implements("LayerNormalization", domain=MICROSOFT)(LayerNormalization)


@implements("SimplifiedLayerNormalization")
@implements("SimplifiedLayerNormalization", domain=MICROSOFT)
class SimplifiedLayerNormalization(Operator):
    """x / sqrt(mean(x**2) + epsilon) * scale; ONNX Runtime writes it into ONNX's own domain too."""

    def _run(
        self, x: Any, scale: Any, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
    ) -> tuple[Any, ...]:
        root = sums.root_mean_square(x, tuple(range(axis % x.ndim, x.ndim)), epsilon)
        return ((x / root * scale).astype(x.dtype), 1 / root)[: self.outputs_wanted]


@implements("SkipLayerNormalization", domain=MICROSOFT)
class SkipLayerNormalization(Operator):
    """LayerNormalization(x + skip + bias); outputs result, mean, 1/deviation, the sum."""

    def _run(
        self,
        x: Any,
        skip: Any,
        scale: Any,
        beta: Any = None,
        bias: Any = None,
        epsilon: float = 1e-12,
    ) -> tuple[Any, ...]:
        total = x + skip if bias is None else x + skip + bias
        y, mean, inverse = layer_normalised(total, scale, beta, (x.ndim - 1,), epsilon)
        return y, mean, inverse, total


@implements("SkipSimplifiedLayerNormalization", domain=MICROSOFT)
class SkipSimplifiedLayerNormalization(Operator):
    """The same without mean and beta."""

    def _run(
        self, x: Any, skip: Any, scale: Any, bias: Any = None, epsilon: float = 1e-12
    ) -> tuple[Any, ...]:
        total = x + skip if bias is None else x + skip + bias
        root = sums.root_mean_square(total, (x.ndim - 1,), epsilon)
        return (total / root * scale).astype(x.dtype), None, 1 / root, total


@implements("EmbedLayerNormalization", domain=MICROSOFT)
class EmbedLayerNormalization(Operator):
    """LayerNormalization of word + position + segment; outputs result, mask lengths, the sum."""

    def _run(
        self,
        ids: Any,
        segments: Any,
        words: Any,
        positions: Any,
        segment_table: Any,
        gamma: Any,
        beta: Any,
        mask: Any = None,
        position_ids: Any = None,
        epsilon: float = 1e-12,
        mask_index_type: int = 0,
    ) -> tuple[Any, ...]:
        at = np.arange(ids.shape[1])[None] if position_ids is None else position_ids
        total = words[ids] + positions[at]
        if segments is not None:
            total = total + segment_table[segments]
        y, _, _ = layer_normalised(total, gamma, beta, (2,), epsilon)
        lengths = np.zeros(ids.shape[0], np.int32) if mask is None else mask.sum(1).astype(np.int32)
        return y, lengths, total


@implements("GroupNorm", "SkipGroupNorm", domain=MICROSOFT)
class GroupNorm(Operator):
    """Channels last unless `channels_last` is 0; with activation 1 followed by x * sigmoid(x).

    SkipGroupNorm adds skip and bias first and returns their sum as its second output.
    """

    def _run(
        self,
        x: Any,
        gamma: Any,
        beta: Any,
        skip: Any = None,
        bias: Any = None,
        activation: int = 0,
        channels_last: int = 1,
        epsilon: float = 1e-5,
        groups: int = 1,
    ) -> tuple[Any, ...]:
        if skip is not None:
            wide = skip if skip.ndim == 4 else skip[:, None, None, :]
            x = x + wide if bias is None else x + wide + bias
        first = np.moveaxis(x, -1, 1) if channels_last else x
        y = sums.normalised(first.reshape(x.shape[0], groups, -1), (2,), epsilon).reshape(
            first.shape
        )
        y = y * gamma.reshape(1, -1, 1, 1) + beta.reshape(1, -1, 1, 1)
        y = y * sigmoid(y) if activation else y
        y = (np.moveaxis(y, 1, -1) if channels_last else y).astype(x.dtype)
        return (y, x)[: self.outputs_wanted]
