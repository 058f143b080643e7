"""Transformers as its users run it, on the CPU or with CUDA: the forward pass, without a cache."""

from __future__ import annotations

from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.variant import Variant
from onpar_pytorch.device import Device, device_of
from onpar_pytorch.execution import TorchSession, as_variant
from onpar_pytorch.facts import module_facts
from onpar_pytorch.forward import Call

from ..inputs import inputs_of
from ..loading import load_model


def version() -> str:
    """The package's version."""
    return require("transformers").__version__


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
) -> Session:
    """Raises WorkerError with the codes of ..loading and ..inputs, and `runtime-unavailable` without
    the device that was asked for.
    """
    device = device_of(options, variant)
    module = load_model(model, options["attention"])
    return TransformersSession(module, model, options, variant, device)


class TransformersSession(TorchSession):
    """A PreTrainedModel, called by the names of its forward; outputs by the fields of its answer."""

    def __init__(
        self,
        module: Any,
        model: Model,
        options: dict[str, Any],
        variant: Variant | None,
        device: Device,
    ) -> None:
        specs, roles = inputs_of(module, model)
        facts = {
            **module_facts(module),
            "forwardParameters": [spec.name for spec in specs],
            "architecture": type(module).__name__,
            "attention": getattr(module.config, "_attn_implementation", None),
            "torch": require("torch").__version__,
            "inputRoles": roles,
        }
        ready = as_variant(module, variant, model.root)
        super().__init__(module, specs, options, facts, ready, device)
        self.contract = Contract(specs, [], "declared")

    def call_for(self, names: list[str]) -> Call:
        return Call([], {name: name for name in names})
