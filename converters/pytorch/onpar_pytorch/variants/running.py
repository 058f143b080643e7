"""A module made ready for a variant, and the conditions under which it then runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from onpar_host.errors import WorkerError, describe_exception
from onpar_host.packages import require
from onpar_host.variant import Variant

from .accumulate import Accumulating
from .float64 import Widening, has_double, widen_module, widened
from .perturb import perturb


class VariantModule:
    """Changes the module in place: each `open` loads its own.

    Raises WorkerError `bad-request` for `accumulate` without float64.
    """

    def __init__(self, module: Any, variant: Variant, root: str) -> None:
        if variant.accumulate is not None and not variant.float64:
            raise WorkerError("bad-request", "variant accumulate needs precision float64")
        self._variant = variant
        self._root = root
        self._round_numbers = variant.float64 and not has_double(module)
        # Before widening: an ulp of float32 is one of the weights as they are deployed.
        self.moved = perturb(module, variant.perturb) if variant.perturb else 0
        self.module = widen_module(module) if variant.float64 else module

    def input(self, tensor: Any) -> Any:
        """An input as the variant takes it."""
        return widened(tensor) if self._variant.float64 else tensor

    @contextmanager
    def running(self) -> Iterator[None]:
        """Around each run. Raises WorkerError `variant-unsupported` where float64 does not run."""
        if not self._variant.float64:
            yield
            return
        try:
            with _in_parts(), ExitStack() as modes:
                if self._variant.accumulate is not None:
                    modes.enter_context(Accumulating(self._variant.accumulate))
                # Entered last, it sees each operator first.
                modes.enter_context(Widening(self._round_numbers))
                yield
        except WorkerError:
            raise
        except Exception as error:
            raise WorkerError(
                "variant-unsupported",
                f"the model does not run in float64: {describe_exception(error, self._root)}",
            ) from error


@contextmanager
def _in_parts() -> Iterator[None]:
    """Operators one by one: fused transformers, attention, JIT and compiled code hide their sums."""
    torch = require("torch")
    mha = torch.backends.mha
    fast = mha.get_fastpath_enabled()
    with ExitStack() as stack:
        stack.enter_context(torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH))
        stack.enter_context(torch.jit.optimized_execution(False))
        if hasattr(torch.compiler, "set_stance"):
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        mha.set_fastpath_enabled(False)
        stack.callback(mha.set_fastpath_enabled, fast)
        yield
