"""JAX on the CPU, compiled by jit as deployed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.examples import own_example_inputs
from onpar_host.graph import OpGraph
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.stand_ins import stand_ins
from onpar_host.tensor import Tensor
from onpar_host.variant import Variant

from ..loading import Function, load_function
from ..outputs import tensors
from ..tapping import Tapping
from ..variants import as_traced, as_variant

WIDE = {"float64": "float32", "int64": "int32", "uint64": "uint32"}
"""What JAX makes of 64 bits without x64."""


def version() -> str:
    """The package's version."""
    return require("jax").__version__


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
    taps: bool = False,
) -> Session:
    """Raises WorkerError with the codes of loading (docs/worker-protocol.md).

    Tracing changes nothing, so that `taps` needs no preparation.
    """
    jax = require("jax")
    wide = bool(options["x64"]) or (variant is not None and variant.float64)
    with jax.enable_x64(wide):
        function = load_function(model)
    return JaxSession(function, model, inputs, options, variant, wide)


class JaxSession(Session):
    """A function; its contract repeats the inputs that the request declared."""

    def __init__(
        self,
        function: Function,
        model: Model,
        inputs: list[TensorSpec],
        options: dict[str, Any],
        variant: Variant | None,
        wide: bool,
    ) -> None:
        jax = require("jax")
        leaves = jax.tree_util.tree_leaves(function.weights)
        facts = {
            "forwardParameters": function.parameters,
            "parameters": int(sum(np.size(leaf) for leaf in leaves)),
            "parameterDtypes": sorted({str(np.asarray(leaf).dtype) for leaf in leaves}),
            "jit": bool(options["jit"]) and variant is None,
            "x64": wide,
            "backend": jax.default_backend(),
        }
        super().__init__(Contract(inputs=inputs, names="none"), facts)
        self._function = function
        self._model = model
        self._wide = wide
        self._order: list[str] = []
        self._widened = variant is not None and variant.float64
        self._call = _callable(function, model, options, variant)
        self._example: list[np.ndarray] | None = None
        weights = function.wide_weights() if self._widened else function.weights
        trace = as_traced(function, variant, model.shown)
        self._taps = Tapping(function, weights, trace, model.root)

    def prepare(self, inputs: dict[str, Tensor]) -> list[np.ndarray]:
        names = self._function.parameters
        self._order = names if set(names) == set(inputs) else list(inputs)
        return [self._array(name, inputs[name]) for name in self._order]

    def _array(self, name: str, tensor: Tensor) -> np.ndarray:
        if tensor.dtype == "string":
            raise WorkerError("input-mismatch", f"input {name}: a JAX function takes no text")
        array = tensor.array
        if tensor.dtype == "bfloat16":
            array = np.array(array).view(require("ml_dtypes").bfloat16)
        if self._widened:
            return array.astype(np.float64) if array.dtype.kind == "f" else array
        if not self._wide and tensor.dtype in WIDE:
            raise WorkerError(
                "input-mismatch",
                f"input {name} is {tensor.dtype}, and JAX computes in 32 bits",
                fix=f"declare it as {WIDE[tensor.dtype]}, or set the runtime's option x64",
            )
        return array

    def execute(self, feed: list[np.ndarray]) -> Any:
        jax = require("jax")
        with jax.enable_x64(self._wide):
            return jax.block_until_ready(self._call(*feed))

    def example(self, feed: list[np.ndarray]) -> None:
        self._example = feed

    def graph(self) -> OpGraph:
        jax = require("jax")
        feed = self._example
        if feed is None:
            feed = self.prepare(self.example_inputs() or stand_ins(self.contract.inputs))
        with jax.enable_x64(self._wide):
            return self._taps.graph(feed, self._order)

    def execute_tapped(
        self, feed: list[np.ndarray], names: list[str]
    ) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        result = self.execute(feed)
        with require("jax").enable_x64(self._wide):
            found, missing = self._taps.run(feed, self._order, names, result)
        return result, found, missing

    def collect(self, result: Any) -> dict[str, Tensor]:
        return tensors(result)

    def example_inputs(self) -> dict[str, Tensor] | None:
        function = self._function
        return own_example_inputs(function.source, self._model, function.parameters)


def _callable(
    function: Function, model: Model, options: dict[str, Any], variant: Variant | None
) -> Callable[..., Any]:
    if variant is not None:
        return as_variant(function, variant, model.shown)
    return require("jax").jit(function.call) if options["jit"] else function.call
