"""Quantised operators: what leaves on a grid is computed in real numbers, as their texts define it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import sums
from ..operator import MICROSOFT, Operator, implements
from ..operators.elementwise import sigmoid
from ..operators.pooling import average_pool
from ..operators.quantisation import dequantise, quantise


def _real(x: Any, scale: Any, zero: Any) -> np.ndarray:
    return dequantise(x, np.asarray(scale), zero)


@implements("QLinearAdd", "QLinearMul", domain=MICROSOFT)
class QLinearBinary(Operator):
    """a + b or a * b."""

    def _run(
        self,
        a: Any,
        a_scale: Any,
        a_zero: Any,
        b: Any,
        b_scale: Any,
        b_zero: Any,
        scale: Any,
        zero: Any = None,
    ) -> tuple[Any, ...]:
        x, y = _real(a, a_scale, a_zero), _real(b, b_scale, b_zero)
        result = x + y if self.op_type == "QLinearAdd" else x * y
        return (quantise(result, scale, zero, a.dtype),)


@implements("QLinearSigmoid", "QLinearLeakyRelu", domain=MICROSOFT)
class QLinearActivation(Operator):
    """sigmoid(x) or leaky relu(x)."""

    def _run(
        self, x: Any, x_scale: Any, x_zero: Any, scale: Any, zero: Any = None, alpha: float = 0.01
    ) -> tuple[Any, ...]:
        real = _real(x, x_scale, x_zero)
        y = (
            sigmoid(real)
            if self.op_type == "QLinearSigmoid"
            else np.where(real >= 0, real, alpha * real)
        )
        return (quantise(y, scale, zero, x.dtype),)


@implements("QLinearAveragePool", "QLinearGlobalAveragePool", domain=MICROSOFT)
class QLinearAveragePool(Operator):
    """Means of windows, or of all spatial axes."""

    def _run(
        self,
        x: Any,
        x_scale: Any,
        x_zero: Any,
        scale: Any,
        zero: Any = None,
        channels_last: int = 0,
        **rest: Any,
    ) -> tuple[Any, ...]:
        real = _real(x, x_scale, x_zero)
        real = np.moveaxis(real, -1, 1) if channels_last else real
        if self.op_type == "QLinearAveragePool":
            y = average_pool(real, **rest)
        else:
            y = sums.mean(real, tuple(range(2, x.ndim)))
        y = np.moveaxis(y, 1, -1) if channels_last else y
        return (quantise(y, scale, zero, x.dtype),)


@implements("QLinearConcat", domain=MICROSOFT)
class QLinearConcat(Operator):
    """Inputs: scale and zero point of the result, then triples."""

    def _run(self, scale: Any, zero: Any, *triples: Any, axis: int) -> tuple[Any, ...]:
        parts = [_real(*triples[i : i + 3]) for i in range(0, len(triples), 3)]
        return (quantise(np.concatenate(parts, axis=axis), scale, zero, triples[0].dtype),)


@implements("QLinearSoftmax", domain=MICROSOFT)
class QLinearSoftmax(Operator):
    """softmax(x), flattened from `axis` on where the fused operator's opset is below 13."""

    def _run(
        self,
        x: Any,
        x_scale: Any,
        x_zero: Any,
        scale: Any,
        zero: Any = None,
        axis: int = -1,
        opset: int = 13,
    ) -> tuple[Any, ...]:
        real = _real(x, x_scale, x_zero)
        axis %= x.ndim
        y = sums.softmax(real, axis if opset >= 13 else tuple(range(axis, x.ndim)))
        return (quantise(y, scale, zero, x.dtype),)


@implements("QGemm", domain=MICROSOFT)
class QGemm(Operator):
    """alpha * op(a) @ op(b) + c, c in steps of alpha * a's * b's scale; real where no scale is given."""

    def _run(
        self,
        a: Any,
        a_scale: Any,
        a_zero: Any,
        b: Any,
        b_scale: Any,
        b_zero: Any,
        c: Any = None,
        scale: Any = None,
        zero: Any = None,
        alpha: float = 1.0,
        transA: int = 0,
        transB: int = 0,
    ) -> tuple[Any, ...]:
        x = _steps(a.T if transA else a, a_zero)
        total = x @ _steps(b.T if transB else b, b_zero) + (
            0 if c is None else c.astype(np.float64)
        )
        real = (total * alpha * np.asarray(a_scale, np.float64) * b_scale).astype(a_scale.dtype)
        return (real if scale is None else quantise(real, scale, zero, a.dtype),)


