"""torch.compile with its default backend, inductor, which makes C++ of a model and compiles it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from onpar_host.errors import WorkerError, describe_exception
from onpar_host.packages import require

RECOMPILES = 64
"""Sizes that may each get code of their own. torch gives up after 8 and goes on uncompiled, silently,
and a sweep of sizes tries more."""

NO_COMPILER = ("InvalidCxxCompiler", "CppCompileError")
"""Classes of torch._inductor.exc for a compiler that is missing or does not work."""


class Compiled:
    """A module compiled on its first run, and again for sizes that the code does not fit."""

    def __init__(self, module: Any) -> None:
        """Raises WorkerError `runtime-unavailable` without a C++ compiler."""
        torch = require("torch")
        self.compiler = cpp_compiler()
        # What another model left behind must not serve this one.
        torch.compiler.reset()
        self._compiled = torch.compile(module)
        self._ran = False

    def run(self, call: Callable[[Any], Any]) -> Any:
        """`call(module)` with the compiled module.

        Raises WorkerError `runtime-unavailable` when the compiler refuses, `run-failed` when nothing
        was compiled: an answer of plain PyTorch would say nothing about compiled code.
        """
        torch = require("torch")
        before = _graphs()
        # In this process, not in a pool of its own that would outlive a worker that is stopped.
        one_thread = torch._inductor.config.patch(compile_threads=1)
        try:
            with torch._dynamo.config.patch(recompile_limit=RECOMPILES), one_thread:
                result = call(self._compiled)
        except Exception as error:
            refused = _compiler_error(error)
            if refused is None:
                raise
            raise _unavailable(describe_exception(refused)) from error
        if not self._ran and _graphs() == before:
            raise WorkerError(
                "run-failed",
                "torch.compile compiled nothing of the model: it ran as plain PyTorch",
                fix="leave `compile: true` out: it skips nn.LSTM, nn.GRU and what stands under "
                "torch.compiler.disable",
            )
        self._ran = True
        return result


def cpp_compiler() -> str:
    """The compiler that inductor will call. Raises WorkerError `runtime-unavailable` without one."""
    require("torch")
    from torch._inductor import cpp_builder

    try:
        return os.path.basename(cpp_builder.get_cpp_compiler())
    except Exception as error:
        raise _unavailable(describe_exception(error)) from error


def _graphs() -> int:
    require("torch")
    from torch._dynamo.utils import counters

    return counters["stats"]["unique_graphs"]


def _compiler_error(error: BaseException | None) -> BaseException | None:
    while error is not None:
        if type(error).__name__ in NO_COMPILER:
            return error
        error = error.__cause__ or error.__context__
    return None


def _unavailable(reason: str) -> WorkerError:
    return WorkerError(
        "runtime-unavailable",
        f"`compile: true` needs a C++ compiler, and there is none that works here: {reason}",
        fix="install g++ (apt install g++, on macOS xcode-select --install), "
        "or leave `compile: true` out",
    )
