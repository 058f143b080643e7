"""The exported program of a module, in the operators that the ONNX exporter translates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.packages import require

from ..exporters.tracing import Traceable, dynamic_shapes_of

DECIDED_BY_DATA = ("GuardOnDataDependentSymNode",)
"""Classes of errors that other sizes do not mend: the code asks what a tensor holds."""


def export_for_taps(traceable: Traceable, inputs: list[TensorSpec]) -> Any:
    """The program that torch.export makes of the module's forward pass, decomposed.

    As the exporters of this toolchain ask for it, so that nodes get the names that they get there:
    dimensions that the suite names are dynamic; where the model fixes one of them, those that it can
    vary; where nothing may vary, the sizes of the example. Raises what torch raises at the last try.
    """
    torch = require("torch")
    dim = torch.export.Dim
    tries: list[Callable[[str | None], Any] | None] = [lambda _: dim.DYNAMIC, lambda _: dim.AUTO]
    if dynamic_shapes_of(inputs, traceable, lambda _: dim.AUTO) is None:
        tries = []
    for of in [*tries, None]:
        shapes = None if of is None else dynamic_shapes_of(inputs, traceable, of)
        try:
            with torch.no_grad(), _sizes_of_one_may_vary():
                exported = torch.export.export(
                    traceable.module,
                    traceable.args,
                    traceable.kwargs,
                    dynamic_shapes=shapes,
                    strict=False,
                )
                return decomposed(exported)
        except Exception as error:
            if of is None or type(error).__name__ in DECIDED_BY_DATA:
                raise
    raise AssertionError("the last try returns or raises")


def decomposed(exported: Any) -> Any:
    """The program without operators that write into tensors, as torch.onnx prepares it.

    Its own preparation is not public: another release may lack it, and without onnxscript it does
    not run. Then composite operators stay whole, which is nearly the same set.
    """
    try:
        from torch.onnx._internal.exporter import _core, _registration

        registry = _registration.ONNXRegistry.from_torchlib()
        with _sizes_of_one_may_vary():
            return _core._prepare_exported_program_for_export(exported, registry=registry)
    except Exception:
        return exported.run_decompositions({})


@contextmanager
def _sizes_of_one_may_vary() -> Iterator[None]:
    """A batch of one in the example fixes nothing: torch.onnx exports under this setting, too."""
    try:
        from torch.fx.experimental import _config

        setting = _config.patch(backed_size_oblivious=True)
    except Exception:
        yield
        return
    with setting:
        yield
