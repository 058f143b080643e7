"""Functions of one element that onnx computes in float32, slowly, or only as a function body."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..operator import MICROSOFT, Operator, implements


def erf(x: np.ndarray) -> np.ndarray:
    """The error function in double precision (C's erf); onnx's own rounds to float32."""
    flat = np.asarray(x, dtype=np.float64).ravel().tolist()
    return np.fromiter(map(math.erf, flat), np.float64, len(flat)).reshape(x.shape).astype(x.dtype)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)) that does not overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def gelu(x: np.ndarray, approximate: str = "none") -> np.ndarray:
    """x * Phi(x), exact or by ONNX's tanh formula."""
    if approximate == "tanh":
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        return (0.5 * x * (1 + np.tanh(inner))).astype(x.dtype)
    return (0.5 * x * (1 + erf(x / math.sqrt(2)))).astype(x.dtype)


@implements("Erf")
class Erf(Operator):
    """onnx's own gives float32, whatever comes in."""

    def _run(self, x: Any) -> tuple[Any, ...]:
        return (erf(x),)


@implements("Gelu")
class Gelu(Operator):
    """onnx's function is built anew for every sample."""

    def _run(self, x: Any, approximate: str = "none") -> tuple[Any, ...]:
        return (gelu(x, approximate),)


@implements("Gelu", domain=MICROSOFT)
class MicrosoftGelu(Operator):
    """The exact form."""

    def _run(self, x: Any) -> tuple[Any, ...]:
        return (gelu(x),)


@implements("HardSwish")
class HardSwish(Operator):
    """x * max(0, min(1, x / 6 + 0.5))."""

    def _run(self, x: Any) -> tuple[Any, ...]:
        return ((x * np.clip(x / 6 + 0.5, 0, 1)).astype(x.dtype),)


@implements("Mish")
class Mish(Operator):
    """x * tanh(softplus(x)), softplus without overflow."""

    def _run(self, x: Any) -> tuple[Any, ...]:
        return ((x * np.tanh(np.logaddexp(0, x))).astype(x.dtype),)


@implements("Pow")
class Pow(Operator):
    """Integers to a negative or fractional power go through double, as ONNX Runtime's std::pow does."""

    def _run(self, a: Any, b: Any) -> tuple[Any, ...]:
        if a.dtype.kind in "iu":
            if b.dtype.kind in "iu" and not np.any(b < 0):
                return (np.power(a, b.astype(a.dtype)),)
            real = np.power(a.astype(np.float64), b.astype(np.float64))
            return (np.where(np.isfinite(real), real, 0).astype(a.dtype),)
        return (np.power(a, b).astype(a.dtype),)
