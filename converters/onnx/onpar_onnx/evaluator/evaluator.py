"""onnx's reference evaluator with this package's operators, in the precision that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpFunction, OpRun, RuntimeContextError

import onnx

from . import fused, operators
from .exact import is_exact
from .graph import names_used
from .operator import own_operator
from .rounding import UNIT, current
from .widening import wide, widen_graph, widened_function

__all__ = ["Settings", "UnknownOperatorError", "evaluator_of"]
assert fused and operators  # importing them registers what they implement


class UnknownOperatorError(NotImplementedError):
    """`domain::Operator (node)`: neither onnx nor this package can evaluate it."""


@dataclass
class Settings:
    """Shared by the evaluators of a model's graph and of all graphs and functions inside it."""

    float64: bool
    replaced: set[str] = field(default_factory=set)


class _Evaluator(ReferenceEvaluator):
    """One graph or function body. `settings` is the model's, by a subclass (see `evaluator_of`)."""

    settings: Settings

    def __init__(self, proto: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(proto, onnx.FunctionProto) and self.settings.float64:
            proto = widened_function(proto)
        super().__init__(proto, *args, **kwargs)
        # Weights live on as arrays alone.
        self.inits_ = []

    def _init(self) -> None:
        super()._init()
        if self.settings.float64:
            self.rt_inits_ = {name: wide(value) for name, value in self.rt_inits_.items()}
        for node in self.rt_nodes_:
            _exact_attributes(node)
        self._labels = [_label(node) for node in self.rt_nodes_]
        self._exact = [is_exact(node.onnx_node) for node in self.rt_nodes_]
        self._dead = self._last_uses()

    def _last_uses(self) -> list[list[str]]:
        """For each node the values that nothing reads after it: kept, they would fill the memory."""
        last: dict[str, int] = {}
        for index, node in enumerate(self.rt_nodes_):
            for name in (*names_used(node.onnx_node), *node.output):
                last[name] = index
        kept = {"", *self.output_names_}
        dead: list[list[str]] = [[] for _ in self.rt_nodes_]
        for name, index in last.items():
            if name not in kept:
                dead[index].append(name)
        return dead

    def _load_impl(self, node: onnx.NodeProto, input_types: Any = None) -> Any:
        own = own_operator(node.domain, node.op_type)
        if own is not None:
            self.settings.replaced.add(_qualified(node))
            return own
        try:
            return super()._load_impl(node, input_types)
        except RuntimeContextError:
            raise
        except (NotImplementedError, RuntimeError) as error:
            raise UnknownOperatorError(f"{_qualified(node)} (node {_label(node)})") from error

    def run(
        self,
        output_names: Any,
        feed_inputs: dict[str, Any],
        attributes: dict[str, Any] | None = None,
        **_: Any,
    ) -> list[Any]:
        """Outputs in order. `feed_inputs` of a graph inside another: also the values around it."""
        # A graph's own initialisers hide values of the same name around it.
        own = set(self.input_names_)
        results = dict(feed_inputs)
        results.update(
            (k, v) for k, v in self.rt_inits_.items() if k not in own or k not in results
        )
        results[""] = None
        for index, node in enumerate(self.rt_nodes_):
            for name, value in zip(
                node.output, self._evaluate(index, node, results, attributes), strict=False
            ):
                # A left-out output must not become what left-out inputs read.
                if name:
                    results[name] = value
            for name in self._dead[index]:
                results.pop(name, None)
        return [results[name] for name in output_names or self.output_names_]

    def _evaluate(
        self,
        index: int,
        node: OpRun,
        results: dict[str, Any],
        attributes: dict[str, Any] | None,
    ) -> tuple[Any, ...]:
        extra: dict[str, Any] = {}
        if node.has_linked_attribute and attributes:
            extra["linked_attributes"] = attributes
        if node.need_context():
            extra["context"] = results
        inputs = [results[name] for name in node.input]
        rounding = current()
        if rounding is None:
            outputs = node.run(*inputs, **extra)
        else:
            before = rounding.enter(self._labels[index])
            outputs = node.run(*inputs, **extra)
            if not (self._exact[index] or node.has_subgraph or isinstance(node, OpFunction)):
                outputs = tuple(_rounded(value) for value in outputs)
            rounding.leave(before)
        return tuple(wide(value) for value in outputs) if self.settings.float64 else outputs


def evaluator_of(model: onnx.ModelProto, settings: Settings) -> ReferenceEvaluator:
    """An evaluator to be used for many samples. It takes the model over, and empties and widens it.

    Raises UnknownOperatorError for an operator that cannot be evaluated.
    """
    if settings.float64:
        widen_graph(model.graph)
    bound = type("Evaluator", (_Evaluator,), {"settings": settings})
    evaluator = bound(model)
    del model.graph.initializer[:]
    return evaluator


def _rounded(value: Any) -> Any:
    """An operator's result is a float32 like any other: two roundings, its own and its function's."""
    rounding = current()
    if rounding is None or not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return value
    return rounding.add(value, 2 * UNIT * np.abs(value))


def _exact_attributes(node: OpRun) -> None:
    """float32 scalars would make numpy round what is computed from attributes alone to float32."""
    names = {*node.attributes_names_, *getattr(node, "attributes_", {})}
    for name in names:
        value = getattr(node, name, None)
        if isinstance(value, np.float32):
            setattr(node, name, float(value))
        elif isinstance(value, list) and value and isinstance(value[0], np.float32):
            setattr(node, name, [float(item) for item in value])
    inherited = getattr(node, "attributes_", None)
    if isinstance(inherited, dict):
        for name in inherited:
            inherited[name] = getattr(node, name, inherited[name])


def _qualified(node: onnx.NodeProto) -> str:
    return f"{node.domain or 'ai.onnx'}::{node.op_type}"


def _label(node: Any) -> str:
    proto = getattr(node, "onnx_node", node)
    return proto.name or next((name for name in proto.output if name), proto.op_type)
