"""A tensor as records know it: a numpy array beside the name of its element type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

NUMPY_DTYPES = (
    *("float64", "float32", "float16", "int64", "int32", "int16", "int8"),
    *("uint64", "uint32", "uint16", "uint8", "bool"),
)
DTYPES = (*NUMPY_DTYPES, "bfloat16", "string")
FLOATS = ("float64", "float32", "float16", "bfloat16")
HALVES = ("float16", "bfloat16")


class DtypeError(ValueError):
    """The element type is none that a tensor record can hold."""


@dataclass(frozen=True)
class Tensor:
    """`array` holds uint16 bit patterns for `bfloat16` and str objects for `string`."""

    array: np.ndarray
    dtype: str

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    def info(self, name: str) -> dict[str, Any]:
        """`{name, dtype, shape}` as in records."""
        return {"name": name, "dtype": self.dtype, "shape": [int(d) for d in self.shape]}

    def laid_out(self, axes: list[int] | None) -> Tensor:
        """With its axes in this order; a tensor of another rank stays, to be refused by its shape."""
        if axes is None or len(axes) != self.array.ndim:
            return self
        return Tensor(np.ascontiguousarray(self.array.transpose(axes)), self.dtype)

    def laid_back(self, axes: list[int] | None) -> Tensor:
        """The tensor that `laid_out` with these axes would have made this one of."""
        return self.laid_out(None if axes is None else [axes.index(i) for i in range(len(axes))])

    def to_float64(self) -> np.ndarray:
        """Values as float64, exact for every float type."""
        if self.dtype == "bfloat16":
            bits = self.array.astype(np.uint32) << np.uint32(16)
            return bits.view(np.float32).astype(np.float64)
        return self.array.astype(np.float64)


def as_tensor(value: Any) -> Tensor:
    """Any array-like (numpy, list, scalar) as a Tensor; bytes are read as UTF-8.

    Raises DtypeError for complex, float8, object and other types outside DTYPES.
    """
    array = np.asarray(value)
    if array.dtype.kind in "USOT":
        return Tensor(_strings(array), "string")
    name = array.dtype.name
    if name == "bfloat16":
        return Tensor(array.view(np.uint16), "bfloat16")
    if name not in NUMPY_DTYPES:
        raise DtypeError(f"dtype {name} is not one of {', '.join(DTYPES)}")
    return Tensor(array, name)


def _strings(array: np.ndarray) -> np.ndarray:
    flat = np.empty(array.size, dtype=object)
    for index, item in enumerate(array.ravel().tolist()):
        if isinstance(item, bytes):
            item = item.decode("utf-8", "replace")
        if not isinstance(item, str):
            raise DtypeError(f"an array of objects holds a {type(item).__name__}, not text")
        flat[index] = item
    return flat.reshape(array.shape)


def cast_exactly(tensor: Tensor, dtype: str) -> Tensor | None:
    """The same values in another element type, or None where one of them does not survive."""
    if tensor.dtype == dtype:
        return tensor
    if "string" in (tensor.dtype, dtype) or "bfloat16" in (tensor.dtype, dtype):
        return None
    with np.errstate(all="ignore"):
        cast = tensor.array.astype(dtype)
        back = cast.astype(tensor.array.dtype)
    equal_nan = tensor.array.dtype.kind == "f" and cast.dtype.kind == "f"
    same = np.array_equal(back, tensor.array, equal_nan=equal_nan)
    return Tensor(cast, dtype) if same else None


def rounded_to_half(tensor: Tensor, dtype: str) -> Tensor:
    """Floats in one of HALVES: to nearest, ties to even (IEEE 754-2019 §4.3.1), beyond it infinity."""
    if dtype == "bfloat16":
        return Tensor(_bfloat16_bits(tensor.to_float64()), dtype)
    values = tensor.array if tensor.dtype != "bfloat16" else tensor.to_float64()
    with np.errstate(over="ignore", under="ignore"):
        return Tensor(values.astype(np.float16), dtype)


def _bfloat16_bits(values: np.ndarray) -> np.ndarray:
    """The upper halves of float32 patterns; straight from the double, so that nothing rounds twice."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        near = values.astype(np.float32)
        bits = near.view(np.uint32)
        # Rounding to odd first keeps what the float32 lost from looking like a tie.
        inexact = near.astype(np.float64) != values
        away = np.abs(near.astype(np.float64)) > np.abs(values)
        odd = np.where(inexact & np.isfinite(near), np.where(away, bits - 1, bits) | 1, bits)
    odd = odd.astype(np.uint32)
    rounded = (odd + np.uint32(0x7FFF) + ((odd >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    return np.where(np.isnan(values), np.uint16(0x7FC0), rounded.astype(np.uint16))
