"""What an ATen operator's schema says about the memory of its arguments and results."""

from __future__ import annotations

from functools import cache
from typing import Any

from onpar_host.packages import require


@cache
def is_view(func: Any) -> bool:
    """Whether the results share memory with an argument that is not written to."""
    return any(r.alias_info is not None and not r.alias_info.is_write for r in func._schema.returns)


@cache
def _written_places(func: Any) -> tuple[tuple[int, str], ...]:
    return tuple(
        (place, argument.name)
        for place, argument in enumerate(func._schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    )


def writes_to(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> set[int]:
    """Ids of the tensors that the operator writes into (in-place and `out=` operators)."""
    found: set[int] = set()
    for place, name in _written_places(func):
        value = args[place] if place < len(args) else kwargs.get(name)
        found.update(id(item) for item in (value if isinstance(value, list) else [value]))
    found.discard(id(None))
    return found


@cache
def functional(func: Any) -> Any | None:
    """The operator that gives a new tensor where `func` writes into its first argument (`add_`)."""
    namespace, _, name = func._schema.name.partition("::")
    places = [place for place, _ in _written_places(func)]
    if not name.endswith("_") or name.endswith("__") or places != [0]:
        return None
    packet = getattr(getattr(require("torch").ops, namespace), name[:-1], None)
    return getattr(packet, func._overloadname, None) if packet is not None else None
