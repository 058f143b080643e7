"""What a function returned, flat and named as PyTorch's runtime names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from onpar_host.tensor import Tensor, as_tensor


def named(result: Any) -> dict[str, Any]:
    """An array is `output`; a tuple `output_0`, `output_1` …; dicts and named tuples keep their keys.

    JAX sorts a dict by its keys on the way through jit, so they come sorted with and without it.
    """
    parts = _parts(result)
    return {"output": result} if parts is None else dict(_walk(result, ""))


def tensors(result: Any) -> dict[str, Tensor]:
    """The same as tensors on the host."""
    return {name: as_tensor(np.asarray(value)) for name, value in named(result).items()}


def _parts(value: Any) -> list[tuple[str, Any]] | None:
    if isinstance(value, Mapping):
        return [(str(key), value[key]) for key in sorted(value, key=str)]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(field, getattr(value, field)) for field in value._fields]
    if isinstance(value, (tuple, list)):
        return [(str(index), item) for index, item in enumerate(value)]
    return None


def _walk(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    parts = _parts(value)
    if parts is None:
        if value is not None:
            yield name, value
        return
    numbered = isinstance(value, (tuple, list)) and not hasattr(value, "_fields")
    for key, item in parts:
        prefix = name or ("output" if numbered else "")
        yield from _walk(item, f"{prefix}_{key}" if prefix else key)
