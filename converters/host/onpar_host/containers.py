"""Values that are not one tensor: how a sequence, a map and an optional value travel as named tensors.

| container | tensors |
| --- | --- |
| `sequence` | `x.length` (int64, 0-d), `x[0]`, `x[1]` … |
| `optional` | `x.present` (bool, 0-d) and, where there is a value, `x` |
| `optional-sequence` | `x.present` and, where there is a value, the tensors of the sequence |
| `map` | `x.keys` and `x.values`, one element each |
| `sequence-of-maps` | `x.keys` [keys] and `x.values` [maps, keys]: all maps have the same keys |

In a sample `x.length` and `x.present` may be left out: what is there tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import WorkerError
from .tensor import Tensor, as_tensor

CONTAINERS = ("sequence", "optional", "optional-sequence", "map", "sequence-of-maps")


def flattened(name: str, value: Any, container: str) -> dict[str, Tensor]:
    """What a runtime gave for `name`, as tensors. `value`: a list, a dict, an array, or None.

    Raises WorkerError `run-failed` for maps of one sequence that differ in their keys.
    """
    if container.startswith("optional"):
        present = {f"{name}.present": Tensor(np.array(value is not None), "bool")}
        if value is None:
            return present
        inner = container.removeprefix("optional").removeprefix("-")
        return {**present, **(flattened(name, value, inner) if inner else {name: _tensor(value)})}
    if container == "sequence":
        length = Tensor(np.array(len(value), dtype=np.int64), "int64")
        items = {f"{name}[{index}]": _tensor(item) for index, item in enumerate(value)}
        return {f"{name}.length": length, **items}
    if container == "map":
        return _columns(name, list(value), np.asarray(list(value.values())))
    return _columns(name, *_table(name, value))


def _table(name: str, maps: list[dict[Any, Any]]) -> tuple[list[Any], np.ndarray]:
    keys = list(maps[0]) if maps else []
    if any(set(each) != set(keys) for each in maps):
        raise WorkerError(
            "run-failed",
            f"output {name} is a sequence of maps that differ in their keys",
            fix="export without ZipMap",
        )
    rows = [[each[key] for key in keys] for each in maps]
    # ONNX's maps hold float or double; Python's own numbers do not tell which.
    return keys, np.asarray(rows, dtype=np.float32).reshape(len(maps), len(keys))


def _columns(name: str, keys: list[Any], values: np.ndarray) -> dict[str, Tensor]:
    named = as_tensor(np.asarray(keys, dtype=object) if _is_text(keys) else np.asarray(keys, int))
    return {f"{name}.keys": named, f"{name}.values": as_tensor(values)}


def _is_text(keys: list[Any]) -> bool:
    return bool(keys) and isinstance(keys[0], str)


def _tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else as_tensor(value)


def is_part(tensor: str, name: str) -> bool:
    """Whether a tensor of a sample belongs to the container `name`."""
    return tensor == name or (tensor.startswith(name) and tensor[len(name)] in ".[")


def gathered(name: str, tensors: Mapping[str, Tensor], container: str) -> Any:
    """The other way: a list of arrays, an array, a dict, a list of dicts, or None.

    Raises WorkerError `input-mismatch` for tensors that do not add up.
    """
    parts = {key: tensor for key, tensor in tensors.items() if is_part(key, name)}
    if container.startswith("optional"):
        return _optional(name, parts, container)
    if container == "sequence":
        return _sequence(name, parts)
    keys, values = (_needed(name, parts, part) for part in ("keys", "values"))
    if container == "map":
        return dict(zip(keys.tolist(), values.tolist(), strict=True))
    return [dict(zip(keys.tolist(), row, strict=True)) for row in values.tolist()]


def _optional(name: str, parts: dict[str, Tensor], container: str) -> Any:
    flag = parts.pop(f"{name}.present", None)
    present = bool(flag.array) if flag is not None else bool(parts)
    if not present:
        return None
    return _sequence(name, parts) if container == "optional-sequence" else _needed(name, parts, "")


def _sequence(name: str, parts: dict[str, Tensor]) -> list[np.ndarray]:
    declared = parts.pop(f"{name}.length", None)
    length = len(parts) if declared is None else int(declared.array)
    wanted = [f"{name}[{index}]" for index in range(length)]
    if set(wanted) != set(parts):
        raise WorkerError(
            "input-mismatch",
            f"the sequence {name} has {length} items, the sample {', '.join(parts) or 'none'}",
            fix=f"name them {name}[0], {name}[1] …",
        )
    return [parts[key].array for key in wanted]


def _needed(name: str, parts: dict[str, Tensor], part: str) -> np.ndarray:
    key = f"{name}.{part}" if part else name
    if key not in parts:
        raise WorkerError("input-mismatch", f"the sample lacks {key}")
    return parts[key].array
