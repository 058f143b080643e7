"""Frozen graphs (GraphDef) on TensorFlow."""

from __future__ import annotations

from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.tensor import Tensor
from onpar_host.variant import Variant

from ..graphdef import FrozenGraph, open_graph, read_graph_def
from ..grappler import set_grappler
from ..perturb import perturb_graph
from ..tensors import from_tensorflow, set_threads, to_tensorflow


def version() -> str:
    """TensorFlow's version."""
    return require("tensorflow").__version__


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
) -> Session:
    """Raises WorkerError `model-load-failed`, `graph-endpoints`."""
    require("tensorflow").random.set_seed(0)
    threads = set_threads(options["threads"])
    graph_def = read_graph_def(model)
    if variant is not None and variant.perturb is not None:
        perturb_graph(graph_def, variant.perturb)
    frozen = open_graph(graph_def, model, inputs, options["inputs"], options["outputs"])
    return FrozenGraphSession(frozen, options["grappler"], threads)


class FrozenGraphSession(Session):
    """A pruned function, called with its inputs in order."""

    def __init__(self, frozen: FrozenGraph, grappler: bool, threads: int) -> None:
        super().__init__(
            frozen.contract, {**frozen.facts, "threads": threads, "grappler": grappler}
        )
        self._function = frozen.pruned()
        self._grappler = grappler

    def prepare(self, inputs: dict[str, Tensor]) -> list[Any]:
        return [to_tensorflow(inputs[spec.name]) for spec in self.contract.inputs]

    def execute(self, feed: list[Any]) -> list[Any]:
        set_grappler(self._grappler)
        return list(self._function(*feed))

    def collect(self, result: list[Any]) -> dict[str, Tensor]:
        names = [spec.name for spec in self.contract.outputs]
        return {
            name: from_tensorflow(name, value) for name, value in zip(names, result, strict=True)
        }

    def close(self) -> None:
        self._function = None
