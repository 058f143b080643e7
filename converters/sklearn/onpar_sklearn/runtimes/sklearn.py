"""scikit-learn itself."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
from onpar_host.contract import Contract, Dim, TensorSpec
from onpar_host.examples import own_example_inputs
from onpar_host.generated_names import names_kind
from onpar_host.graph import OpGraph
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.tensor import FLOATS, DtypeError, Tensor, as_tensor
from onpar_host.variant import Variant

from ..columns import MATRIX, assemble, default_inputs
from ..loading import Loaded, load_estimator
from ..outputs import LABEL, PROBABILITIES, answer, label_is_argmax
from ..perturb import perturbed
from ..taps.tapping import Tapping


def version() -> str:
    """scikit-learn's version."""
    return require("sklearn").__version__


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
    taps: bool = False,
) -> Session:
    """Raises WorkerError with the codes of loading (docs/worker-protocol.md).

    An estimator can be looked into without being opened for it: `taps` changes nothing.
    """
    loaded = load_estimator(model)
    if variant is not None and variant.perturb is not None:
        loaded = replace(loaded, estimator=perturbed(loaded.estimator, variant.perturb))
    double = variant is not None and variant.float64
    return SklearnSession(loaded, model, inputs, options, double)


class SklearnSession(Session):
    """A fitted estimator. Its outputs' dtypes and shapes are found by a run on one row."""

    def __init__(
        self,
        loaded: Loaded,
        model: Model,
        inputs: list[TensorSpec],
        options: dict[str, Any],
        double: bool,
    ) -> None:
        """`double`: float inputs are widened; what was learnt is in double precision already."""
        self._double = double
        self._estimator = loaded.estimator
        self._source = loaded.source
        self._model = model
        self._threads = options.get("threads")
        self._taps: Tapping | None = None
        self._example: Any | None = None
        super().__init__(self._contract(inputs or default_inputs(loaded.estimator)), _facts(loaded))
        self.facts["threads"] = self._threads

    def _contract(self, inputs: list[TensorSpec]) -> Contract:
        outputs = [self._output_spec(name, t) for name, t in self._probe(inputs).items()]
        one = len(inputs) == 1 and inputs[0].name in (MATRIX, "input")
        return Contract(inputs, outputs, "generated" if one else names_kind(inputs, []))

    def _probe(self, inputs: list[TensorSpec]) -> dict[str, Tensor]:
        try:
            row = {spec.name: _one_row(spec) for spec in inputs}
            return self.collect(self.execute(self.prepare(row)))
        except Exception:
            # Text or categories that zeros are not: the samples will tell.
            return {}

    def _output_spec(self, name: str, tensor: Tensor) -> TensorSpec:
        # Several targets put the classes' axis before the batch.
        batch = 1 if name == PROBABILITIES and tensor.array.ndim == 3 else 0
        shape: list[Dim] = [
            None if axis == batch else int(d) for axis, d in enumerate(tensor.shape)
        ]
        spec = TensorSpec(name, tensor.dtype, shape)
        if name == LABEL and label_is_argmax(self._estimator):
            classes = [_plain(item) for item in self._estimator.classes_.tolist()]
            return replace(spec, argmax_of=PROBABILITIES, classes=classes)
        return spec

    def prepare(self, inputs: dict[str, Tensor]) -> Any:
        # Estimators keep float32 inputs in float32 where they can. The values are those declared.
        if self._double:
            inputs = {name: _widened(tensor) for name, tensor in inputs.items()}
        return assemble(inputs, self._estimator)

    def execute(self, feed: Any) -> dict[str, Any]:
        with self._limited():
            return answer(self._estimator, feed)

    def _limited(self) -> Any:
        if self._threads is None:
            return nullcontext()
        return require("threadpoolctl").threadpool_limits(self._threads)

    def example(self, feed: Any) -> None:
        self._example = feed

    def graph(self) -> OpGraph:
        features = self._example if self._example is not None else self._one_row()
        with self._limited():
            return self._tapping().graph(features)

    def execute_tapped(
        self, feed: Any, names: list[str]
    ) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        result = self.execute(copy.deepcopy(feed))
        with self._limited():
            found, missing = self._tapping().run(feed, names, result.__getitem__)
        return result, found, missing

    def _tapping(self) -> Tapping:
        if self._taps is None:
            self._taps = Tapping(self._estimator, [spec.name for spec in self.contract.inputs])
        return self._taps

    def _one_row(self) -> Any | None:
        try:
            return self.prepare({spec.name: _one_row(spec) for spec in self.contract.inputs})
        except Exception:
            return None

    def collect(self, result: dict[str, Any]) -> dict[str, Tensor]:
        return {name: _as_output(value) for name, value in result.items()}

    def example_inputs(self) -> dict[str, Tensor] | None:
        if self._source is None:
            return None
        names = [spec.name for spec in self.contract.inputs]
        return own_example_inputs(self._source, self._model, names, as_tensor)

    def close(self) -> None:
        self._estimator = self._taps = self._example = None


def _widened(tensor: Tensor) -> Tensor:
    return Tensor(tensor.to_float64(), "float64") if tensor.dtype in FLOATS else tensor


def _as_output(value: Any) -> Tensor:
    array = np.asarray(value)
    try:
        return as_tensor(array)
    except DtypeError:
        # Labels of mixed Python objects are compared by what they say.
        return as_tensor(array.astype(str))


def _plain(item: Any) -> str | int | float:
    return int(item) if isinstance(item, bool) else item


def _one_row(spec: TensorSpec) -> Tensor:
    shape = [d if isinstance(d, int) else 1 for d in spec.shape or [1, 1]]
    if spec.dtype == "string":
        return as_tensor(np.full(shape, "a", dtype=object))
    return as_tensor(np.zeros(shape, dtype=spec.dtype or "float64"))


def _facts(loaded: Loaded) -> dict[str, Any]:
    estimator = loaded.estimator
    named = [type(step).__name__ for _, step in getattr(estimator, "steps", [])]
    name = type(estimator).__name__
    facts: dict[str, Any] = {"estimator": f"{name}({', '.join(named)})" if named else name}
    if loaded.trained_with is not None:
        facts["trainedWith"] = loaded.trained_with
    return facts
