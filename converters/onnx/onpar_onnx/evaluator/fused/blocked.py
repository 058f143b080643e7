"""ONNX Runtime's blocked layout (domain com.microsoft.nchwc), evaluated in the plain one.

Between ReorderInput and ReorderOutput tensors stay [N, C, ...]; only weights are written in blocks, and
are unpacked: [O/b, I/b, *kernel, b of I, b of O], or [O/b, I, *kernel, b of O] for depthwise and for inputs
of fewer than b channels (onnxruntime/core/optimizer/nchwc_transformer.cc, TransformConv). The block b is
the machine's (8 or 16) and is not in the file: as with ONNX Runtime itself, a file is right only on the
kind of machine that wrote it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from onpar_host.packages import require

import onnx
from onnx import helper

from ..operator import NCHWC, Operator, implements
from ..operators.convolution import convolve
from ..operators.pooling import AveragePool, GlobalAveragePool, MaxPool
from ..operators.resampling import resized
from .activations import activated

for name, cls in {
    "MaxPool": MaxPool,
    "AveragePool": AveragePool,
    "GlobalAveragePool": GlobalAveragePool,
}.items():
    implements(name, domain=NCHWC)(cls)


@cache
def block_size() -> int:
    """This machine's, seen in what ONNX Runtime's ReorderInput does to 16 channels of 2 pixels."""
    ort = require("onnxruntime")
    x, y = (helper.make_tensor_value_info(n, 1, s) for n, s in (("x", [1, 16, 1, 2]), ("y", None)))
    node = helper.make_node("ReorderInput", ["x"], ["y"], domain=NCHWC)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(NCHWC, 1)]
    model = helper.make_model(
        helper.make_graph([node], "g", [x], [onnx.ValueInfoProto(name=y.name)]),
        opset_imports=opsets,
        ir_version=8,
    )
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (laid,) = session.run(None, {"x": np.arange(32, dtype=np.float32).reshape(1, 16, 1, 2)})
    # With 8 channels a block the ninth value is the first channel's second pixel.
    return 8 if laid.ravel()[8] == 1 else 16


def unpacked(w: np.ndarray, group: int, block: int) -> np.ndarray:
    """Weights [O, I, *kernel] of blocked ones, whose shape is declared as if they were not blocked."""
    out, inner, *kernel = w.shape
    if out % block:
        raise ValueError(f"weights of {out} channels were not written in blocks of {block}")
    n = len(kernel)
    if inner < block and (group == 1 or inner == 1):
        laid = w.reshape(out // block, inner, *kernel, block)
        return np.moveaxis(laid, -1, 1).reshape(w.shape)
    laid = w.reshape(out // block, inner // block, *kernel, block, block)
    order = (0, n + 3, 1, n + 2, *range(2, n + 2))
    return laid.transpose(order).reshape(w.shape)


def _with_channels(x: np.ndarray, channels: int) -> np.ndarray:
    """Blocks that are not full are filled with channels of zeros."""
    more = channels - x.shape[1]
    return np.pad(x, [(0, 0), (0, more)] + [(0, 0)] * (x.ndim - 2)) if more > 0 else x


@implements("Conv", domain=NCHWC)
class BlockedConv(Operator):
    """activation(Conv(x, w, b) + z)."""

    def _run(
        self,
        x: Any,
        w: Any,
        bias: Any = None,
        added: Any = None,
        group: int = 1,
        activation: str = "",
        activation_params: Any = None,
        **attributes: Any,
    ) -> tuple[Any, ...]:
        plain = unpacked(w, group, block_size())
        x = _with_channels(x, plain.shape[1] * group)
        y = convolve(x, plain, bias, group=group, **attributes)
        y = y if added is None else y + _with_channels(added, y.shape[1])
        return (activated(y, activation, activation_params),)


@implements("ReorderInput", domain=NCHWC)
class ReorderInput(Operator):
    """Into blocks: here only channels first."""

    def _run(self, x: Any, channels_last: int = 0) -> tuple[Any, ...]:
        return (np.moveaxis(x, -1, 1) if channels_last else x,)


@implements("ReorderOutput", domain=NCHWC)
class ReorderOutput(Operator):
    """Out of blocks: channels that filled them up are dropped."""

    def _run(self, x: Any, channels: int, channels_last: int = 0) -> tuple[Any, ...]:
        y = x[:, :channels]
        return (np.moveaxis(y, 1, -1) if channels_last else y,)


@implements("Upsample", domain=NCHWC)
class BlockedUpsample(Operator):
    """By whole numbers."""

    def _run(
        self,
        x: Any,
        scales: Any,
        mode: str = "nearest",
        coordinate_transformation_mode: str = "asymmetric",
    ) -> tuple[Any, ...]:
        return (
            resized(self, x, np.array(scales, np.float64), mode, coordinate_transformation_mode),
        )
