"""Exported programs (`.pt2`), run as the module that torch.export makes of them."""

from __future__ import annotations

from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError, failing_as
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.variant import Variant

from ..device import Device, device_of
from ..execution import Feed, TorchSession, as_variant
from ..facts import dtype_name
from ..forward import Call
from ..programs import Program, load_program, untrained_operators
from ..taps.sources import ProgramSource


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
    """Raises WorkerError `trust-required`, `model-load-failed` for what is no exported program, or
    `runtime-unavailable` without the device that was asked for.
    """
    device = device_of(options, variant)
    program = load_program(model, device)
    # Before a variant changes the weights, which the program shares with the module made of it.
    source = ProgramSource(program) if taps else None
    session = ProgramSession(program, model, options, variant, device)
    if source is not None:
        session.tap(source, model.format, model.root, variant is not None and variant.float64)
    return session


class ProgramSession(TorchSession):
    """`program.module()`, which checks the sizes that the program was exported for."""

    def __init__(
        self,
        program: Program,
        model: Model,
        options: dict[str, Any],
        variant: Variant | None,
        device: Device,
    ) -> None:
        exported = program.exported
        with failing_as("model-load-failed", model.shown, model.root):
            module = exported.module()
        _name_transposed(module)
        weights = list(module.parameters())
        facts: dict[str, Any] = {
            "forwardParameters": program.names,
            "parameters": sum(p.numel() for p in weights),
            "parameterDtypes": sorted({dtype_name(p.dtype) for p in weights}),
            "nodes": len(exported.graph.nodes),
            "sizes": {
                str(symbol): str(sizes) for symbol, sizes in exported.range_constraints.items()
            },
        }
        trained = untrained_operators(exported)
        if trained:
            facts["training"] = trained
        self._program = program
        ready = as_variant(module, variant, model.root)
        super().__init__(module, program.contract.inputs, options, facts, ready, device)
        self.contract: Contract = program.contract

    def call_for(self, names: list[str]) -> Call:
        own = self._program.names
        if set(names) == set(own):
            return Call(own, {})
        if len(names) != len(own):
            raise WorkerError(
                "input-mismatch",
                f"inputs {', '.join(names) or 'none'} do not fit the program, "
                f"which takes {', '.join(own) or 'none'}",
                fix=f"name the suite's inputs as the program does: {', '.join(own)}",
            )
        return Call(names, {})

    def arguments(self, feed: Feed) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return self._program.arguments([feed.tensors[n] for n in feed.call.positional])

    def run(self, feed: Feed) -> Any:
        args, kwargs = self.arguments(feed)
        return self.module(*args, **kwargs)


def _name_transposed(module: Any) -> None:
    """Says which owners of weights were transposed convolutions: their output channels are axis 1.

    An exported program keeps the tree of modules but not their classes; the graph still tells.
    """
    for node in module.graph.nodes:
        if "conv_transpose" not in str(node.target) or len(node.args) < 2:
            continue
        weight = node.args[1]
        if getattr(weight, "op", None) == "get_attr":
            owner, _, _ = weight.target.rpartition(".")
            module.get_submodule(owner).original_name = "ConvTranspose"
