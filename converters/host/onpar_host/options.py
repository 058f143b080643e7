"""Options of exporters and runtimes, checked against the JSON Schema properties of toolchain.json."""

from __future__ import annotations

from typing import Any

from .errors import WorkerError

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def with_defaults(given: dict[str, Any], properties: dict[str, Any], owner: str) -> dict[str, Any]:
    """The given options over the defaults.

    Raises WorkerError `option-unknown` for a name, `bad-request` for a value that is not allowed.
    """
    for name, value in given.items():
        if name not in properties:
            known = ", ".join(properties) or "none"
            raise WorkerError(
                "option-unknown",
                f"{owner} has no option {name}; it has {known}",
                fix=f"use one of: {known}",
            )
        _check(name, value, properties[name], owner)
    return {name: given.get(name, schema.get("default")) for name, schema in properties.items()}


def _check(name: str, value: Any, schema: dict[str, Any], owner: str) -> None:
    allowed = schema.get("enum")
    if allowed is not None and value not in allowed:
        raise _refused(name, value, f"one of {', '.join(map(str, allowed))}", owner)
    kinds = schema.get("type")
    if kinds is None:
        return
    names = [kinds] if isinstance(kinds, str) else kinds
    if not any(_is(value, kind) for kind in names):
        raise _refused(name, value, f"a value of type {' or '.join(names)}", owner)
    low = schema.get("minimum")
    if low is not None and isinstance(value, (int, float)) and value < low:
        raise _refused(name, value, f"at least {low}", owner)


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _TYPES[kind])


def _refused(name: str, value: Any, wanted: str, owner: str) -> WorkerError:
    return WorkerError(
        "bad-request", f"option {name} of {owner} is {value!r}", fix=f"give it {wanted}"
    )
