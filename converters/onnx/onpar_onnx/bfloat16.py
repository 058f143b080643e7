"""bfloat16 in and out of ONNX Runtime, whose Python side converts only what numpy knows."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from onpar_host.packages import require
from onpar_host.tensor import Tensor

ONNX_BFLOAT16 = 16
"""TensorProto.BFLOAT16."""


def ort_value(tensor: Tensor) -> Any:
    """An OrtValue of any dtype; bfloat16 goes in as its bits with ONNX's number for the type."""
    ort_class = require("onnxruntime").OrtValue
    if tensor.dtype == "bfloat16":
        return ort_class.ortvalue_from_numpy_with_onnx_type(np.array(tensor.array), ONNX_BFLOAT16)
    return ort_class.ortvalue_from_numpy(tensor.array)


def tensor_of(value: Any) -> Tensor | np.ndarray:
    """An OrtValue's content: a Tensor for bfloat16, else what ONNX Runtime makes of it."""
    if value.data_type() != "tensor(bfloat16)":
        return value.numpy()
    shape = tuple(value.shape())
    size = 2 * int(np.prod(shape, dtype=np.int64))
    bits = np.frombuffer(ctypes.string_at(value.data_ptr(), size), dtype=np.uint16)
    return Tensor(bits.reshape(shape), "bfloat16")
