"""A torch module from what the request names."""

from __future__ import annotations

import zipfile
from types import ModuleType
from typing import Any

from onpar_host.errors import WorkerError, failing_as
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.user_code import build_model

from .weights import load_weights


def load_module(model: Model) -> tuple[Any, ModuleType | None]:
    """The module with its weights on the CPU, and the user's Python file it came from, if any.

    It stays in the mode (training or not) in which the user's code left it.
    """
    torch = require("torch")
    # An earlier model's code may have changed the default, which would change this one.
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    if model.is_python:
        module, source = build_model(
            model, lambda value: isinstance(value, torch.nn.Module), "a torch.nn.Module"
        )
    else:
        module, source = _unpickled(model), None
    load_weights(module, model)
    return module.to("cpu"), source


def _unpickled(model: Model) -> Any:
    torch = require("torch")
    if _is_torchscript(model.path):
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} is a TorchScript archive",
            fix=f"name it as torchscript:{model.shown}",
        )
    model.require_trust("is a pickled module")
    with failing_as("model-load-failed", model.shown, model.root):
        loaded = torch.load(model.path, map_location="cpu", weights_only=False)
    if not isinstance(loaded, torch.nn.Module):
        raise WorkerError(
            "model-not-returned",
            f"{model.shown} holds a {type(loaded).__name__}, not a torch.nn.Module",
            fix="name the Python file that builds the model, and give this file as its `weights`",
        )
    return loaded


def _is_torchscript(path: str) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())
