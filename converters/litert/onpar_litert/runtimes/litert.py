"""The LiteRT interpreter on the CPU."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError, describe_exception
from onpar_host.model import Model
from onpar_host.packages import package_version, require
from onpar_host.session import Session
from onpar_host.tensor import Tensor, as_tensor
from onpar_host.variant import Variant

from ..details import Endpoint, choose_signature, describe
from ..flatbuffer import read_graph
from ..graph import op_graph
from ..operators import Operators, missing_operator, read_operators
from ..perturb import perturbed_content
from ..taps import TappingSession

IDENTIFIER = b"TFL3"
"""Bytes 4 to 8 of every TFLite file."""


EMPTY = "Invalid tensor size"
"""What get_tensor says of an output of open size that came out without elements."""


def version() -> str:
    """The package's version."""
    return package_version("ai-edge-litert")


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
    taps: bool = False,
) -> Session:
    """Raises WorkerError `model-load-failed` for a file that is no TFLite model."""
    litert = require("ai_edge_litert.interpreter")
    _check_file(model)
    kinds = litert.OpResolverType
    asked = variant.perturb if variant is not None else None
    source = (
        {"model_path": model.path}
        if asked is None
        else {"model_content": perturbed_content(model, asked)}
    )

    def make(xnnpack: bool, keep: bool) -> Any:
        with warnings.catch_warnings():
            # That keeping every tensor takes memory is known.
            warnings.simplefilter("ignore", UserWarning)
            return litert.Interpreter(
                **source,
                num_threads=options["threads"],
                experimental_op_resolver_type=kinds.AUTO
                if xnnpack
                else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                experimental_preserve_all_tensors=keep,
            )

    try:
        interpreter = make(options["xnnpack"], False)
    except Exception as error:
        raise _refused(model, error) from error
    operators = read_operators(model)
    try:
        # Before there is a runner, which forbids it; signatures allocate their own graphs again.
        interpreter.allocate_tensors()
    except Exception as error:
        # Sizes that only the samples tell may be needed; a kernel that is missing stays so.
        missing = missing_operator(error, operators, model)
        if missing is not None:
            raise missing from error
    signature = choose_signature(interpreter, options["signature"], model)
    try:
        runner = interpreter.get_signature_runner(signature) if signature else None
        endpoint = describe(interpreter, runner, signature)
    except WorkerError:
        raise
    except Exception as error:
        raise _refused(model, error) from error

    def session(xnnpack: bool, keep: bool, opened: Any = None) -> LiteRtSession:
        return LiteRtSession(lambda: make(xnnpack, keep), opened, endpoint, options, operators)

    deployed = session(options["xnnpack"], False, interpreter)
    if not taps:
        return deployed
    graph = op_graph(read_graph(_content(source), deployed.subgraph), endpoint)
    return TappingSession(deployed, lambda x: session(x, True), options["xnnpack"], graph)


def _content(source: dict[str, Any]) -> bytes:
    """The bytes that an interpreter is made of."""
    if "model_content" in source:
        return source["model_content"]
    with open(source["model_path"], "rb") as file:
        return file.read()


def _check_file(model: Model) -> None:
    with open(model.path, "rb") as file:
        head = file.read(8)
    if head[4:8] != IDENTIFIER:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} is no TFLite model: bytes 4 to 8 are {head[4:8]!r}, not {IDENTIFIER!r}",
            fix="check that the file was written by a TFLite converter and was not renamed",
        )


def _refused(model: Model, error: Exception) -> WorkerError:
    text = describe_exception(error, model.root)
    return WorkerError(
        "model-load-failed",
        f"{model.shown}: LiteRT refuses it: {text}",
        fix="check that the file is complete",
    )


class LiteRtSession(Session):
    """An interpreter, called through a signature where the model has one.

    A model that keeps something gets a new interpreter for each sample: `reset_all_variables` leaves
    resources of TensorFlow's as they are (measured with ai-edge-litert 2.3.0).
    """

    def __init__(
        self,
        make: Callable[[], Any],
        interpreter: Any,
        endpoint: Endpoint,
        options: dict[str, Any],
        operators: Operators,
    ) -> None:
        interpreter = interpreter or make()
        facts = {
            "signature": endpoint.signature,
            "signatures": sorted(interpreter.get_signature_list()),
            "threads": options["threads"],
            "xnnpack": options["xnnpack"],
        }
        if operators.is_stateful:
            facts["stateful"] = "reset before each sample"
        super().__init__(endpoint.contract, facts)
        self._make = make
        self._stateful = operators.is_stateful
        self._used = False
        self._endpoint = endpoint
        self._take(interpreter)

    def _take(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        signature = self._endpoint.signature
        self._runner = interpreter.get_signature_runner(signature) if signature else None

    def prepare(self, inputs: dict[str, Tensor]) -> dict[str, np.ndarray]:
        if self._stateful and self._used:
            self._take(self._make())
        self._used = True
        return {name: _array(tensor) for name, tensor in inputs.items()}

    def execute(self, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if self._runner is not None:
            try:
                return self._runner(**feed)
            except ValueError as error:
                if EMPTY not in str(error):
                    raise
                return self._one_by_one()
        for name, array in feed.items():
            index = self._endpoint.inputs[name]
            self._interpreter.resize_tensor_input(index, array.shape)
        self._interpreter.allocate_tensors()
        for name, array in feed.items():
            self._interpreter.set_tensor(self._endpoint.inputs[name], array)
        self._interpreter.invoke()
        return self._one_by_one()

    def _one_by_one(self) -> dict[str, np.ndarray]:
        """The outputs that the last run left, those without elements as their shape says."""
        details = self._runner.get_output_details() if self._runner is not None else {}
        found = {}
        for name, index in self._endpoint.outputs.items():
            try:
                found[name] = self.value(index)
            except ValueError as error:
                if EMPTY not in str(error) or name not in details:
                    raise
                shape, kind = details[name]["shape"], details[name]["dtype"]
                found[name] = np.empty(tuple(int(d) for d in shape), kind)
        return found

    @property
    def subgraph(self) -> int:
        """Signatures have graphs of their own."""
        return getattr(self._runner, "_subgraph_index", 0)

    def value(self, index: int) -> np.ndarray:
        """What the last run left in a tensor. Raises ValueError where nothing is kept."""
        return self._interpreter.get_tensor(index, self.subgraph)

    def collect(self, result: dict[str, np.ndarray]) -> dict[str, Tensor]:
        return {name: as_tensor(result[name]) for name in self._endpoint.outputs}

    def close(self) -> None:
        self._runner = self._interpreter = None


def _array(tensor: Tensor) -> np.ndarray:
    if tensor.dtype == "string":
        texts = [text.encode("utf-8") for text in tensor.array.ravel().tolist()]
        return np.array(texts, dtype=np.bytes_).reshape(tensor.shape)
    return np.ascontiguousarray(tensor.array)