def _steps(x: np.ndarray, zero: Any) -> np.ndarray:
    """Integer levels without their zero point, exact in double."""
    return x.astype(np.float64) - (0 if zero is None else np.asarray(zero).astype(np.float64))


@implements("MatMulIntegerToFloat", domain=MICROSOFT)
class MatMulIntegerToFloat(Operator):
    """(a - zero) @ (b - zero) * scales + bias."""

    def _run(
        self,
        a: Any,
        b: Any,
        a_scale: Any,
        b_scale: Any,
        a_zero: Any = None,
        b_zero: Any = None,
        bias: Any = None,
    ) -> tuple[Any, ...]:
        y = (_steps(a, a_zero) @ _steps(b, b_zero)) * (np.asarray(a_scale, np.float64) * b_scale)
        return ((y if bias is None else y + bias).astype(a_scale.dtype),)


def dynamic_steps(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels, scale and zero point of DynamicQuantizeLinear: uint8 over x's range widened to hold 0."""
    low, high = min(0.0, float(x.min())), max(0.0, float(x.max()))
    scale = np.asarray((high - low) / 255 or 1.0, x.dtype)
    zero = np.clip(np.rint(-low / scale), 0, 255).astype(np.uint8)
    return quantise(x, scale, zero, zero.dtype), scale, zero


@implements("DynamicQuantizeMatMul", domain=MICROSOFT)
class DynamicQuantizeMatMul(Operator):
    """x on its own uint8 grid, times quantised weights."""

    def _run(
        self, a: Any, b: Any, b_scale: Any, b_zero: Any = None, bias: Any = None
    ) -> tuple[Any, ...]:
        steps, scale, zero = dynamic_steps(a)
        y = (_steps(steps, zero) @ _steps(b, b_zero)) * (scale.astype(np.float64) * b_scale)
        return ((y if bias is None else y + bias).astype(a.dtype),)


@implements("DynamicQuantizeLinear")
class DynamicQuantizeLinear(Operator):
    """onnx's own computes its scale in float32."""

    def _run(self, x: Any) -> tuple[Any, ...]:
        return dynamic_steps(x)


@implements("MatMulNBits", domain=MICROSOFT)
class MatMulNBits(Operator):
    """a @ w', w [N, K] of 2, 4 or 8 bits packed along K, a scale (and zero point) a block of K."""

    def _run(
        self,
        a: Any,
        packed: Any,
        scales: Any,
        zeros: Any = None,
        g_idx: Any = None,
        bias: Any = None,
        K: int = 0,
        N: int = 0,
        bits: int = 4,
        block_size: int = 32,
        accuracy_level: int = 0,
        weight_prepacked: int = 0,
    ) -> tuple[Any, ...]:
        if g_idx is not None:
            raise NotImplementedError("com.microsoft::MatMulNBits with g_idx")
        blocks = -(-K // block_size)
        levels = _unpacked(packed.reshape(N, -1), bits)[:, : blocks * block_size]
        levels = levels.reshape(N, blocks, block_size)
        if zeros is None:
            middle: Any = 2 ** (bits - 1)
        elif zeros.dtype == np.uint8:
            middle = _unpacked(zeros.reshape(N, -1), bits)[:, :blocks, None]
        else:
            middle = zeros.reshape(N, blocks, 1)
        w = (levels - middle) * scales.reshape(N, blocks, 1)
        y = sums.matmul(a, w.reshape(N, -1)[:, :K].T.astype(a.dtype))
        return ((y if bias is None else y + bias).astype(a.dtype),)


def _unpacked(packed: np.ndarray, bits: int) -> np.ndarray:
    """Rows of bytes as rows of levels, the lowest bits first, as doubles."""
    parts = [(packed >> shift) & (2**bits - 1) for shift in range(0, 8, bits)]
    return np.stack(parts, axis=-1).reshape(packed.shape[0], -1).astype(np.float64)
