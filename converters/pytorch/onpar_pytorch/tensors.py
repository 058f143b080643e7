"""Between onpar's tensors and torch's."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from onpar_host.errors import WorkerError
from onpar_host.packages import require
from onpar_host.tensor import Tensor, as_tensor


def to_torch(tensor: Tensor) -> Any:
    """A torch tensor that owns a copy of the data: a model may write into its inputs.

    Raises WorkerError `input-mismatch` for text.
    """
    torch = require("torch")
    if tensor.dtype == "string":
        raise WorkerError("input-mismatch", "a PyTorch model takes no text tensors")
    # Copied in C order, which also aligns what was mapped from a file.
    array = np.array(tensor.array, order="C", copy=True)
    if tensor.dtype == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def from_torch(value: Any) -> Tensor:
    """A torch tensor, or anything numpy takes. Raises DtypeError for complex and float8."""
    torch = require("torch")
    if not isinstance(value, torch.Tensor):
        return as_tensor(value)
    plain = value.detach()
    if plain.is_sparse or plain.layout != torch.strided:
        plain = plain.to_dense()
    if plain.is_quantized:
        plain = plain.dequantize()
    plain = plain.cpu().contiguous().resolve_conj().resolve_neg()
    if plain.dtype == torch.bfloat16:
        return Tensor(plain.view(torch.int16).numpy().view(np.uint16), "bfloat16")
    return as_tensor(plain.numpy())


def named_outputs(result: Any) -> dict[str, Any]:
    """What a module returned, flat and named, in order; None entries are left out.

    A tensor is `output`; a tuple `output_0`, `output_1` …; dicts, named tuples and data classes
    keep their own keys; nested parts are joined by `_`.
    """
    torch = require("torch")
    if isinstance(result, torch.Tensor) or not _parts(result):
        return {"output": result}
    return dict(_walk(result, ""))


def has_own_keys(result: Any) -> bool:
    """Whether the names of all outputs come from the model's author (keys, fields), none by counting."""
    parts = _parts(result)
    if not parts or (isinstance(result, (tuple, list)) and not hasattr(result, "_fields")):
        return False
    return all(_parts(item) is None or has_own_keys(item) for _, item in parts)


def _parts(value: Any) -> list[tuple[str, Any]] | None:
    if isinstance(value, Mapping):
        return [(str(key), item) for key, item in value.items()]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(field, getattr(value, field)) for field in value._fields]
    if isinstance(value, (tuple, list)):
        return [(str(index), item) for index, item in enumerate(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(f.name, getattr(value, f.name)) for f in dataclasses.fields(value)]
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


def collect_outputs(result: Any) -> dict[str, Tensor]:
    """Named outputs as tensors. Raises WorkerError `run-failed` naming one that is none."""
    collected = {}
    for name, value in named_outputs(result).items():
        try:
            collected[name] = from_torch(value)
        except (TypeError, ValueError) as error:
            raise WorkerError(
                "run-failed",
                f"output {name} is a {type(value).__name__} that cannot be compared: {error}",
                fix="return tensors, or tuples and dicts of them",
            ) from error
    return collected
