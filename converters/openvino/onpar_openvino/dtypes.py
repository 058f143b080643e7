"""Element types and tensors of OpenVINO, and those of records."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_host.errors import WorkerError
from onpar_host.packages import require
from onpar_host.tensor import Tensor, as_tensor

DTYPES = {
    "f64": "float64",
    "f32": "float32",
    "f16": "float16",
    "bf16": "bfloat16",
    "i64": "int64",
    "i32": "int32",
    "i16": "int16",
    "i8": "int8",
    "u64": "uint64",
    "u32": "uint32",
    "u16": "uint16",
    "u8": "uint8",
    "boolean": "bool",
    "string": "string",
}
"""`ov.Type.get_type_name()` → dtype; others (i4, u1, f8e4m3 …) have none."""


def dtype_of(element_type: Any) -> str | None:
    """None for element types that no tensor record can hold, and for dynamic ones."""
    return DTYPES.get(element_type.get_type_name())


def to_openvino(tensor: Tensor) -> Any:
    """An `ov.Tensor` with a copy of the values."""
    ov = require("openvino")
    if tensor.dtype == "string":
        texts = np.array(tensor.array.tolist(), dtype=np.str_).reshape(tensor.shape)
        return ov.Tensor(texts)
    if tensor.dtype == "bfloat16":
        made = ov.Tensor(ov.Type.bf16, ov.Shape(list(tensor.shape)))
        bits_of(made)[...] = tensor.array
        return made
    # np.array keeps scalars scalar, which np.ascontiguousarray does not.
    return ov.Tensor(np.array(tensor.array, order="C"), shared_memory=False)


def from_openvino(name: str, given: Any) -> Tensor:
    """A copy of an `ov.Tensor`. Raises WorkerError `run-failed` for types that records do not know."""
    kind = given.get_element_type().get_type_name()
    if kind == "string":
        return as_tensor(np.array(given.str_data, dtype=object).reshape(list(given.shape)))
    if kind == "bf16":
        return Tensor(np.array(bits_of(given)), "bfloat16")
    if kind not in DTYPES:
        raise WorkerError(
            "run-failed",
            f"output {name} has the element type {kind}",
            fix=f"convert it in the model to one of {', '.join(DTYPES.values())}",
        )
    return as_tensor(np.array(given.data))


def bits_of(tensor: Any) -> np.ndarray:
    """The bit patterns of a bfloat16 `ov.Tensor` or `Constant` as a uint16 view.

    numpy has no bfloat16: OpenVINO hands the bits out under the name float16.
    """
    return np.asarray(tensor.data).view(np.uint16)
