"""Running a module: shared by the eager and the TorchScript runtime."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onpar_host.contract import Contract, TensorSpec
from onpar_host.graph import OpGraph
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.stand_ins import stand_ins
from onpar_host.tensor import Tensor
from onpar_host.variant import Variant

from .device import Device
from .forward import Call
from .taps.tapping import Source, Tapping
from .tensors import collect_outputs, to_torch


@dataclass(frozen=True)
class Feed:
    """Tensors by input name, and how the module is called with them."""

    tensors: dict[str, Any]
    call: Call
    deployed: dict[str, Any] = field(default_factory=dict)
    """The same before a variant widened them."""

    def run(self, module: Any) -> Any:
        """Calls the module."""
        positional = [self.tensors[name] for name in self.call.positional]
        return module(*positional, **{p: self.tensors[n] for p, n in self.call.keywords.items()})


class TorchSession(Session):
    """A module; inputs by name or order of `forward`, no gradients.

    The contract repeats the inputs that the request declared: a module declares none itself.
    """

    def __init__(
        self,
        module: Any,
        inputs: list[TensorSpec],
        options: dict[str, Any],
        facts: dict[str, Any],
        variant: Any | None,
        device: Device,
    ) -> None:
        """`variant`: a VariantModule around `module`, or None for the deployed model."""
        torch = require("torch")
        self._variant = variant
        self._device = device
        self.module = device.put(module if variant is None else variant.module)
        self._default_threads = torch.get_num_threads()
        self._threads = options.get("threads") or self._default_threads
        facts = {**facts, "threads": self._threads, **device.facts(self.module)}
        # Names and order only: whether a dtype or size is refused is the module's to say.
        super().__init__(Contract(inputs=inputs, names="none"), facts)
        self._tapping: Tapping | None = None
        self._example: Feed | None = None

    def tap(self, source: Source | None, form: str, root: str, wide: bool) -> None:
        """Makes `graph` and `execute_tapped` possible; `source` exports the model (None: nothing does)."""
        self._tapping = Tapping(self, source, form, root, wide)

    def call_for(self, names: list[str]) -> Call:
        """How inputs of these names go into the module."""
        raise NotImplementedError

    def prepare(self, inputs: dict[str, Tensor]) -> Feed:
        tensors = deployed = {name: to_torch(t) for name, t in inputs.items()}
        if self._variant is not None:
            tensors = {name: self._variant.input(t) for name, t in tensors.items()}
        placed = {name: self._device.put(t) for name, t in tensors.items()}
        return Feed(placed, self.call_for(list(inputs)), deployed)

    def execute(self, feed: Feed, watched: AbstractContextManager[Any] | None = None) -> Any:
        """`watched` is entered first, so that it sees what a variant makes of the operators."""
        with watched or nullcontext(), self.computing():
            return self.run(feed)

    @contextmanager
    def computing(self) -> Iterator[None]:
        """The conditions of every run: threads, no gradients, the variant, the device."""
        torch = require("torch")
        # The thread count belongs to the process, which serves other sessions too.
        torch.set_num_threads(self._threads)
        try:
            running = self._variant.running() if self._variant else nullcontext()
            with torch.no_grad(), running, self._device.computing():
                yield
        finally:
            torch.set_num_threads(self._default_threads)

    def run(self, feed: Feed) -> Any:
        """Calls the module with what was fed."""
        return feed.run(self.module)

    def arguments(self, feed: Feed) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What `run` calls the module with."""
        call = feed.call
        positional = tuple(feed.tensors[name] for name in call.positional)
        return positional, {p: feed.tensors[name] for p, name in call.keywords.items()}

    def example(self, feed: Feed) -> None:
        self._example = feed

    def graph(self) -> OpGraph:
        if self._tapping is None:
            return super().graph()
        graph = self._tapping.graph(self._example or self.prepare(self._any_inputs()))
        self.graph_facts = self._tapping.facts
        return graph

    def _any_inputs(self) -> dict[str, Tensor]:
        """Raises WorkerError `taps-unsupported` where nothing tells what the model takes."""
        own = self.example_inputs()
        return own if own else stand_ins(self.contract.inputs)

    def execute_tapped(
        self, feed: Feed, names: list[str]
    ) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        if self._tapping is None:
            return super().execute_tapped(feed, names)
        return self._tapping.run(feed, names)

    @property
    def gpus(self) -> list[str]:
        """The device, if it is a GPU, as torch's random generators take it."""
        return [self._device.name] if self._device.on_gpu else []

    def collect(self, result: Any) -> dict[str, Tensor]:
        return collect_outputs(result)

    def mutated_inputs(self, feed: Feed, inputs: dict[str, Tensor]) -> list[str]:
        if self._variant is not None:
            return []
        return [name for name, t in inputs.items() if not _same_bits(feed.tensors[name], t)]

    def state(self) -> dict[str, Any]:
        tensors = [*self.module.named_parameters(), *self.module.named_buffers()]
        return {name: _stamp(tensor) for name, tensor in tensors}

    def generators(self) -> dict[str, bytes]:
        torch = require("torch")
        states = {"torch": torch.get_rng_state().numpy().tobytes()}
        if self._device.on_gpu:
            states["torch.cuda"] = torch.cuda.get_rng_state(self._device.name).numpy().tobytes()
        return states

    def close(self) -> None:
        self.module = self._variant = self._tapping = self._example = None


def as_variant(module: Any, variant: Variant | None, root: str) -> Any | None:
    """The module made ready for a variant, in place; None where none is asked for."""
    if variant is None:
        return None
    # Its modes derive from torch's classes, and torch is imported only once it is known to be there.
    from .variants.running import VariantModule

    return VariantModule(module, variant, root)


STAMPED_BYTES = 2**16
"""Statistics and counters are smaller; for what is larger the version counter has to do."""


def _stamp(tensor: Any) -> Any:
    """Equal as long as nobody writes into the tensor or puts another one in its place.

    The bytes are asked too, because kernels update batch statistics without counting it.
    """
    torch = require("torch")
    plain = tensor.layout == torch.strided and not tensor.is_quantized
    if plain and tensor.numel() * tensor.element_size() <= STAMPED_BYTES:
        held = tensor.detach().cpu().contiguous().reshape(-1)
        return held.view(torch.uint8).numpy().tobytes() if held.numel() else b""
    # Tensors made in inference mode count no writes.
    return None if tensor.is_inference() else (id(tensor), tensor._version)


def _same_bits(now: Any, given: Tensor) -> bool:
    if tuple(now.shape) != given.shape:
        return False
    torch = require("torch")
    bits = now.view(torch.int16) if now.dtype == torch.bfloat16 else now
    after, before = bits.cpu().contiguous().numpy(), np.ascontiguousarray(given.array)
    return after.tobytes() == before.tobytes()
