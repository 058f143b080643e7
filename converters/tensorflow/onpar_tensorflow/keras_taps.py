"""Looking into a Keras model: what it computes, and the values of its layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError, describe_exception
from onpar_host.graph import OpGraph, SourcePlace
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.tensor import Tensor, as_tensor

from .keras_graph import KerasGraph, keras_graph
from .keras_models import named_results
from .keras_watch import Place, Trace, Watch, watching
from .tensors import from_tensorflow

Run = Callable[[dict[str, Any], bool], tuple[Any, dict[str, Any]]]
"""Runs the model eagerly on a sample (or, False, on made-up inputs); gives its result and the tensors
that it was really called with, by input."""

SIZES = (2, 8, 32, 64, 128, 224)
"""For dimensions that are open, the smallest first: convolutions and pools need room."""

ANOTHER_WAY = (
    "on this sample the model does other things than on the one that its graph was taken from"
)


class KerasTaps:
    """Watches calls of `root`, which is what `run` calls: the model or its float64 twin."""

    def __init__(
        self,
        run: Run,
        root: Any,
        model: Model,
        inputs: list[TensorSpec],
        written: Mapping[str, SourcePlace | None],
    ) -> None:
        self._run = run
        self._root = root
        self._model = model
        self._inputs = inputs
        self._written = written
        self._graph: KerasGraph | None = None

    def graph(self) -> OpGraph:
        """Raises WorkerError `taps-unsupported` where the model cannot be run without a sample."""
        return self._known().graph

    def execute(
        self, feed: dict[str, Any], names: list[str]
    ) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        """As Session.execute_tapped: values and result are of one and the same call."""
        known = self._known()
        wanted = {name: known.places[name] for name in names if name in known.places}
        result, fed, trace = self._watched(feed, frozenset(wanted.values()))
        same = trace.signature() == known.signature
        tensors: dict[str, Tensor] = {}
        missing: dict[str, str] = {}
        for name in names:
            if name in fed:
                tensors[name] = from_tensorflow(name, fed[name])
            elif name in known.weights:
                tensors[name] = as_tensor(known.weights[name].numpy())
            elif name not in wanted:
                missing[name] = "the model has no such tensor"
            elif not same or wanted[name] not in trace.kept:
                missing[name] = ANOTHER_WAY
            else:
                tensors[name] = from_tensorflow(name, trace.kept[wanted[name]])
        return result, tensors, missing

    def _known(self) -> KerasGraph:
        if self._graph is None:
            self._graph = self._traced()
        return self._graph

    def _traced(self) -> KerasGraph:
        error: Exception | None = None
        if not self._inputs:
            raise self._unsupported("it does not say what it takes; declare the suite's inputs")
        for size in SIZES:
            try:
                result, fed, trace = self._watched(self._blank(size))
            except WorkerError:
                raise
            except Exception as failed:
                error = error or failed
                continue
            return keras_graph(
                trace,
                self._at(size + 1),
                self._root.variables,
                {name: value._id for name, value in fed.items()},
                {
                    n: v._id
                    for n, v in named_results(self._root, result).items()
                    if hasattr(v, "_id")
                },
                self._written,
            )
        assert error is not None
        raise self._unsupported(describe_exception(error, self._model.root)) from error

    def _at(self, size: int) -> Trace | None:
        """None: not every size will do."""
        try:
            return self._watched(self._blank(size))[2]
        except Exception:
            return None

    def _blank(self, size: int) -> dict[str, Any]:
        """Zeros: legal for token ids, too."""
        tf = require("tensorflow")
        return {
            spec.name: tf.zeros(
                [dim if isinstance(dim, int) else size for dim in spec.shape or []],
                tf.as_dtype(spec.dtype or "float32"),
            )
            for spec in self._inputs
        }

    def _watched(
        self, feed: dict[str, Any], wanted: frozenset[Place] | None = None
    ) -> tuple[Any, dict[str, Any], Trace]:
        """With `wanted` the feed is a sample."""
        watch = Watch(self._root, self._model.root, wanted or frozenset())
        with watching(watch):
            result, fed = self._run(feed, wanted is not None)
        if watch.trace is None:
            raise self._unsupported("it was not called eagerly")
        return result, fed, watch.trace

    def _unsupported(self, why: str) -> WorkerError:
        return WorkerError("taps-unsupported", f"{self._model.shown} cannot be looked into: {why}")
