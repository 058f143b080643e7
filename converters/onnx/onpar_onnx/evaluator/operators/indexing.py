"""Operators that choose elements and that onnx gets wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..operator import Operator, implements


@implements("GatherElements")
class GatherElements(Operator):
    """onnx's own goes through numpy.choose, which stops at 64 rows."""

    def _run(self, data: Any, indices: Any, axis: int = 0) -> tuple[Any, ...]:
        at = np.where(indices < 0, indices + data.shape[axis], indices)
        # ONNX takes indices smaller than data along the other axes; numpy wants them to broadcast.
        where = list(np.indices(indices.shape, sparse=True))
        where[axis % data.ndim] = at
        return (data[tuple(where)],)


@implements("Pad")
class Pad(Operator):
    """onnx's own refuses negative pads, which cut. Pads and value are attributes below opset 11."""

    def _run(
        self,
        x: Any,
        given: Any = None,
        constant: Any = None,
        axes: Any = None,
        mode: str = "constant",
        pads: Any = None,
        value: float = 0.0,
    ) -> tuple[Any, ...]:
        amounts = np.asarray(pads if given is None else given).reshape(2, -1).tolist()
        at = list(range(x.ndim)) if axes is None else [int(a) % x.ndim for a in np.ravel(axes)]
        widths, cuts = [(0, 0)] * x.ndim, [slice(None)] * x.ndim
        for axis, before, after in zip(at, *amounts, strict=True):
            widths[axis] = (max(0, before), max(0, after))
            cuts[axis] = slice(max(0, -before), x.shape[axis] + min(0, after))
        x = x[tuple(cuts)]
        if mode != "constant":
            return (np.pad(x, widths, mode=mode),)
        fill = value if constant is None else np.ravel(constant)[0]
        return (np.pad(x, widths, constant_values=fill),)
