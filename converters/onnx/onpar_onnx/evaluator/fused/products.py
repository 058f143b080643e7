"""Products with what follows them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import sums
from ..operator import MICROSOFT, Operator, implements
from ..operators.convolution import convolve
from ..operators.products import gemm
from .activations import activated


@implements("FusedConv", domain=MICROSOFT)
class FusedConv(Operator):
    """activation(Conv(x, w, b) + z)."""

    def _run(
        self,
        x: Any,
        w: Any,
        bias: Any = None,
        added: Any = None,
        activation: str = "",
        activation_params: Any = None,
        **attributes: Any,
    ) -> tuple[Any, ...]:
        y = convolve(x, w, bias, **attributes)
        return (activated(y if added is None else y + added, activation, activation_params),)


@implements("NhwcConv", "NhwcFusedConv", domain=MICROSOFT)
class NhwcConv(FusedConv):
    """The same with channels last in x, z and the result; weights stay [M, C/group, *kernel]."""

    def _run(
        self, x: Any, w: Any, bias: Any = None, added: Any = None, **rest: Any
    ) -> tuple[Any, ...]:
        first = None if added is None else np.moveaxis(added, -1, 1)
        (y,) = super()._run(np.moveaxis(x, -1, 1), w, bias, first, **rest)
        return (np.moveaxis(y, 1, -1),)


@implements("FusedGemm", domain=MICROSOFT)
class FusedGemm(Operator):
    """activation(Gemm(a, b, c))."""

    def _run(
        self,
        a: Any,
        b: Any,
        c: Any = None,
        alpha: float = 1.0,
        beta: float = 1.0,
        transA: int = 0,
        transB: int = 0,
        activation: str = "",
        activation_alpha: float | None = None,
        activation_beta: float | None = None,
        activation_gamma: float | None = None,
    ) -> tuple[Any, ...]:
        parameters = [
            v for v in (activation_alpha, activation_beta, activation_gamma) if v is not None
        ]
        return (activated(gemm(a, b, c, alpha, beta, transA, transB), activation, parameters),)


@implements("FusedMatMul", "TransposeMatMul", "FusedMatMulActivation", domain=MICROSOFT)
class FusedMatMul(Operator):
    """activation(alpha * op(a) @ op(b)); transBatch moves axis 0 behind the batch axes before op."""

    def _run(
        self,
        a: Any,
        b: Any,
        alpha: float = 1.0,
        transA: int = 0,
        transB: int = 0,
        transBatchA: int = 0,
        transBatchB: int = 0,
        activation: str = "",
        activation_alpha: float | None = None,
        activation_beta: float | None = None,
        **_: Any,
    ) -> tuple[Any, ...]:
        a, b = _turned(a, transA, transBatchA), _turned(b, transB, transBatchB)
        parameters = [v for v in (activation_alpha, activation_beta) if v is not None]
        y = (sums.matmul(a, b) * alpha).astype(a.dtype)
        return (activated(y, activation, parameters),)


def _turned(x: np.ndarray, swap: int, batch: int) -> np.ndarray:
    if batch:
        x = np.moveaxis(x, 0, -2)
    return x.swapaxes(-1, -2) if swap and x.ndim > 1 else x


@implements("Inverse", domain=MICROSOFT)
class Inverse(Operator):
    """The inverse of each matrix."""

    def _run(self, x: Any) -> tuple[Any, ...]:
        return (np.linalg.inv(x),)


@implements("CDist", domain=MICROSOFT)
class CDist(Operator):
    """Distances between the rows of a and those of b."""

    def _run(self, a: Any, b: Any, metric: str = "sqeuclidean") -> tuple[Any, ...]:
        apart = a[:, None] - b[None]
        squares = sums.total(apart * apart, 2, keepdims=False)
        return (np.sqrt(squares) if metric == "euclidean" else squares,)
