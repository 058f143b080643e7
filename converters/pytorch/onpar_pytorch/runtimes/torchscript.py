"""TorchScript archives."""

from __future__ import annotations

import re
from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.errors import failing_as
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.variant import Variant

from ..device import Device, device_of
from ..execution import TorchSession, as_variant
from ..facts import dtype_name
from ..forward import Call

TRAINED = re.compile(r"Dropout|BatchNorm|RReLU")
"""Original class names whose answer depends on the mode; the classes themselves are gone."""


def version() -> str:
    """The package's version."""
    return require("torch").__version__


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
    taps: bool = False,
) -> Session:
    """Raises WorkerError `model-load-failed` for a file that is no TorchScript archive, and
    `runtime-unavailable` without the device that was asked for.
    """
    device = device_of(options, variant)
    torch = require("torch")
    torch.manual_seed(0)
    with failing_as(
        "model-load-failed",
        model.shown,
        model.root,
        fix="check that torch.jit.save wrote this file and that it is complete",
    ):
        module = torch.jit.load(model.path, map_location="cpu")
    session = ScriptSession(module, inputs, options, variant, model.root, device)
    if taps:
        session.tap(None, model.format, model.root, variant is not None and variant.float64)
    return session


class ScriptSession(TorchSession):
    """A ScriptModule; its forward schema names the inputs."""

    def __init__(
        self,
        module: Any,
        inputs: list[TensorSpec],
        options: dict[str, Any],
        variant: Variant | None,
        root: str,
        device: Device,
    ) -> None:
        self._names = [argument.name for argument in module.forward.schema.arguments[1:]]
        weights = list(module.parameters())
        facts: dict[str, Any] = {
            "forwardParameters": self._names,
            "parameters": sum(p.numel() for p in weights),
            "parameterDtypes": sorted({dtype_name(p.dtype) for p in weights}),
            "trainingMode": bool(module.training),
        }
        training = [
            name
            for name, part in module.named_modules()
            if part.training and TRAINED.search(part.original_name)
        ]
        if training:
            facts["training"] = training
        ready = as_variant(module, variant, root)
        super().__init__(module, inputs, options, facts, ready, device)

    def call_for(self, names: list[str]) -> Call:
        if names and all(name in self._names for name in names):
            return Call([], {name: name for name in names})
        return Call(names, {})
