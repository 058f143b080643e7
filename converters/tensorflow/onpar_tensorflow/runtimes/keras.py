"""Keras models on TensorFlow, in inference mode."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.examples import own_example_inputs
from onpar_host.graph import OpGraph, SourcePlace
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.tensor import Tensor, as_tensor
from onpar_host.variant import Variant

from ..keras_float64 import DoubleTwin
from ..keras_models import call, contract_of, load_keras, model_facts, named_results
from ..keras_taps import KerasTaps
from ..keras_watch import writing
from ..perturb import perturb_keras
from ..tensors import from_tensorflow, set_threads, to_tensorflow

STATE_ELEMENTS = 2**14
"""Channels of a batch norm, and then some."""


def version() -> str:
    """Keras' version."""
    return require("keras").__version__


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
    taps: bool = False,
) -> Session:
    """Raises WorkerError with the codes of loading (docs/worker-protocol.md)."""
    require("tensorflow")
    threads = set_threads(options["threads"])
    with writing(model.root) as written:
        built, source = load_keras(model)
    if variant is not None and not built.built:
        raise WorkerError(
            "variant-unsupported",
            f"{model.shown}: its weights do not exist before its first call",
            fix="call the model once, or build() it, before returning it",
        )
    if variant is not None and variant.perturb is not None:
        perturb_keras(built, variant.perturb)
    twin = DoubleTwin(built, model) if variant is not None and variant.float64 else None
    session = KerasSession(built, source, model, inputs, threads, twin)
    if taps:
        session.look_into(written)
    return session


class KerasSession(Session):
    """A keras.Model, called eagerly with `training=False`."""

    def __init__(
        self,
        built: Any,
        source: ModuleType | None,
        model: Model,
        inputs: list[TensorSpec],
        threads: int,
        twin: DoubleTwin | None,
    ) -> None:
        facts = {
            **model_facts(built),
            "threads": threads,
            "tensorflow": require("tensorflow").__version__,
        }
        super().__init__(contract_of(built, inputs), facts)
        self._built = built
        self._source = source
        self._model = model
        self._twin = twin
        self._taps: KerasTaps | None = None

    def look_into(self, written: Mapping[str, SourcePlace | None]) -> None:
        """Makes ready for `graph`; `written` tells where layers were called while it was built."""
        twin = self._twin
        root = self._built if twin is None else twin.module

        def run(feed: dict[str, Any], is_sample: bool) -> tuple[Any, dict[str, Any]]:
            if twin is None:
                return call(self._built, feed), feed
            return twin.run(feed, verify=is_sample), twin.fed

        self._taps = KerasTaps(run, root, self._model, self.contract.inputs, written)

    def prepare(self, inputs: dict[str, Tensor]) -> dict[str, Any]:
        return {name: to_tensorflow(tensor) for name, tensor in inputs.items()}

    def execute(self, feed: dict[str, Any]) -> Any:
        return call(self._built, feed) if self._twin is None else self._twin.run(feed)

    def graph(self) -> OpGraph:
        return super().graph() if self._taps is None else self._taps.graph()

    def execute_tapped(
        self, feed: Any, names: list[str]
    ) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        if self._taps is None:
            return super().execute_tapped(feed, names)
        return self._taps.execute(feed, names)

    def collect(self, result: Any) -> dict[str, Tensor]:
        values = named_results(self._built, result)
        return {name: from_tensorflow(name, value) for name, value in values.items()}

    def state(self) -> dict[str, bytes]:
        # Trainable variables are an optimiser's to write; a run writes statistics, counters and
        # seeds, which are small: a frozen backbone need not be read twice.
        return {
            getattr(variable, "path", variable.name): variable.numpy().tobytes()
            for variable in self._built.non_trainable_variables
            if math.prod(variable.shape) <= STATE_ELEMENTS
        }

    def example_inputs(self) -> dict[str, Tensor] | None:
        if self._source is None:
            return None
        names = [spec.name for spec in self.contract.inputs]
        return own_example_inputs(self._source, self._model, names, as_tensor)

    def close(self) -> None:
        self._built = self._twin = self._taps = None
