"""The operands of an operator's call: tensors in its order, everything else as attributes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onpar_host.packages import require

Named = Callable[[Any], str | None]
"""The name of a tensor (or of what stands for it), None for anything else."""

PLACEMENT = ("device", "layout", "pin_memory", "memory_format", "generator", "out")
"""Arguments that say where and how a tensor lies, not what it holds."""


def operands(
    func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], named: Named
) -> tuple[list[str], dict[str, Any]]:
    """Names of the tensors that a call takes, and its other arguments, defaults included.

    An optional tensor that is absent is "". A number in a tensor's place (`x * 2`) is an attribute.
    """
    schema = getattr(func, "_schema", None)
    if schema is None:
        return _all_named((args, kwargs), named), {}
    inputs: list[str] = []
    attributes: dict[str, Any] = {}
    for place, argument in enumerate(schema.arguments):
        if argument.name in PLACEMENT:
            continue
        given = args[place] if place < len(args) else kwargs.get(argument.name, _default(argument))
        names = _slot(given, str(argument.type), named)
        if names is not None:
            inputs.extend(names)
            continue
        value = plain(given, named)
        if value is not _UNTOLD:
            attributes[argument.name] = value
    while inputs and not inputs[-1]:
        inputs.pop()
    return inputs, attributes


def op_name(func: Any) -> str:
    """`aten.convolution.default`."""
    if getattr(func, "_schema", None) is None:
        return str(getattr(func, "__name__", func))
    return str(func)


def short_name(func: Any) -> str:
    """`convolution`: the operator without namespace and overload, as fx names nodes."""
    schema = getattr(func, "_schema", None)
    name = schema.name.rpartition("::")[2] if schema is not None else op_name(func)
    return name.rstrip("_").lstrip("_") or name


class _Untold:
    """An argument that JSON does not hold."""


_UNTOLD = _Untold()


def _default(argument: Any) -> Any:
    return argument.default_value if argument.has_default_value() else None


def _slot(value: Any, kind: str, named: Named) -> list[str] | None:
    """Names of the tensors in a tensor's place; None where the argument is no tensor."""
    name = named(value)
    if name is not None:
        return [name]
    if isinstance(value, (list, tuple)) and any(named(item) is not None for item in value):
        return [named(item) or "" for item in value] if "Tensor" in kind else None
    return [""] if value is None and "Tensor" in kind else None


def plain(value: Any, named: Named) -> Any:
    """A number, text, truth value, None, or a list of these; sizes known at run time by their name."""
    torch = require("torch")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, (list, tuple)):
        items = [plain(item, named) for item in value]
        scalars = all(item is not _UNTOLD and not isinstance(item, list) for item in items)
        return items if scalars else _UNTOLD
    if hasattr(value, "op") and hasattr(value, "name"):
        return str(value.name)
    return _UNTOLD


def _all_named(value: Any, named: Named) -> list[str]:
    name = named(value)
    if name is not None:
        return [name]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in _all_named(item, named)]
    return []
