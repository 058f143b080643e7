"""The LiteRT interpreter on the CPU."""

from __future__ import annotations

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
from ..perturb import perturbed_content

IDENTIFIER = b"TFL3"
"""Bytes 4 to 8 of every TFLite file."""


def version() -> str:
    """The package's version."""
    return package_version("ai-edge-litert")


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
) -> Session:
    """Raises WorkerError `model-load-failed` for a file that is no TFLite model."""
    litert = require("ai_edge_litert.interpreter")
    _check_file(model)
    kinds = litert.OpResolverType
    resolver = kinds.AUTO if options["xnnpack"] else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    asked = variant.perturb if variant is not None else None
    source = (
        {"model_path": model.path}
        if asked is None
        else {"model_content": perturbed_content(model, asked)}
    )
    try:
        interpreter = litert.Interpreter(
            **source,
            num_threads=options["threads"],
            experimental_op_resolver_type=resolver,
        )
    except Exception as error:
        raise _refused(model, error) from error
    signature = choose_signature(interpreter, options["signature"], model)
    try:
        runner = interpreter.get_signature_runner(signature) if signature else None
        endpoint = describe(interpreter, runner, signature)
    except WorkerError:
        raise
    except Exception as error:
        raise _refused(model, error) from error
    return LiteRtSession(interpreter, runner, endpoint, options)


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
    fix = "check that the file is complete"
    if "Flex" in text or "custom op" in text.lower():
        fix = "convert the model without TF select and custom operators"
    return WorkerError("model-load-failed", f"{model.shown}: LiteRT refuses it: {text}", fix=fix)


class LiteRtSession(Session):
    """An interpreter, called through a signature where the model has one."""

    def __init__(
        self, interpreter: Any, runner: Any, endpoint: Endpoint, options: dict[str, Any]
    ) -> None:
        facts = {
            "signature": endpoint.signature,
            "signatures": sorted(interpreter.get_signature_list()),
            "threads": options["threads"],
            "xnnpack": options["xnnpack"],
        }
        super().__init__(endpoint.contract, facts)
        self._interpreter = interpreter
        self._runner = runner
        self._endpoint = endpoint

    def prepare(self, inputs: dict[str, Tensor]) -> dict[str, np.ndarray]:
        return {name: _array(tensor) for name, tensor in inputs.items()}

    def execute(self, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if self._runner is not None:
            return self._runner(**feed)
        for name, array in feed.items():
            index = self._endpoint.inputs[name]
            self._interpreter.resize_tensor_input(index, array.shape)
        self._interpreter.allocate_tensors()
        for name, array in feed.items():
            self._interpreter.set_tensor(self._endpoint.inputs[name], array)
        self._interpreter.invoke()
        return {
            name: self._interpreter.get_tensor(index)
            for name, index in self._endpoint.outputs.items()
        }

    def collect(self, result: dict[str, np.ndarray]) -> dict[str, Tensor]:
        return {name: as_tensor(result[name]) for name in self._endpoint.outputs}

    def close(self) -> None:
        self._runner = self._interpreter = None


def _array(tensor: Tensor) -> np.ndarray:
    if tensor.dtype == "string":
        texts = [text.encode("utf-8") for text in tensor.array.ravel().tolist()]
        return np.array(texts, dtype=np.bytes_).reshape(tensor.shape)
    return np.ascontiguousarray(tensor.array)
