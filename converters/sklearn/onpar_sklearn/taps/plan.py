"""The stages of a prediction, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from onpar_host.graph import OpNode

Values = dict[str, Any]
"""What the stages have computed: arrays, sparse matrices, data frames or lists of text, by tensor."""


@dataclass(frozen=True)
class Stage:
    """A node, and the function of the tensors in `takes` that gives its outputs."""

    node: OpNode
    takes: Sequence[str]
    compute: Callable[..., Sequence[Any]]


@dataclass
class Plan:
    """All stages of an estimator. `features`: the tensor that it is called with."""

    features: str
    inputs: list[str]
    stages: list[Stage] = field(default_factory=list)
    constants: Values = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)

    def run(self, features: Any, seen: Callable[[str, Any], None]) -> None:
        """Computes every stage; `seen` is told each tensor once. Values are freed after their last use."""
        last: dict[str, int] = {}
        for place, stage in enumerate(self.stages):
            last.update(dict.fromkeys(stage.takes, place))
        values: Values = {self.features: features}
        for place, stage in enumerate(self.stages):
            results = stage.compute(*(values[name] for name in stage.takes))
            for name, value in zip(stage.node.outputs, results, strict=True):
                seen(name, value)
                if name in last:
                    values[name] = value
            for name in stage.takes:
                if last[name] == place:
                    values.pop(name, None)

    def name(self, wanted: str) -> str:
        """A name for a tensor that no other has."""
        taken = {*self.inputs, *self.outputs, *self.constants, self.features}
        taken.update(name for stage in self.stages for name in stage.node.outputs)
        while wanted in taken:
            wanted = f"{wanted}_"
        return wanted

    def add(
        self,
        node: OpNode,
        compute: Callable[..., Sequence[Any]],
        takes: Sequence[str] | None = None,
    ) -> str:
        """A stage that computes from `takes` (the node's inputs); gives the name of its first output."""
        self.stages.append(Stage(node, node.inputs if takes is None else takes, compute))
        return node.outputs[0]
