"""safetensors by hand on numpy: users' own environments need not have the package.

Layout: 8 bytes little-endian header length, JSON header padded with blanks, then the data.
Order, which the header lacks, and string tensors follow docs/worker-protocol.md.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from .tensor import Tensor

ORDER = "onpar.order"
STRINGS = "onpar.strings"
MAP_FROM = 1 << 20
"""Files from 1 MiB on are mapped: for smaller ones one read is quicker."""
MAX_HEADER = 100_000_000
"""The limit of the safetensors format itself."""

_NAMES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}
_CODES = {name: code for code, name in _NAMES.items()}


class SafetensorsError(ValueError):
    """The file is not safetensors, or holds an element type that records lack."""


def _storage_dtype(dtype: str) -> np.dtype[Any]:
    return np.dtype(np.uint16 if dtype == "bfloat16" else dtype).newbyteorder("<")


def read_tensors(path: str) -> dict[str, Tensor]:
    """Tensors in their written order, as read-only views of the file.

    Raises SafetensorsError when the file is malformed, OSError when it cannot be read.
    """
    data = _bytes_of(path)
    header, start = _header(data, path)
    metadata = header.pop("__metadata__", {})
    try:
        strings: dict[str, list[int]] = json.loads(metadata.get(STRINGS, "{}"))
        order: list[str] = json.loads(metadata.get(ORDER, "[]"))
        by_offset = sorted(header, key=lambda name: header[name]["data_offsets"])
        names = [*order, *(name for name in by_offset if name not in order)]
        return {n: _view(data, start, n, header[n], strings.get(n)) for n in names}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SafetensorsError(f"{os.path.basename(path)}: bad header ({error})") from error


def _bytes_of(path: str) -> np.ndarray:
    if os.path.getsize(path) >= MAP_FROM:
        return np.memmap(path, dtype=np.uint8, mode="r")
    with open(path, "rb") as file:
        return np.frombuffer(file.read(), dtype=np.uint8)


def _header(data: np.ndarray, path: str) -> tuple[dict[str, Any], int]:
    name = os.path.basename(path)
    if data.size < 8:
        raise SafetensorsError(f"{name}: {data.size} bytes are no safetensors file")
    length = int.from_bytes(data[:8].tobytes(), "little")
    if length > min(MAX_HEADER, data.size - 8):
        raise SafetensorsError(f"{name}: not a safetensors file, or cut short")
    try:
        header = json.loads(data[8 : 8 + length].tobytes())
    except ValueError as error:
        raise SafetensorsError(f"{name}: its header is not JSON") from error
    if not isinstance(header, dict):
        raise SafetensorsError(f"{name}: its header is not a map")
    return header, 8 + length


def _view(
    data: np.ndarray, start: int, name: str, entry: dict[str, Any], text_shape: list[int] | None
) -> Tensor:
    code = entry["dtype"]
    if code not in _NAMES:
        raise SafetensorsError(f"tensor {name} has dtype {code}, which onpar does not read")
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end <= data.size - start:
        raise SafetensorsError(f"tensor {name} reaches past the end of the file")
    part = data[start + begin : start + end]
    if text_shape is not None:
        return Tensor(_split_text(part.tobytes(), text_shape), "string")
    array = np.asarray(part).view(_storage_dtype(_NAMES[code])).reshape(entry["shape"])
    return Tensor(array, _NAMES[code])


def _split_text(joined: bytes, shape: list[int]) -> np.ndarray:
    count = int(np.prod(shape, dtype=np.int64))
    flat = np.empty(count, dtype=object)
    if count:
        flat[:] = [part.decode("utf-8") for part in joined.split(b"\0")]
    return flat.reshape(shape)


def write_tensors(path: str, tensors: Mapping[str, Tensor]) -> None:
    """Writes the tensors; their order is kept in the metadata.

    Wide types come first in the data, so that every tensor is aligned to its own element size.
    Raises ValueError for a string with a zero byte, which the format cannot hold.
    """
    header: dict[str, Any] = {}
    chunks: list[Any] = []
    offset = 0
    for name in sorted(tensors, key=lambda n: -_item_size(tensors[n])):
        chunk, entry = _stored(name, tensors[name])
        size = chunk.nbytes
        header[name] = {**entry, "data_offsets": [offset, offset + size]}
        chunks.append(chunk)
        offset += size
    metadata = {ORDER: json.dumps(list(tensors))}
    strings = {n: list(t.shape) for n, t in tensors.items() if t.dtype == "string"}
    if strings:
        metadata[STRINGS] = json.dumps(strings)
    text = json.dumps({"__metadata__": metadata, **header}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for chunk in chunks:
            if chunk.nbytes:
                file.write(memoryview(chunk).cast("B"))


def _item_size(tensor: Tensor) -> int:
    return 1 if tensor.dtype == "string" else tensor.array.dtype.itemsize


def _stored(name: str, tensor: Tensor) -> tuple[np.ndarray, dict[str, Any]]:
    if tensor.dtype == "string":
        texts = tensor.array.ravel().tolist()
        if any("\0" in text for text in texts):
            raise ValueError(f"tensor {name} holds text with a zero byte")
        joined = np.frombuffer(b"\0".join(t.encode("utf-8") for t in texts), dtype=np.uint8)
        return joined, {"dtype": "U8", "shape": [joined.size]}
    array = np.ascontiguousarray(tensor.array)
    if sys.byteorder == "big":
        array = array.astype(array.dtype.newbyteorder("<"))
    return array, {"dtype": _CODES[tensor.dtype], "shape": [int(d) for d in tensor.shape]}
