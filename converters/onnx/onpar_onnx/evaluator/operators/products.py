"""Matrix products. Own because their sums must be able to be off; Einsum of onnx is also unoptimised."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import sums
from ..operator import Operator, implements


def gemm(
    a: Any, b: Any, c: Any, alpha: float, beta: float, trans_a: int, trans_b: int
) -> np.ndarray:
    """alpha * op(a) @ op(b) + beta * c."""
    y = sums.matmul(a.T if trans_a else a, b.T if trans_b else b)
    y = y if alpha == 1 else (y * alpha).astype(a.dtype)
    if c is None or beta == 0:
        return y
    return y + (c if beta == 1 else (c * beta).astype(a.dtype))


@implements("MatMul")
class MatMul(Operator):
    """numpy's matmul; ONNX takes its rules from there."""

    def _run(self, a: Any, b: Any) -> tuple[Any, ...]:
        return (sums.matmul(a, b),)


@implements("Gemm")
class Gemm(Operator):
    """ONNX's Gemm."""

    def _run(
        self,
        a: Any,
        b: Any,
        c: Any = None,
        alpha: float = 1.0,
        beta: float = 1.0,
        transA: int = 0,
        transB: int = 0,
        broadcast: int | None = None,
    ) -> tuple[Any, ...]:
        return (gemm(a, b, c, alpha, beta, transA, transB),)


@implements("Einsum")
class Einsum(Operator):
    """numpy's einsum."""

    def _run(self, *operands: Any, equation: str) -> tuple[Any, ...]:
        return (sums.einsum(equation, *operands),)
