"""Names of a graph's tensors: its ends are called as the contract calls them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from .graph import OpNode


class TensorNames:
    """Framework's key of a tensor → its name in the OpGraph, unique there.

    Inputs and outputs have the names of the contract, so that values of a run and of taps go by the
    same names. An output that is an input, or another output again, is made by an `Identity`.
    """

    def __init__(self, inputs: Mapping[str, Hashable], outputs: Mapping[str, Hashable]) -> None:
        self._names: dict[Hashable, str] = {key: name for name, key in inputs.items()}
        self._taken = {*inputs, *outputs}
        self._again: dict[str, Hashable] = {}
        for name, key in outputs.items():
            if key in self._names:
                self._again[name] = key
            else:
                self._names[key] = name

    def give(self, key: Hashable, wanted: str) -> str:
        """The tensor's name: the wanted one, numbered where another tensor has it."""
        if key not in self._names:
            name, count = wanted, 1
            while name in self._taken:
                count += 1
                name = f"{wanted}#{count}"
            self._taken.add(name)
            self._names[key] = name
        return self._names[key]

    def keys(self) -> dict[str, Any]:
        """Name → key of all that have one."""
        return {**{name: key for key, name in self._names.items()}, **self._again}

    def repeated(self) -> list[OpNode]:
        """Nodes for outputs that are tensors with another name already."""
        return [
            OpNode(f"output/{name}", "Identity", [self._names[key]], [name])
            for name, key in self._again.items()
        ]
