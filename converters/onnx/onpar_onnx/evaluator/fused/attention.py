"""Attention in ONNX Runtime's forms, and rotary positions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import sums
from ..operator import MICROSOFT, Operator, implements


def attend(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    bias: np.ndarray | None,
    scale: float | None,
    causal: bool,
    filtered: float,
) -> np.ndarray:
    """[B, S, N * H] of q [B, N, S, H], k and v [B, N, T, H]: softmax(q k' * scale + bias) v.

    The last query sees every key when causal; a key that it may not see gets `filtered` added.
    """
    factor = scale or 1 / math.sqrt(q.shape[-1])
    scores = sums.matmul(q, k.swapaxes(-1, -2)) * factor
    if causal:
        length, keys = scores.shape[-2:]
        hidden = np.arange(keys) > np.arange(length)[:, None] + keys - length
        scores = scores + np.where(hidden, np.asarray(filtered, scores.dtype), 0)
    if bias is not None:
        scores = scores + bias
    y = sums.matmul(sums.softmax(scores, -1), v)
    return y.transpose(0, 2, 1, 3).reshape(y.shape[0], y.shape[2], -1).astype(q.dtype)


def heads(x: np.ndarray, count: int) -> np.ndarray:
    """[B, S, N * H] to [B, N, S, H]."""
    return x.reshape(*x.shape[:2], count, -1).transpose(0, 2, 1, 3)


def mask_bias(
    mask: np.ndarray | None, batch: int, keys: int, filtered: float, dtype: np.dtype
) -> np.ndarray | None:
    """What a mask adds to scores [B, N, S, T]: `filtered` where it is 0.

    Shapes: [B] numbers of keys from the left; [2B] ends and then starts; [B, T]; [B, S, T]; [B, 1, T, T].
    """
    if mask is None:
        return None
    if mask.ndim == 1:
        at = np.arange(keys)
        kept = at < mask[:batch, None]
        if mask.size == 2 * batch:
            kept &= at >= mask[batch:, None]
        mask = kept
    mask = {2: lambda m: m[:, None, None], 3: lambda m: m[:, None]}.get(mask.ndim, lambda m: m)(
        mask
    )
    return np.where(mask != 0, 0, filtered).astype(dtype)


def _added(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
    return b if a is None else a if b is None else a + b


@implements("Attention", domain=MICROSOFT)
class Attention(Operator):
    """Projects one input to q, k, v; outputs result and present [2, B, N, T, H]."""

    def _run(
        self,
        x: Any,
        weights: Any,
        bias: Any = None,
        mask: Any = None,
        past: Any = None,
        attention_bias: Any = None,
        past_length: Any = None,
        num_heads: int = 1,
        unidirectional: int = 0,
        mask_filter_value: float = -10000.0,
        scale: float | None = None,
        qkv_hidden_sizes: Any = None,
        do_rotary: int = 0,
        past_present_share_buffer: int = 0,
        rotary_embedding_dim: int = 0,
    ) -> tuple[Any, ...]:
        if do_rotary or past_present_share_buffer or past_length is not None:
            raise NotImplementedError(
                "com.microsoft::Attention with rotary positions or a shared past"
            )
        sizes = list(qkv_hidden_sizes or [weights.shape[1] // 3] * 3)
        projected = sums.matmul(x, weights)
        projected = projected if bias is None else projected + bias
        q, k, v = (
            heads(part, num_heads) for part in np.split(projected, np.cumsum(sizes)[:2], axis=2)
        )
        if past is not None:
            k, v = (np.concatenate([p, now], axis=2) for p, now in zip(past, (k, v), strict=True))
        masked = mask_bias(mask, x.shape[0], k.shape[2], mask_filter_value, x.dtype)
        causal = bool(unidirectional)
        y = attend(q, k, v, _added(masked, attention_bias), scale, causal, mask_filter_value)
        return (y, np.stack([k, v]))[: self.outputs_wanted]


@implements("MultiHeadAttention", domain=MICROSOFT)
class MultiHeadAttention(Operator):
    """q, k, v apart, or packed in the first input; outputs result, present key, present value."""

    def _run(
        self,
        q: Any,
        k: Any = None,
        v: Any = None,
        bias: Any = None,
        mask: Any = None,
        attention_bias: Any = None,
        past_key: Any = None,
        past_value: Any = None,
        past_length: Any = None,
        cache: Any = None,
        num_heads: int = 1,
        mask_filter_value: float = -10000.0,
        scale: float | None = None,
        unidirectional: int = 0,
    ) -> tuple[Any, ...]:
        if past_length is not None or cache is not None:
            raise NotImplementedError("com.microsoft::MultiHeadAttention with a shared past")
        if k is None:  # packed: [B, S, N, 3, H]
            q, k, v = (q[:, :, :, i].reshape(*q.shape[:2], -1) for i in range(3))
        elif v is None:  # packed: [B, T, N, 2, H]
            k, v = (k[:, :, :, i].reshape(*k.shape[:2], -1) for i in range(2))
        if bias is not None:
            n = q.shape[-1]
            q = q + bias[:n]
            k, v = (
                part + b if part.ndim == 3 else part + b.reshape(num_heads, 1, -1)
                for part, b in ((k, bias[n : 2 * n]), (v, bias[2 * n :]))
            )
        q, k, v = (part if part.ndim == 4 else heads(part, num_heads) for part in (q, k, v))
        if past_key is not None:
            k, v = np.concatenate([past_key, k], axis=2), np.concatenate([past_value, v], axis=2)
        masked = mask_bias(mask, q.shape[0], k.shape[2], mask_filter_value, q.dtype)
        causal = bool(unidirectional)
        y = attend(q, k, v, _added(masked, attention_bias), scale, causal, mask_filter_value)
        return (y, k, v)[: self.outputs_wanted]


@implements("RotaryEmbedding", domain=MICROSOFT)
class RotaryEmbedding(Operator):
    """Rotates pairs of a head's first `rotary_embedding_dim` elements: halves, or neighbours."""

    def _run(
        self,
        x: Any,
        positions: Any,
        cos: Any,
        sin: Any,
        interleaved: int = 0,
        num_heads: int = 0,
        rotary_embedding_dim: int = 0,
        scale: float = 1.0,
        is_packed_batching: int = 0,
    ) -> tuple[Any, ...]:
        if x.ndim == 4:
            laid = x
        else:
            size = x.shape[2] // num_heads if num_heads else cos.shape[1] * 2
            laid = x.reshape(*x.shape[:2], -1, size).transpose(0, 2, 1, 3)
        at = positions
        if positions.size == 1:
            at = np.arange(laid.shape[2])[None] + positions.ravel()[0]
        c, s = cos[at][:, None], sin[at][:, None]
        turned = rotary_embedding_dim or laid.shape[-1]
        part = laid[..., :turned]
        a, b = (part[..., ::2], part[..., 1::2]) if interleaved else np.split(part, 2, axis=-1)
        pair = (a * c - b * s, b * c + a * s)
        new = np.stack(pair, -1).reshape(part.shape) if interleaved else np.concatenate(pair, -1)
        y = np.concatenate([new, laid[..., turned:]], axis=-1).astype(x.dtype)
        return (y if x.ndim == 4 else y.transpose(0, 2, 1, 3).reshape(x.shape),)
