"""Walking and preparing ONNX protos before they are evaluated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from onnx.inliner import inline_local_functions

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, numpy_helper


def read_model(path: str) -> ModelProto:
    """The model with its external tensors, functions inlined and sparse tensors dense.

    Functions are inlined because onnx's evaluator gives their bodies none of the operators it was given,
    and looks up only functions declared before their use.
    """
    model = onnx.load(path)
    for opset in model.opset_import:
        opset.domain = "" if opset.domain == "ai.onnx" else opset.domain
    for nodes in _node_lists(model):
        for node in nodes:
            node.domain = "" if node.domain == "ai.onnx" else node.domain
    for graph in graphs(model.graph):
        _densify(graph)
    return _inlined(model) if model.functions else model


def graphs(graph: GraphProto) -> Iterator[GraphProto]:
    """The graph and every graph inside it (If, Loop, Scan, to any depth)."""
    yield graph
    for node in graph.node:
        for inner in subgraphs(node):
            yield from graphs(inner)


def subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    """The graphs that a node holds."""
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            yield attribute.g
        elif attribute.type == AttributeProto.GRAPHS:
            yield from attribute.graphs


def names_used(node: NodeProto) -> Iterator[str]:
    """Names that a node reads, those that its graphs read from around it included."""
    yield from node.input
    for graph in subgraphs(node):
        for inner in graph.node:
            yield from names_used(inner)
        # A branch may hand an outer value straight through.
        for output in graph.output:
            yield output.name


def _node_lists(model: ModelProto) -> Iterator[list[NodeProto]]:
    for graph in graphs(model.graph):
        yield graph.node
    for function in model.functions:
        yield function.node
        for node in function.node:
            for inner in subgraphs(node):
                for graph in graphs(inner):
                    yield graph.node


def dense(sparse: SparseTensorProto) -> np.ndarray:
    """A sparse tensor written out; indices are linear (one a value) or coordinates (one row a value)."""
    values, indices = numpy_helper.to_array(sparse.values), numpy_helper.to_array(sparse.indices)
    array = np.zeros(tuple(sparse.dims), dtype=values.dtype)
    where = np.unravel_index(indices, array.shape) if indices.ndim == 1 else tuple(indices.T)
    array[where] = values
    return array


def _densify(graph: GraphProto) -> None:
    for sparse in graph.sparse_initializer:
        graph.initializer.append(numpy_helper.from_array(dense(sparse), sparse.values.name))
    del graph.sparse_initializer[:]
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.SPARSE_TENSOR:
                tensor = numpy_helper.from_array(dense(attribute.sparse_tensor))
                attribute.Clear()
                attribute.CopyFrom(onnx.helper.make_attribute("value", tensor))


def _inlined(model: ModelProto) -> ModelProto:
    """Weights stay behind meanwhile: the inliner serialises, which ends at 2 GB."""
    weights = list(model.graph.initializer)
    del model.graph.initializer[:]
    result = inline_local_functions(model)
    result.graph.initializer.extend(weights)
    return result
