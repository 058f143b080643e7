"""Frozen graphs (GraphDef) on TensorFlow."""

from __future__ import annotations

from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError, describe_exception
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.tensor import Tensor
from onpar_host.variant import Variant

from ..graph_float64 import check_agreement, unsupported, widened
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
    """Raises WorkerError `model-load-failed`, `graph-endpoints`, `variant-unsupported`."""
    require("tensorflow").random.set_seed(0)
    threads = set_threads(options["threads"])
    graph_def = read_graph_def(model)
    if variant is not None and variant.perturb is not None:
        perturb_graph(graph_def, variant.perturb)
    frozen = open_graph(graph_def, model, inputs, options["inputs"], options["outputs"])
    twin = None
    if variant is not None and variant.float64:
        twin = _twin(frozen, model)
    return FrozenGraphSession(frozen, model, options["grappler"], threads, twin)


def _twin(frozen: FrozenGraph, model: Model) -> Any:
    """The graph in float64 with the same ends."""
    wide = widened(frozen.graph_def, model)
    try:
        return open_graph(wide, model, [], list(frozen.inputs), list(frozen.outputs)).pruned()
    except WorkerError as error:
        raise unsupported(model, error.message) from error


class FrozenGraphSession(Session):
    """A pruned function, called with its inputs in order."""

    def __init__(
        self, frozen: FrozenGraph, model: Model, grappler: bool, threads: int, twin: Any
    ) -> None:
        super().__init__(
            frozen.contract, {**frozen.facts, "threads": threads, "grappler": grappler}
        )
        self._function = frozen.pruned()
        self._grappler = grappler
        self._model = model
        self._twin = twin
        self._verified = False

    def prepare(self, inputs: dict[str, Tensor]) -> list[Any]:
        return [to_tensorflow(inputs[spec.name]) for spec in self.contract.inputs]

    def execute(self, feed: list[Any]) -> list[Any]:
        set_grappler(self._grappler)
        if self._twin is None:
            return list(self._function(*feed))
        return self._in_float64(feed)

    def _in_float64(self, feed: list[Any]) -> list[Any]:
        tf = require("tensorflow")
        wide = [tf.cast(t, tf.float64) if t.dtype == tf.float32 else t for t in feed]
        try:
            result = list(self._twin(*wide))
        except tf.errors.OpError as error:
            # An operator without a float64 kernel shows only now.
            why = describe_exception(error, self._model.root)
            raise unsupported(self._model, why) from error
        # The first sample that has something to tell decides whether the twin can be trusted.
        if not self._verified:
            self._verified = check_agreement(list(self._function(*feed)), result, self._model)
        return result

    def collect(self, result: list[Any]) -> dict[str, Tensor]:
        names = [spec.name for spec in self.contract.outputs]
        return {
            name: from_tensorflow(name, value) for name, value in zip(names, result, strict=True)
        }

    def close(self) -> None:
        self._function = self._twin = None
