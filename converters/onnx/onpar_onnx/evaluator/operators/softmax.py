"""Softmax and its kin, with the flattening of opsets before 13.

onnx's own always take one axis, with the default of the newest opset: a Softmax of opset 11 over
[batch, heads, n] normalises over the last axis where it should over heads and n.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import sums
from ..operator import Operator, implements


class _Softmax(Operator):
    def _run(self, x: Any, axis: int = -1) -> tuple[Any, ...]:
        if x.size == 0:
            return (x,)
        if self.opset >= 13:
            return (self.over(x, axis % x.ndim),)
        first = axis % x.ndim if axis != x.ndim else axis
        return (self.over(x.reshape(math.prod(x.shape[:first]), -1), 1).reshape(x.shape),)

    def over(self, x: np.ndarray, axis: int) -> np.ndarray:
        raise NotImplementedError


@implements("Softmax")
class Softmax(_Softmax):
    """exp(x) / sum(exp(x))."""

    def over(self, x: np.ndarray, axis: int) -> np.ndarray:
        return sums.softmax(x, axis)


@implements("LogSoftmax")
class LogSoftmax(_Softmax):
    """log(softmax(x)) without its underflow."""

    def over(self, x: np.ndarray, axis: int) -> np.ndarray:
        return sums.log_softmax(x, axis)


@implements("Hardmax")
class Hardmax(_Softmax):
    """1 at the first largest element, 0 elsewhere."""

    def over(self, x: np.ndarray, axis: int) -> np.ndarray:
        y = np.zeros_like(x)
        np.put_along_axis(y, np.expand_dims(x.argmax(axis), axis), 1, axis)
        return y
