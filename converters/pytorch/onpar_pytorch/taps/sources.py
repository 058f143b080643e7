"""Where the exported program of a session comes from."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from onpar_host.contract import TensorSpec
from onpar_host.packages import require

from ..exporters.tracing import Traceable
from ..forward import forward_parameters, parameter_names
from .interpret import flat_arguments
from .program import decomposed, export_for_taps

if TYPE_CHECKING:
    from ..execution import Feed
    from ..programs import Program


class ModuleSource:
    """A module as it is deployed, exported on the first inputs that are seen.

    A variant changes the module in place, and float64 would export float64: `pristine` is from before.
    """

    def __init__(self, pristine: Any, inputs: list[TensorSpec]) -> None:
        self._module = pristine
        self._inputs = inputs

    def program(self, feed: Feed) -> tuple[Any, list[str]]:
        """A decomposed ExportedProgram, and names of its tensor inputs in call order."""
        call = feed.call
        tensors = {name: tensor.clone() for name, tensor in feed.deployed.items()}
        parameters = call.parameters(parameter_names(forward_parameters(self._module)))
        traceable = Traceable(self._module, tensors, call, parameters, [], {})
        exported = export_for_taps(traceable, self._inputs)
        names = flat_arguments(exported.call_spec.in_spec, tuple(call.positional), call.keywords)
        return exported, names


class ProgramSource:
    """A program that was exported before; decomposed at once, while its weights are as they were."""

    def __init__(self, program: Program) -> None:
        self._names = program.names
        self._refused: Exception | None = None
        try:
            self._exported = decomposed(program.exported)
        except Exception as error:
            self._refused = error

    def program(self, feed: Feed) -> tuple[Any, list[str]]:
        """As above, whatever the inputs. Raises what decomposing raised."""
        if self._refused is not None:
            raise self._refused
        return self._exported, self._names


def copied(module: Any) -> Any | None:
    """A copy of a module; None for one that cannot be copied: then it is not exported."""
    try:
        with require("torch").no_grad():
            return copy.deepcopy(module)
    except Exception:
        return None
