"""Intermediate values of a TFLite model, from an interpreter of their own beside the deployed one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from onpar_host.apart import outputs_apart
from onpar_host.graph import OpGraph
from onpar_host.session import Session
from onpar_host.tensor import Tensor, as_tensor

from .graph import TfliteGraph

if TYPE_CHECKING:
    from .runtimes.litert import LiteRtSession

Feed = dict[str, np.ndarray]
Open = Callable[[bool], "LiteRtSession"]
"""A session that keeps every tensor, with XNNPACK or with the built-in kernels."""


class TappingSession(Session):
    """The deployed session, and beside it one that keeps every tensor.

    XNNPACK then takes each operator alone and gives the values that it gives when it takes many
    (each sample's outputs are compared). What it computes beforehand, of constants alone, it never
    writes (measured with ai-edge-litert 2.3.0: dequantised float16 weights); those come from the
    built-in kernels.
    """

    def __init__(
        self, deployed: LiteRtSession, keep: Open, xnnpack: bool, graph: TfliteGraph
    ) -> None:
        self._deployed = deployed
        self._keep = keep
        self._graph = graph
        self._xnnpack = xnnpack
        self._kept = keep(xnnpack)
        self._folded: dict[int, np.ndarray] | None = None
        kernels = "XNNPACK, one operator at a time" if xnnpack else "built-in kernels"
        super().__init__(deployed.contract, {**deployed.facts, "taps": kernels})

    def prepare(self, inputs: dict[str, Tensor]) -> Feed:
        self._kept.prepare(inputs)
        return self._deployed.prepare(inputs)

    def execute(self, feed: Feed) -> Any:
        return self._deployed.execute(feed)

    def collect(self, result: Any) -> dict[str, Tensor]:
        return self._deployed.collect(result)

    def graph(self) -> OpGraph:
        return self._graph.graph

    def execute_tapped(
        self, feed: Feed, names: list[str]
    ) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        result = self._deployed.execute(feed)
        again = self._kept.execute(feed)
        self.apart = outputs_apart(self._deployed.collect(result), self._kept.collect(again))
        tensors: dict[str, Tensor] = {}
        missing: dict[str, str] = {}
        for name in names:
            index = self._graph.indices.get(name)
            if index is None:
                missing[name] = "the model has no such tensor"
                continue
            try:
                tensors[name] = as_tensor(self._value(index, feed))
            except ValueError as error:
                missing[name] = str(error).split("\n")[0]
        return result, tensors, missing

    def _value(self, index: int, feed: Feed) -> np.ndarray:
        if not self._xnnpack or index not in self._graph.folded:
            return self._kept.value(index)
        if self._folded is None:
            plain = self._keep(False)
            plain.execute(feed)
            self._folded = {folded: plain.value(folded) for folded in self._graph.folded}
            plain.close()
        return self._folded[index]

    def close(self) -> None:
        self._deployed.close()
        self._kept.close()
