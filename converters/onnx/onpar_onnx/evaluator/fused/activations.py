"""Biases and activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..operator import MICROSOFT, Operator, implements
from ..operators.elementwise import gelu, sigmoid


def activated(x: np.ndarray, name: str, parameters: Sequence[float] | None) -> np.ndarray:
    """The activation of FusedConv and FusedGemm. Raises NotImplementedError for one that is not known."""
    given = list(parameters or [])

    def at(index: int, default: float) -> float:
        return given[index] if len(given) > index else default

    known = {
        "": lambda: x,
        "Relu": lambda: np.maximum(x, 0),
        "Tanh": lambda: np.tanh(x),
        "Sigmoid": lambda: sigmoid(x),
        "LeakyRelu": lambda: np.where(x >= 0, x, at(0, 0.01) * x),
        "Clip": lambda: np.clip(x, at(0, -np.inf), at(1, np.inf)),
        "HardSigmoid": lambda: np.clip(at(0, 0.2) * x + at(1, 0.5), 0, 1),
        "HardSwish": lambda: x * np.clip(x / 6 + 0.5, 0, 1),
        "Silu": lambda: x * sigmoid(x),
        "Elu": lambda: np.where(x >= 0, x, at(0, 1.0) * np.expm1(np.minimum(x, 0))),
        "Gelu": lambda: gelu(x),
        "Softplus": lambda: np.logaddexp(0, x),
        "Softsign": lambda: x / (1 + np.abs(x)),
        "ThresholdedRelu": lambda: np.where(x > at(0, 1.0), x, 0),
    }
    if name not in known:
        raise NotImplementedError(
            f"activation {name} is not one of {', '.join(filter(None, known))}"
        )
    return known[name]().astype(x.dtype)


@implements("BiasGelu", domain=MICROSOFT)
class BiasGelu(Operator):
    """gelu(x + bias)."""

    def _run(self, x: Any, bias: Any) -> tuple[Any, ...]:
        return (gelu(x + bias),)


@implements("FastGelu", domain=MICROSOFT)
class FastGelu(Operator):
    """The tanh form of gelu(x + bias)."""

    def _run(self, x: Any, bias: Any = None) -> tuple[Any, ...]:
        return (gelu(x if bias is None else x + bias, "tanh"),)


@implements("QuickGelu", domain=MICROSOFT)
class QuickGelu(Operator):
    """x * sigmoid(alpha * x)."""

    def _run(self, x: Any, alpha: float = 1.702) -> tuple[Any, ...]:
        return ((x * sigmoid(alpha * x)).astype(x.dtype),)


@implements("BiasAdd", domain=MICROSOFT)
class BiasAdd(Operator):
    """x + bias + skip."""

    def _run(self, x: Any, bias: Any, skip: Any) -> tuple[Any, ...]:
        return (x + bias + skip,)
