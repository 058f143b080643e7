"""Which parameter of `forward` an input goes to."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from onpar_host.errors import WorkerError


@dataclass(frozen=True)
class Call:
    """How to call a module: inputs by position first, the rest by keyword."""

    positional: list[str]
    keywords: dict[str, str]
    """Parameter name → input name."""

    def parameters(self, names: list[str]) -> dict[str, str]:
        """Input name → parameter name (its own name where it goes into *args)."""
        given = {
            name: names[i] if i < len(names) else name for i, name in enumerate(self.positional)
        }
        return {**given, **{name: parameter for parameter, name in self.keywords.items()}}


def forward_parameters(module: Any) -> list[inspect.Parameter]:
    """Parameters of `forward` without self; empty where there is no signature."""
    try:
        return list(inspect.signature(module.forward).parameters.values())
    except (TypeError, ValueError):
        return []


def parameter_names(parameters: list[inspect.Parameter]) -> list[str]:
    """Names of what can be given, without *args and **kwargs."""
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.kind not in variadic]


def plan_call(inputs: list[str], parameters: list[inspect.Parameter]) -> Call:
    """Inputs named as parameters go there; inputs with other names go by position.

    Raises WorkerError `input-mismatch` when there are too many, a needed one is missing, or a name
    says another place than the order does.
    """
    names = parameter_names(parameters)
    if inputs and all(name in names for name in inputs):
        call = _by_name(inputs, parameters)
    else:
        call = _by_position(inputs, parameters, names)
    _refuse_missing(call, parameters, names)
    return call


def _by_name(inputs: list[str], parameters: list[inspect.Parameter]) -> Call:
    positional: list[str] = []
    keywords: dict[str, str] = {}
    contiguous = True
    for parameter in parameters:
        given = parameter.name in inputs
        contiguous = contiguous and given and parameter.kind != parameter.KEYWORD_ONLY
        if contiguous:
            positional.append(parameter.name)
        elif given:
            keywords[parameter.name] = parameter.name
    return Call(positional, keywords)


def _by_position(inputs: list[str], parameters: list[inspect.Parameter], names: list[str]) -> Call:
    kinds = {p.kind for p in parameters}
    places = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    variadic = inspect.Parameter.VAR_POSITIONAL in kinds
    if parameters and len(inputs) > len(places) and not variadic:
        raise _mismatch(inputs, names)
    for index, name in enumerate(inputs):
        if name in names and places[index : index + 1] != [name]:
            raise _mismatch(inputs, names)
    return Call(list(inputs), {})


def _refuse_missing(call: Call, parameters: list[inspect.Parameter], names: list[str]) -> None:
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    taken = set(names[: len(call.positional)]) | set(call.keywords)
    for p in parameters:
        if p.default is p.empty and p.kind not in variadic and p.name not in taken:
            raise _mismatch([*call.positional, *call.keywords.values()], names)


def _mismatch(inputs: list[str], names: list[str]) -> WorkerError:
    return WorkerError(
        "input-mismatch",
        f"inputs {', '.join(inputs) or 'none'} do not fit forward({', '.join(names)})",
        fix=f"name the suite's inputs as forward does: {', '.join(names)}",
    )
