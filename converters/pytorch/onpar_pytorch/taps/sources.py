"""Where the exported program of a session comes from."""

from __future__ import annotations

import copy
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onpar_host.contract import TensorSpec
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.places import is_library

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

    def __init__(self, pristine: Any, inputs: list[TensorSpec], key: Any) -> None:
        """`key`: equal for sessions that load the same module; None: no two are known to."""
        self._module = pristine
        self._inputs = inputs
        self._key = key
        self._remembered = False

    def program(self, feed: Feed) -> tuple[Any, list[str]]:
        """A decomposed program, and names of its tensor inputs in call order."""
        call = feed.call
        asked = None if self._key is None else (*self._key, repr(self._inputs), _shapes(feed))
        exported = _EXPORTED.get(asked) if asked is not None else None
        self._remembered = exported is not None
        if exported is None:
            exported = self._exported(feed)
            if asked is not None:
                _EXPORTED[asked] = exported
                while len(_EXPORTED) > REMEMBERED:
                    _EXPORTED.pop(next(iter(_EXPORTED)))
        names = flat_arguments(exported.call_spec.in_spec, tuple(call.positional), call.keywords)
        return exported, names

    def forget(self) -> bool:
        """The last program does not answer as the module does: whether exporting anew may help."""
        if self._remembered:
            _EXPORTED.clear()
        return self._remembered

    def _exported(self, feed: Feed) -> Exported:
        tensors = {name: tensor.clone() for name, tensor in feed.deployed.items()}
        parameters = feed.call.parameters(parameter_names(forward_parameters(self._module)))
        traceable = Traceable(self._module, tensors, feed.call, parameters, [], {})
        return Exported.of(export_for_taps(traceable, self._inputs))


REMEMBERED = 4
"""Programs without their weights, for the sessions that look at one model in turn: its graph, its values
in both precisions."""


@dataclass(frozen=True)
class Exported:
    """What is needed of an ExportedProgram, without the weights that it shares with its module."""

    graph_module: Any
    graph_signature: Any
    constants: dict[str, Any]
    call_spec: Any

    @classmethod
    def of(cls, program: Any) -> Exported:
        """Constants that the module holds under the same name come from there."""
        return cls(
            program.graph_module,
            program.graph_signature,
            dict(program.constants),
            program.call_spec,
        )


_EXPORTED: dict[Any, Exported] = {}


def module_key(model: Model) -> tuple[Any, ...]:
    """What a module hangs on that a worker can see cheaply: the files of code that is loaded for it,
    and those that were named. What else decides (a file read while building) shows when the program
    answers otherwise than the module."""
    code = {
        file
        for part in list(sys.modules.values())
        if (file := getattr(part, "__file__", None)) and not is_library(file)
    }
    files = sorted({*code, model.path, *([model.weights] if model.weights else [])})
    stamps = tuple((file, *_stamp(file)) for file in files)
    return (model.format, model.path, model.callable, model.weights, stamps)


def _stamp(file: str) -> tuple[int, int]:
    try:
        status = os.stat(file)
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)


def _shapes(feed: Feed) -> str:
    return repr([(name, t.dtype, tuple(t.shape)) for name, t in feed.deployed.items()])


class ProgramSource:
    """A program that was exported before; decomposed at once, while its weights are as they were."""

    def __init__(self, program: Program) -> None:
        self._names = program.names
        self._refused: Exception | None = None
        try:
            self._exported = Exported.of(decomposed(program.exported))
        except Exception as error:
            self._refused = error

    def program(self, feed: Feed) -> tuple[Any, list[str]]:
        """As above, whatever the inputs. Raises what decomposing raised."""
        if self._refused is not None:
            raise self._refused
        return self._exported, self._names

    def forget(self) -> bool:
        """There is nothing else to take."""
        return False


def copied(module: Any) -> Any | None:
    """A copy of a module; None for one that cannot be copied: then it is not exported."""
    try:
        with require("torch").no_grad():
            return copy.deepcopy(module)
    except Exception:
        return None
