"""Frozen graphs (GraphDef) on TensorFlow."""

from __future__ import annotations

from typing import Any

from onpar_host.apart import outputs_apart
from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError, describe_exception
from onpar_host.graph import OpGraph
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.tensor import Tensor
from onpar_host.variant import Variant

from ..graph_float64 import check_agreement, unsupported, widened
from ..graph_taps import GraphTaps
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
    taps: bool = False,
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
    session = FrozenGraphSession(frozen, model, options["grappler"], threads, twin)
    if taps:
        session.look_into(frozen)
    return session


def _twin(frozen: FrozenGraph, model: Model) -> FrozenGraph:
    """The graph in float64 with the same ends."""
    wide = widened(frozen.graph_def, model)
    try:
        return open_graph(wide, model, [], list(frozen.inputs), list(frozen.outputs))
    except WorkerError as error:
        raise unsupported(model, error.message) from error


class FrozenGraphSession(Session):
    """A pruned function, called with its inputs in order."""

    def __init__(
        self,
        frozen: FrozenGraph,
        model: Model,
        grappler: bool,
        threads: int,
        twin: FrozenGraph | None,
    ) -> None:
        super().__init__(
            frozen.contract, {**frozen.facts, "threads": threads, "grappler": grappler}
        )
        self._function = frozen.pruned()
        self._grappler = grappler
        self._model = model
        self._wide = twin
        self._twin = None if twin is None else twin.pruned()
        self._verified = False
        self._taps: GraphTaps | None = None

    def look_into(self, frozen: FrozenGraph) -> None:
        """Makes ready for `graph`."""
        self._taps = GraphTaps("graphdef", frozen.function, frozen.inputs, frozen.outputs)

    def graph(self) -> OpGraph:
        if self._taps is None:
            return super().graph()
        return self._taps.graph(None if self._wide is None else "float64")

    def execute_tapped(
        self, feed: list[Any], names: list[str]
    ) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        if self._taps is None:
            return super().execute_tapped(feed, names)
        result = self.execute(feed)
        ends = [spec.name for spec in self.contract.outputs]
        asked = list(dict.fromkeys((*ends, *names)))
        wide = self._wide
        fed = feed if wide is None else _widened(feed)
        tensors, missing = self._taps.values(fed, asked, None if wide is None else wide.function)
        self.apart = outputs_apart(self.collect(result), {name: tensors[name] for name in ends})
        return result, {name: tensors[name] for name in names if name in tensors}, missing

    def prepare(self, inputs: dict[str, Tensor]) -> list[Any]:
        return [to_tensorflow(inputs[spec.name]) for spec in self.contract.inputs]

    def execute(self, feed: list[Any]) -> list[Any]:
        set_grappler(self._grappler)
        if self._twin is None:
            return list(self._function(*feed))
        return self._in_float64(feed)

    def _in_float64(self, feed: list[Any]) -> list[Any]:
        tf = require("tensorflow")
        wide = _widened(feed)
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
        self._function = self._twin = self._wide = self._taps = None


def _widened(feed: list[Any]) -> list[Any]:
    tf = require("tensorflow")
    return [tf.cast(t, tf.float64) if t.dtype == tf.float32 else t for t in feed]
