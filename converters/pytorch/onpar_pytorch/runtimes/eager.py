"""PyTorch as the user runs it, eager or compiled by torch.compile, on the CPU or with CUDA."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.examples import own_example_inputs
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.tensor import Tensor
from onpar_host.variant import Variant

from ..device import Device, device_of
from ..execution import Feed, TorchSession, as_variant
from ..facts import module_facts
from ..forward import Call, forward_parameters, plan_call
from ..loading import load_module
from ..taps.sources import ModuleSource, copied, module_key
from ..tensors import from_torch
from .compiling import Compiled


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
    """Raises WorkerError with the codes of loading (docs/worker-protocol.md), and
    `runtime-unavailable` without the device that was asked for.
    """
    device = device_of(options, variant)
    module, source = load_module(model)
    # A variant changes the module in place; what is exported is the one that is deployed.
    deployed = (module if variant is None else copied(module)) if taps else None
    session = EagerSession(module, source, model, inputs, options, variant, device)
    if taps:
        exports = None if deployed is None else ModuleSource(deployed, inputs, module_key(model))
        wide = variant is not None and variant.float64
        session.tap(exports, model.format, model.root, wide)
    return session


class EagerSession(TorchSession):
    """An nn.Module in the mode in which the user's code returned it."""

    def __init__(
        self,
        module: Any,
        source: ModuleType | None,
        model: Model,
        inputs: list[TensorSpec],
        options: dict[str, Any],
        variant: Variant | None,
        device: Device,
    ) -> None:
        facts = module_facts(module)
        ready = as_variant(module, variant, model.root)
        # Code is made for float32: in float64 the same modules are evaluated one by one.
        wide = variant is not None and variant.float64
        self._compiled = (
            Compiled(device.put(module)) if options.get("compile") and not wide else None
        )
        if self._compiled is not None:
            facts["compiled"] = {"backend": "inductor", "compiler": self._compiled.compiler}
        super().__init__(module, inputs, options, facts, ready, device)
        self._source = source
        self._model = model
        self._parameters = forward_parameters(module)

    def call_for(self, names: list[str]) -> Call:
        return plan_call(names, self._parameters)

    def run(self, feed: Feed) -> Any:
        return super().run(feed) if self._compiled is None else self._compiled.run(feed.run)

    def close(self) -> None:
        self._compiled = None
        super().close()

    def example_inputs(self) -> dict[str, Tensor] | None:
        if self._source is None:
            return None
        names = self.facts["forwardParameters"]
        return own_example_inputs(self._source, self._model, names, from_torch)
