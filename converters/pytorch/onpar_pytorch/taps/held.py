"""The tensors that an exported program takes from its module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onpar_host.packages import require


@dataclass(frozen=True)
class Signature:
    """What the placeholders of a program stand for, by their names, and its user's outputs."""

    users: list[str]
    """User's inputs, flat, in call order; numbers that were fixed included."""
    fixed: frozenset[str]
    """Those of them that are no tensors."""
    held: dict[str, str]
    """Placeholder → name in the module of a parameter, a buffer or a constant tensor."""
    results: list[str | None]
    """Nodes of the user's outputs, flat; None for one that is no tensor."""
    places: list[int]
    """Where they stand among all that the graph returns."""

    @classmethod
    def of(cls, exported: Any) -> Signature:
        """Raises TypeError for what is neither (tokens, custom objects)."""
        kinds = require("torch").export.graph_signature
        users, fixed, held = [], [], {}
        for spec in exported.graph_signature.input_specs:
            if spec.kind is kinds.InputKind.USER_INPUT:
                users.append(spec.arg.name)
                if not isinstance(spec.arg, kinds.TensorArgument):
                    fixed.append(spec.arg.name)
            elif isinstance(spec.arg, kinds.TensorArgument) and spec.target is not None:
                held[spec.arg.name] = spec.target
            else:
                raise TypeError(f"the program takes {spec.arg} ({spec.kind})")
        results: list[str | None] = []
        places: list[int] = []
        for place, spec in enumerate(exported.graph_signature.output_specs):
            if spec.kind is kinds.OutputKind.USER_OUTPUT:
                tensor = isinstance(spec.arg, kinds.TensorArgument)
                results.append(spec.arg.name if tensor else None)
                places.append(place)
        return cls(users, frozenset(fixed), held, results, places)


def held_tensor(module: Any, name: str, constants: dict[str, Any]) -> Any:
    """A tensor by its name in the module: as it is there now, which a variant may have changed.

    Constants that only the program knows (numbers that forward turns into tensors) come from it.
    """
    torch = require("torch")
    part: Any = module
    for step in name.split("."):
        part = getattr(part, step, None)
        if part is None:
            break
    return part if isinstance(part, torch.Tensor) else constants[name]
