"""Loading weights into a module: every key must fit, nothing is loaded by half."""

from __future__ import annotations

import os
from typing import Any

from onpar_host.errors import WorkerError
from onpar_host.model import Model
from onpar_host.packages import require

from .stored_weights import listed, read_weights


def load_weights(module: Any, model: Model) -> None:
    """Loads `model.weights` strictly; a tied tensor may be stored once.

    torch itself decides what fits, so that modules which rename old keys or take their sizes from
    the file (lazy modules) load as they do in the user's code. Raises WorkerError
    `weights-mismatch` naming every missing, unexpected and misshapen key, else those of
    `read_weights`.
    """
    path = model.weights
    if path is None:
        return
    stored = read_weights(path, model)
    own = module.state_dict()
    odd = [repr(key) for key in stored if not isinstance(key, str)]
    if odd:
        raise _mismatch(model, [], odd, [], None)
    try:
        result = module.load_state_dict(stored, strict=False)
    except RuntimeError as error:
        # Raised for sizes and for what is no tensor, without the keys that are missing beside it.
        absent = [key for key in own if key not in stored and not _tied(key, own, stored)]
        extra = [key for key in stored if key not in own]
        shapes = _misshapen(own, stored) or [" ".join(str(error).split())]
        raise _mismatch(model, absent, extra, shapes, _nested_hint(own, stored)) from error
    missing = [key for key in result.missing_keys if not _tied(key, own, stored)]
    unexpected = list(result.unexpected_keys)
    if missing or unexpected:
        raise _mismatch(model, missing, unexpected, [], _nested_hint(own, stored))


def _misshapen(own: dict[str, Any], stored: dict[str, Any]) -> list[str]:
    found = []
    for key, mine in own.items():
        if key not in stored or _is_lazy(mine) or not hasattr(mine, "shape"):
            continue
        if not hasattr(stored[key], "shape"):
            found.append(f"{key} is a {type(stored[key]).__name__} in the file")
        elif _shape(stored[key]) != _shape(mine):
            found.append(f"{key} is {_shape(stored[key])} in the file, {_shape(mine)} in the model")
    return found


def _is_lazy(value: Any) -> bool:
    return require("torch").nn.parameter.is_lazy(value)


def _shape(value: Any) -> list[int]:
    return list(value.shape)


def _tied(key: str, own: dict[str, Any], stored: dict[str, Any]) -> bool:
    """safetensors stores a shared tensor once, under one of its names."""
    mine = own.get(key)
    if mine is None or _is_lazy(mine) or not hasattr(mine, "data_ptr") or mine.numel() == 0:
        return False
    return any(
        other != key
        and other in stored
        and not _is_lazy(value)
        and hasattr(value, "data_ptr")
        and value.data_ptr() == mine.data_ptr()
        and value.shape == mine.shape
        for other, value in own.items()
    )


def _mismatch(
    model: Model,
    missing: list[str],
    unexpected: list[str],
    shapes: list[str],
    nested: str | None,
) -> WorkerError:
    named = [
        (what, keys)
        for what, keys in (("missing", missing), ("unexpected", unexpected), ("shapes", shapes))
        if keys
    ]
    # A line that is cut off must not hide a whole kind of misfit: all keys stand in `detail`.
    parts = [f"{len(keys)} {what}: {listed(keys)}" for what, keys in named]
    shown = os.path.basename(model.weights or "")
    return WorkerError(
        "weights-mismatch",
        f"weights {shown} do not fit {model.shown}; {'; '.join(parts)}",
        fix=nested or _prefix_hint(missing, unexpected) or "use the weights of exactly this model",
        detail="\n".join(f"{what}: {', '.join(keys)}" for what, keys in named),
    )


def _nested_hint(own: dict[str, Any], stored: dict[str, Any]) -> str | None:
    for key, value in stored.items():
        if isinstance(value, dict) and any(name in own for name in value):
            return f"the weights lie under `{key}` in the file: save that part alone"
    return None


def _prefix_hint(missing: list[str], unexpected: list[str]) -> str | None:
    for key in missing:
        for other in unexpected:
            if other.endswith(f".{key}"):
                prefix = other[: -len(key)]
                return f"the file's keys start with `{prefix}`: strip it when you save"
    for key in missing:
        for other in unexpected:
            if key.endswith(f".{other}"):
                prefix = key[: -len(other)]
                return f"the model's keys start with `{prefix}`, the file's do not"
    return None
