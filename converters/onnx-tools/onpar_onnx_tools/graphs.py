"""Walking an ONNX graph together with the bodies of its If, Loop and Scan nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

STANDARD_DOMAINS = ("", "ai.onnx")


def graphs_in(graph: Any) -> Iterator[Any]:
    """The graph itself, then every graph nested in an attribute, at any depth."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            nested = [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]
            for body in nested:
                yield from graphs_in(body)


def nodes_in(model: Any) -> Iterator[Any]:
    """Every node of a model: nested graphs and model-local functions included."""
    for graph in graphs_in(model.graph):
        yield from graph.node
    for function in model.functions:
        yield from function.node


def initializers_in(model: Any) -> Iterator[Any]:
    """Every stored weight, those of nested graphs included."""
    for graph in graphs_in(model.graph):
        yield from graph.initializer


def opset_of(model: Any) -> int | None:
    """The version of the standard operators that the model imports, or None when it imports none."""
    return next((e.version for e in model.opset_import if e.domain in STANDARD_DOMAINS), None)


def drop_inferred_types(model: Any) -> int:
    """Deletes `value_info` that inference can find out again; returns how many entries went.

    Exporters leave there the sizes of their example inputs, and earlier passes the types of tensors
    that they have changed; onnxruntime's quantiser stops at the first that contradicts its own
    inference ("Inferred shape and existing shape differ"). What comes out of operators of other
    domains stays: nobody could infer it.
    """
    dropped = 0
    for graph in graphs_in(model.graph):
        foreign = {
            name
            for node in graph.node
            if node.domain not in STANDARD_DOMAINS
            for name in node.output
        }
        kept = [value for value in graph.value_info if value.name in foreign]
        dropped += len(graph.value_info) - len(kept)
        del graph.value_info[:]
        graph.value_info.extend(kept)
    return dropped


def part_read_outputs(model: Any) -> int:
    """Gives each output that nodes of the graph read too a node of its own (Identity); returns how many.

    What is inserted behind such an output (a cast) would otherwise change what those nodes read.
    Names in nested graphs follow; opset 1 has Identity already.
    """
    graph = model.graph
    made = {name for node in graph.node for name in node.output}
    read = {name for inner in graphs_in(graph) for node in inner.node for name in node.input}
    read.update(
        value.name for inner in graphs_in(graph) if inner is not graph for value in inner.output
    )
    taken = made | read
    parted = [value.name for value in graph.output if value.name in made & read]
    for name in parted:
        inside = f"{name}_inside"
        while inside in taken:
            inside += "_"
        taken.add(inside)
        for inner in graphs_in(graph):
            for node in inner.node:
                _rename(node.input, name, inside)
            if inner is not graph:
                for value in inner.output:
                    value.name = inside if value.name == name else value.name
        for node in graph.node:
            _rename(node.output, name, inside)
        graph.node.add(op_type="Identity", name=f"{inside}_out", input=[inside], output=[name])
    return len(parted)


def _rename(names: Any, old: str, new: str) -> None:
    for index, name in enumerate(names):
        if name == old:
            names[index] = new
