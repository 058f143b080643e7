"""Loading a weights file into a module: every key must fit."""

from __future__ import annotations

import os
import pickle
from typing import Any

from onpar_host.errors import WorkerError, failure_of
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.safetensors import SafetensorsError, read_tensors
from onpar_host.tracebacks import shown_path

from .tensors import to_torch

NESTED_KEYS = ("state_dict", "model_state_dict")
"""Where training frameworks put the weights inside their checkpoints."""


def load_weights(module: Any, model: Model) -> None:
    """Loads `model.weights` strictly; a tied tensor may be stored once.

    Raises WorkerError `weights-mismatch` naming every missing, unexpected and misshapen key,
    `model-load-failed` for a file that is none, `trust-required` for one with more than tensors.
    """
    path = model.weights
    if path is None:
        return
    stored = _read(path, model)
    own = module.state_dict()
    missing = [key for key in own if key not in stored and not _tied(key, own, stored)]
    unexpected = [key for key in stored if key not in own]
    shapes = [
        f"{key} is {_shape(stored[key])} in the file, {_shape(own[key])} in the model"
        for key in own
        if key in stored and _shape(stored[key]) != _shape(own[key])
    ]
    if missing or unexpected or shapes:
        raise _mismatch(model, missing, unexpected, shapes)
    module.load_state_dict(stored, strict=False)


def _read(path: str, model: Model) -> dict[str, Any]:
    shown = shown_path(path, model.root)
    if path.endswith(".safetensors"):
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


def _shape(value: Any) -> list[int]:
    return list(getattr(value, "shape", []))


def _tied(key: str, own: dict[str, Any], stored: dict[str, Any]) -> bool:
    """safetensors stores a shared tensor once, under one of its names."""
    mine = own[key]
    if not hasattr(mine, "data_ptr") or mine.numel() == 0:
        return False
    return any(
        other != key
        and other in stored
        and value.data_ptr() == mine.data_ptr()
        and value.shape == mine.shape
        for other, value in own.items()
        if hasattr(value, "data_ptr")
    )


def _mismatch(
    model: Model, missing: list[str], unexpected: list[str], shapes: list[str]
) -> WorkerError:
    parts = [
        f"{name}: {', '.join(keys)}"
        for name, keys in (("missing", missing), ("unexpected", unexpected), ("shapes", shapes))
        if keys
    ]
    shown = os.path.basename(model.weights or "")
    return WorkerError(
        "weights-mismatch",
        f"weights {shown} do not fit {model.shown}; {'; '.join(parts)}",
        fix=_prefix_hint(missing, unexpected) or "use the weights of exactly this model",
        detail="\n".join(parts),
    )


def _prefix_hint(missing: list[str], unexpected: list[str]) -> str | None:
    for key in missing:
        for other in unexpected:
            if other.endswith(f".{key}"):
                prefix = other[: -len(key)]
                return f"the file's keys start with `{prefix}`: strip it when you save"
    return None
