"""Quantised grids with real numbers in the precision of the scale.

onnx's DequantizeLinear goes through float32, which int32 accumulators do not fit; its QuantizeLinear turns
values beyond int32 round before it saturates (1e10 becomes the smallest level).
"""

from __future__ import annotations

from typing import Any

import numpy as np

import onnx

from ..operator import MICROSOFT, Operator, implements


def along(value: np.ndarray, shape: tuple[int, ...], axis: int, block: int) -> np.ndarray:
    """A scale or zero point spread over a tensor: one, one a slice of `axis`, or one a block of it."""
    if value.size == 1 and value.ndim <= 1:
        return value.reshape(())
    if block:
        spread = np.repeat(value, block, axis=axis)
        return spread[tuple(slice(0, size) for size in shape)]
    layout = [1] * len(shape)
    layout[axis] = value.size
    return value.reshape(layout)


LIMITS = {
    "uint8": (0, 255),
    "int8": (-128, 127),
    "uint16": (0, 65535),
    "int16": (-32768, 32767),
    "uint4": (0, 15),
    "int4": (-8, 7),
    "uint2": (0, 3),
    "int2": (-2, 1),
}


def quantise(
    x: np.ndarray, scale: np.ndarray, zero: np.ndarray | None, dtype: np.dtype
) -> np.ndarray:
    """saturate(round half to even(x / scale) + zero)."""
    low, high = LIMITS[dtype.name]
    levels = np.rint(x / scale) + (0 if zero is None else zero.astype(np.float64))
    return np.clip(np.nan_to_num(levels, nan=0), low, high).astype(dtype)


def dequantise(x: np.ndarray, scale: np.ndarray, zero: np.ndarray | None) -> np.ndarray:
    """(x - zero) * scale in the scale's precision; integers are subtracted exactly."""
    steps = x.astype(np.float64)
    if zero is not None and x.dtype.kind in "iu":
        steps = steps - zero.astype(np.float64)
    elif zero is not None:
        steps = steps - np.asarray(zero).astype(np.float64)
    return (steps * scale.astype(np.float64)).astype(scale.dtype)


@implements("DequantizeLinear")
@implements("DequantizeLinear", domain=MICROSOFT)
class DequantizeLinear(Operator):
    """Per tensor, per slice or per block."""

    def _run(
        self,
        x: Any,
        scale: Any,
        zero: Any = None,
        axis: int = 1,
        block_size: int = 0,
        output_dtype: int = 0,
    ) -> tuple[Any, ...]:
        spread = [None if v is None else along(v, x.shape, axis, block_size) for v in (scale, zero)]
        y = np.asarray(dequantise(x, *spread))
        kind = onnx.helper.tensor_dtype_to_np_dtype(output_dtype) if output_dtype else scale.dtype
        return (y.astype(kind),)


@implements("QuantizeLinear")
@implements("QuantizeLinear", domain=MICROSOFT)
class QuantizeLinear(Operator):
    """Integer grids; float8 and float4 grids by the cast that saturates."""

    def _run(
        self,
        x: Any,
        scale: Any,
        zero: Any = None,
        axis: int = 1,
        block_size: int = 0,
        output_dtype: int = 0,
        saturate: int = 1,
        precision: int = 0,
    ) -> tuple[Any, ...]:
        kind = (
            onnx.helper.tensor_dtype_to_np_dtype(output_dtype)
            if output_dtype
            else np.dtype(np.uint8)
        )
        kind = kind if zero is None else zero.dtype
        spread = [None if v is None else along(v, x.shape, axis, block_size) for v in (scale, zero)]
        if kind.name in LIMITS:
            return (np.asarray(quantise(x, *spread, kind)),)
        real = x / spread[0]
        return (onnx.numpy_helper.saturate_cast(real, kind) if saturate else real.astype(kind),)
