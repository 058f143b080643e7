"""Weights of Keras models and SavedModels, moved by one rounding step."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from onpar_host.packages import require
from onpar_host.perturbing import generator, is_movable, moved
from onpar_host.variant import Perturb


def perturb_keras(built: Any, asked: Perturb) -> None:
    """Moves every float weight of 16 elements or more, in place. Shared layers have theirs once."""
    depthwise = {
        id(weight)
        for layer in built._flatten_layers()
        if "Depthwise" in type(layer).__name__
        for weight in layer.weights
    }
    transposed = {
        id(weight)
        for layer in built._flatten_layers()
        if type(layer).__name__.endswith("Transpose")
        for weight in layer.weights
    }
    count: Counter[str] = Counter()
    for weight in built.weights:
        path = str(weight.path)
        count[path] += 1
        name = path if count[path] == 1 else f"{path}#{count[path]}"
        inner = id(weight) in depthwise or id(weight) in transposed
        axis = _channel_axis(path, len(weight.shape), inner)
        _assign(weight, np.asarray(weight.numpy()), name, asked, axis)


def perturb_variables(variables: Iterable[Any], asked: Perturb) -> None:
    """Moves the float variables of a SavedModel, in place."""
    for variable in sorted(variables, key=lambda v: v.name):
        axis = _channel_axis(variable.name, len(variable.shape), False)
        _assign(variable, variable.numpy(), variable.name, asked, axis)


def perturb_constants(path: str, to: str, asked: Perturb) -> bool:
    """Writes a SavedModel with moved float constants to `to`; False where there are none to move.

    Frozen graphs keep their weights as constants. Variables and assets are linked, not copied.
    """
    require("tensorflow")
    from tensorflow.core.protobuf import saved_model_pb2

    source = os.path.join(path, "saved_model.pb")
    if not os.path.isfile(source):
        return False
    saved = saved_model_pb2.SavedModel()
    with open(source, "rb") as file:
        saved.ParseFromString(file.read())
    if not sum(perturb_graph(meta.graph_def, asked) for meta in saved.meta_graphs):
        return False
    os.makedirs(to, exist_ok=True)
    for entry in os.listdir(path):
        # The fingerprint is that of the file as it was.
        if entry not in ("saved_model.pb", "fingerprint.pb"):
            os.symlink(os.path.abspath(os.path.join(path, entry)), os.path.join(to, entry))
    with open(os.path.join(to, "saved_model.pb"), "wb") as file:
        file.write(saved.SerializeToString())
    return True


def perturb_graph(graph_def: Any, asked: Perturb) -> int:
    """Moves the float constants of a GraphDef and its functions, in place; gives how many."""
    tf = require("tensorflow")
    graphs = [("", graph_def.node)]
    graphs += [(f.signature.name, f.node_def) for f in graph_def.library.function]
    count = 0
    for graph, nodes in graphs:
        for node in nodes:
            if node.op == "Const" and _is_float(node.attr["dtype"].type):
                value = tf.make_ndarray(node.attr["value"].tensor)
                if is_movable(value):
                    after = _moved(value, f"{graph}/{node.name}", asked, -1)
                    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(after))
                    count += 1
    return count


def _is_float(kind: int) -> bool:
    return require("tensorflow").dtypes.as_dtype(kind).is_floating


def _assign(weight: Any, value: np.ndarray, name: str, asked: Perturb, axis: int | None) -> None:
    if is_movable(value):
        weight.assign(_moved(value, name, asked, axis))


def _moved(value: np.ndarray, name: str, asked: Perturb, axis: int | None) -> np.ndarray:
    return moved(value, asked.step, generator(asked.seed, name), axis if value.ndim else None)


def _channel_axis(path: str, rank: int, before_last: bool) -> int | None:
    """Kernels end with their output channels; depthwise ones [h, w, channels, 1] and transposed
    ones [h, w, out, in] have them before that; an embedding has a row each."""
    if rank == 0:
        return None
    if "embedding" in path.rpartition("/")[2]:
        return 0
    return -2 if before_last and rank > 2 else -1
