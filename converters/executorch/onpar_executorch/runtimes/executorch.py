"""ExecuTorch's own runtime, with the kernels and backends of its Python package."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError, describe_exception
from onpar_host.model import Model
from onpar_host.packages import package_version, require
from onpar_host.session import Session
from onpar_host.tensor import Tensor
from onpar_host.variant import Variant
from onpar_pytorch.tensors import from_torch, to_torch

from ..reading import Method, read_method

PYBINDINGS = "executorch.extension.pybindings.portable_lib"


def version() -> str:
    """The package's version."""
    return package_version("executorch")


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
) -> Session:
    """Raises WorkerError `model-load-failed` for what is no program, `operator-missing` for one
    that needs kernels or backends which the package does not bring, and `bad-request`.
    """
    require("torch")
    native = require(PYBINDINGS)
    method = read_method(model, options["method"])
    _check_kernels(native, method, model)
    return ExecuTorchSession(native, model, method, options["threads"])


def _check_kernels(native: Any, method: Method, model: Model) -> None:
    """Asked before loading, which tells no more than a number."""
    known = set(native._get_operator_names())
    missing = [name for name in method.operators if name not in known]
    if missing:
        raise WorkerError(
            "operator-missing",
            f"{model.shown}: executorch has no kernel for {', '.join(missing)}",
            fix="only a program that registers this kernel itself runs it; "
            "write the operator in terms of those of Core ATen",
        )
    backends = native._get_registered_backend_names()
    absent = [name for name in method.backends if name not in backends]
    if absent:
        raise WorkerError(
            "operator-missing",
            f"{model.shown}: parts of it were delegated to {', '.join(absent)}, "
            f"and this package of executorch has {', '.join(backends) or 'no backend'}",
            fix="export it for the backend xnnpack, or run it where that backend is",
        )


@lru_cache(maxsize=1)
def _default_threads() -> int:
    return int(require(PYBINDINGS)._threadpool_get_thread_count())


class ExecuTorchSession(Session):
    """A method of a program, loaded anew for each sample where a run changes what it keeps."""

    def __init__(self, native: Any, model: Model, method: Method, threads: int | None) -> None:
        self._native = native
        self._model = model
        self._read = method
        self._threads = threads or _default_threads()
        self._used = False
        facts: dict[str, Any] = {
            "method": method.name,
            "threads": self._threads,
            "kernelCalls": method.kernel_calls,
            "delegateCalls": method.delegate_calls,
            "backends": method.backends,
            "operators": sorted(method.operators),
        }
        if any(method.is_dynamic):
            facts["largestInputs"] = method.bounds
        if method.is_stateful:
            facts["stateful"] = "loaded anew before each sample"
        super().__init__(method.contract, facts)
        self._load()

    def _load(self) -> None:
        try:
            # The program owns the memory of its methods.
            self._program = self._native._load_program(self._model.path)
            self._method = self._program.load_method(self._read.name)
        except Exception as error:
            raise WorkerError(
                "model-load-failed",
                f"{self._model.shown}: ExecuTorch refuses it: "
                f"{describe_exception(error, self._model.root)}",
                fix="check that the file is complete; the log has ExecuTorch's own words",
            ) from error

    def prepare(self, inputs: dict[str, Tensor]) -> list[Any]:
        for place, tensor in enumerate(inputs.values()):
            _check_bound(tensor, self._read, place)
        if self._read.is_stateful and self._used:
            self._load()
        self._used = True
        given = iter(inputs.values())
        count = len(inputs) + len(self._read.constants)
        return [
            self._read.constants[place] if place in self._read.constants else to_torch(next(given))
            for place in range(count)
        ]

    def execute(self, feed: list[Any]) -> list[Any]:
        # The pool belongs to the process, which serves other sessions too.
        if self._native._threadpool_get_thread_count() != self._threads:
            self._native._unsafe_reset_threadpool(self._threads)
        return self._method(feed)

    def collect(self, result: list[Any]) -> dict[str, Tensor]:
        names = [spec.name for spec in self.contract.outputs]
        return {
            name: from_torch(result[place])
            for name, place in zip(names, self._read.outputs, strict=True)
        }

    def close(self) -> None:
        self._method = self._program = None


def _check_bound(tensor: Tensor, method: Method, place: int) -> None:
    """Sizes are bounded by the memory that was planned; the runtime would answer with a number."""
    bound = method.bounds[place]
    if len(bound) == len(tensor.shape) and all(
        have <= most for have, most in zip(tensor.shape, bound, strict=True)
    ):
        return
    raise WorkerError(
        "input-mismatch",
        f"input {method.contract.inputs[place].name} has shape {list(tensor.shape)}; "
        f"the program's memory was planned for at most {bound}",
        fix="export with larger bounds: `options: {maxSizes: {batch: 64}}`",
    )
