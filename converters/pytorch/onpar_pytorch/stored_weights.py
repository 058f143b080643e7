"""Reading weights: safetensors, what torch.save wrote, and either in shards behind an index."""

from __future__ import annotations

import json
import os
import pickle
from collections import defaultdict
from typing import Any

from onpar_host.errors import WorkerError, failure_of
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.safetensors import SafetensorsError, read_tensors
from onpar_host.tracebacks import shown_path

from .tensors import to_torch

NESTED_KEYS = ("state_dict", "model_state_dict")
"""Where training frameworks put the weights inside their checkpoints."""
INDEX = "weight_map"
"""Tensor name → shard, in the index that huggingface_hub writes (serialization/_torch.py)."""


def read_weights(path: str, model: Model) -> dict[str, Any]:
    """Tensors by name, on the CPU; entries of a checkpoint that are no tensors stay as they are.

    Raises WorkerError `model-load-failed` for a file that holds no weights or an index that its
    shards contradict, `model-file-missing` naming a missing shard, `trust-required` for a pickle
    with more than tensors.
    """
    shown = shown_path(path, model.root)
    shards = _shards(path, shown)
    if shards is None:
        return _one_file(path, model)
    loaded: dict[str, Any] = {}
    for name, listed in shards.items():
        held = _one_file(_shard_path(path, name, listed, shown), model)
        _check_shard(shown, name, listed, held)
        loaded.update(held)
    return loaded


def listed(names: list[str], most: int = 5) -> str:
    """`a, b, c and 7 more`."""
    shown = ", ".join(map(str, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _shards(path: str, shown: str) -> dict[str, list[str]] | None:
    """Shard → names of its tensors, in the index's order; None for a file that is no JSON."""
    with open(path, "rb") as file:
        if file.read(64).lstrip()[:1] != b"{":
            return None
    try:
        with open(path, encoding="utf-8") as file:
            table = json.load(file)[INDEX].items()
        shards: dict[str, list[str]] = defaultdict(list)
        for tensor, shard in table:
            shards[str(shard)].append(str(tensor))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise WorkerError(
            "model-load-failed",
            f"weights {shown} are JSON without a readable `{INDEX}` (tensor name → shard)",
            fix="name the index of a sharded checkpoint, as in model.safetensors.index.json",
        ) from error
    return dict(shards)


def _shard_path(index: str, name: str, listed_here: list[str], shown: str) -> str:
    folder = os.path.dirname(os.path.abspath(index))
    path = os.path.normpath(os.path.join(folder, name))
    if os.path.isabs(name) or not path.startswith(folder + os.sep):
        raise WorkerError(
            "model-load-failed",
            f"weights {shown} name the shard {name}, which lies outside their folder",
            fix="shards lie beside their index",
        )
    if not os.path.isfile(path):
        raise WorkerError(
            "model-file-missing",
            f"weights {shown}: the shard {name} is missing; it holds {listed(listed_here)}",
            fix=f"copy {name} beside the index",
        )
    return path


def _check_shard(shown: str, name: str, expected: list[str], held: dict[str, Any]) -> None:
    lacking = [tensor for tensor in expected if tensor not in held]
    extra = [tensor for tensor in held if tensor not in expected]
    if not lacking and not extra:
        return
    parts = [
        text
        for text, names in (
            (f"lacks {listed(lacking)}", lacking),
            (f"also holds {listed(extra)}", extra),
        )
        if names
    ]
    raise WorkerError(
        "model-load-failed",
        f"weights {shown}: the shard {name} {' and '.join(parts)}, other than the index says",
        fix="index and shards come from different saves: copy all of one save",
        detail="\n".join([*(f"lacks {t}" for t in lacking), *(f"also holds {t}" for t in extra)]),
    )


def _one_file(path: str, model: Model) -> dict[str, Any]:
    shown = shown_path(path, model.root)
    if _is_safetensors(path):
        try:
            return {name: to_torch(tensor) for name, tensor in read_tensors(path).items()}
        except (SafetensorsError, OSError) as error:
            raise WorkerError("model-load-failed", f"weights {shown}: {error}") from error
    torch = require("torch")
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=not model.trust)
    except pickle.UnpicklingError as error:
        if "weights_only" not in str(error).lower() and "weights only" not in str(error).lower():
            raise failure_of(
                error, "model-load-failed", f"weights {shown} are unreadable", model.root
            ) from error
        raise WorkerError(
            "trust-required",
            f"weights {shown} hold more than tensors, which runs code when they are opened",
            fix="save the state_dict alone, use safetensors, or say `trust: true` in the suite",
        ) from error
    except Exception as error:
        about = f"weights {shown} are no file that torch.save wrote"
        raise failure_of(error, "model-load-failed", about, model.root) from error
    return _state_dict(loaded, shown)


def _is_safetensors(path: str) -> bool:
    """By ending, or by content: a length of eight bytes, then the JSON header."""
    if path.endswith(".safetensors"):
        return True
    with open(path, "rb") as file:
        head = file.read(9)
    return head[8:] == b"{" and int.from_bytes(head[:8], "little") < os.path.getsize(path)


def _state_dict(loaded: Any, shown: str) -> dict[str, Any]:
    torch = require("torch")
    if isinstance(loaded, torch.nn.Module):
        return loaded.state_dict()
    if isinstance(loaded, dict):
        for key in NESTED_KEYS:
            if isinstance(loaded.get(key), dict):
                return loaded[key]
        return loaded
    raise WorkerError(
        "model-load-failed",
        f"weights {shown} hold a {type(loaded).__name__}, not a state dict",
        fix="save module.state_dict()",
    )
