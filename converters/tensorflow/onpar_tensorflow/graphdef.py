"""Frozen TensorFlow graphs: a GraphDef with its weights as constants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError, failing_as
from onpar_host.model import Model
from onpar_host.packages import require

from .function_names import with_own_functions
from .tensors import spec_of

PLACEHOLDERS = ("Placeholder", "PlaceholderV2")
"""What a graph is fed through. A PlaceholderWithDefault keeps its default unless it is named."""
VARIABLES = ("Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable")
"""Operators whose values lie in a checkpoint beside the graph."""
NORMS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
"""Their outputs behind the first are for training."""
NO_TENSORS = ("resource", "variant")
SHOWN = 8


@dataclass(frozen=True)
class FrozenGraph:
    """An imported graph with its ends: `inputs` and `outputs` are tf.Tensors by contract name."""

    graph_def: Any
    function: Any
    """tf.compat.v1.wrap_function's result, from which functions are pruned."""
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def contract(self) -> Contract:
        """Names of nodes; `node:1` for a further output."""
        return Contract(
            [spec_of(name, tensor) for name, tensor in self.inputs.items()],
            [spec_of(name, tensor) for name, tensor in self.outputs.items()],
            "declared",
        )

    def pruned(self) -> Any:
        """A function of the inputs, in order, that gives the list of outputs, in order."""
        return self.function.prune(list(self.inputs.values()), list(self.outputs.values()))


def read_graph_def(model: Model) -> Any:
    """The file's GraphDef. Raises WorkerError `model-load-failed` for anything else."""
    require("tensorflow")
    from google.protobuf.message import DecodeError
    from tensorflow.core.framework import graph_pb2

    graph_def = graph_pb2.GraphDef()
    try:
        with open(model.path, "rb") as file:
            graph_def.ParseFromString(file.read())
        found = len(graph_def.node) > 0
    except (DecodeError, OSError):
        found = False
    if not found:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} is no TensorFlow graph, or was cut off",
            fix="give the binary GraphDef that freezing wrote (frozen.pb), or a SavedModel folder",
        )
    return graph_def


def open_graph(
    graph_def: Any,
    model: Model,
    suite_inputs: list[TensorSpec],
    inputs: list[str] | None,
    outputs: list[str] | None,
) -> FrozenGraph:
    """Imports a graph and settles what it takes and gives.

    Inputs: `inputs`, else those of the request where the graph has tensors of these names (what the
    reference takes, when this is an exporter or a candidate), else the placeholders that the
    outputs need. Outputs: `outputs`, else what depends on an input and
    nothing uses. Raises WorkerError `model-load-failed` for a graph that is not frozen,
    `graph-endpoints` where names or found ends do not work out.
    """
    tf = require("tensorflow")
    own = with_own_functions(graph_def)
    with failing_as("model-load-failed", model.shown, model.root, "check how it was frozen"):
        function = tf.compat.v1.wrap_function(
            lambda: tf.graph_util.import_graph_def(own, name=""), []
        )
    graph = function.graph
    placeholders = _placeholders(graph)
    named = inputs or _of_suite(graph, suite_inputs, placeholders, model)
    feeds = {t.name: t for t in (_tensor(graph, n, "input", model) for n in named or [])}
    starts = feeds or {t.name: t for t in placeholders}
    if not starts:
        raise _endpoints(
            model,
            "has no placeholder, so nothing can be fed",
            "name the tensors to feed with the option inputs",
        )
    if outputs:
        given = [_tensor(graph, name, "output", model) for name in outputs]
    else:
        given = _unused(graph, starts)
    if not given:
        raise _endpoints(
            model,
            f"has no output that depends on {_listed(starts)} and that nothing else uses",
            "name the tensors to read with the option outputs",
        )
    needed = needed_by(given, set(starts))
    _refuse_variables(needed, model)
    reached = {t.name for op in needed for t in op.inputs} | {t.name for t in given}
    unfed = [t.name for t in placeholders if t.name in reached and t.name not in starts]
    if unfed:
        raise _endpoints(
            model,
            f"needs {_listed(unfed)} too for {_listed([t.name for t in given])}",
            "declare these inputs as well, or name outputs that do without",
        )
    used = {name: tensor for name, tensor in starts.items() if feeds or name in reached}
    return FrozenGraph(
        graph_def,
        function,
        {shown(name): tensor for name, tensor in used.items()},
        {shown(tensor.name): tensor for tensor in given},
        {
            "nodes": len(graph_def.node),
            "endpoints": {
                "inputs": "named" if feeds else "found",
                "outputs": "named" if outputs else "found",
            },
        },
    )


def shown(tensor_name: str) -> str:
    """`x:0` as people name it: `x`."""
    return tensor_name.removesuffix(":0")


def _placeholders(graph: Any) -> list[Any]:
    found = [op.outputs[0] for op in graph.get_operations() if op.type in PLACEHOLDERS]
    return [tensor for tensor in found if tensor.dtype.name not in NO_TENSORS]


def _of_suite(
    graph: Any, specs: list[TensorSpec], placeholders: list[Any], model: Model
) -> list[str] | None:
    names = [spec.name for spec in specs]
    known = [name for name in names if _find(graph, name) is not None]
    if names and len(known) == len(names):
        return names
    if not known:
        # Named by nobody's graph: feeding tells how the placeholders are called.
        return None
    missing = [name for name in names if name not in known]
    raise _endpoints(
        model,
        f"has no tensor {_listed(missing)}; its placeholders: {_listed(t.name for t in placeholders)}",
        "name the suite's inputs as the graph does",
    )


def _find(graph: Any, name: str) -> Any:
    try:
        return graph.get_tensor_by_name(name if ":" in name else f"{name}:0")
    except (KeyError, ValueError):
        return None


def _tensor(graph: Any, name: str, side: str, model: Model) -> Any:
    tensor = _find(graph, name)
    if tensor is not None:
        return tensor
    known = [t.name for op in graph.get_operations() for t in op.outputs]
    near = get_close_matches(name, [shown(n) for n in known], n=3)
    likely = near or [shown(n) for n in (known[-SHOWN:] if side == "output" else known[:SHOWN])]
    raise _endpoints(
        model,
        f"has no tensor {name} that could be an {side}",
        f"{'did you mean' if near else 'it has, among others,'} {', '.join(likely)}",
    )


def _unused(graph: Any, starts: dict[str, Any]) -> list[Any]:
    """Outputs by the graph's own order: nothing uses any output of their operator."""
    depends: set[str] = set(starts)
    found = []
    for op in in_order(graph):
        if not any(tensor.name in depends for tensor in op.inputs):
            continue
        depends.update(tensor.name for tensor in op.outputs)
        if any(tensor.consumers() for tensor in op.outputs):
            continue
        outputs = op.outputs[:1] if op.type in NORMS else op.outputs
        found.extend(t for t in outputs if t.dtype.name not in NO_TENSORS)
    return found


def in_order(graph: Any) -> list[Any]:
    """Operators with their inputs before them, in the graph's order otherwise.

    Edges back (NextIteration of a version 1 loop) are followed once: what enters a loop comes
    before it, and that decides what depends on an input.
    """
    done: set[str] = set()
    order: list[Any] = []
    for first in graph.get_operations():
        stack = [(first, False)]
        while stack:
            op, ready = stack.pop()
            if ready:
                order.append(op)
            elif op.name not in done:
                done.add(op.name)
                stack.append((op, True))
                stack.extend((t.op, False) for t in reversed(op.inputs) if t.op.name not in done)
    return order


def needed_by(outputs: Iterable[Any], fed: set[str]) -> list[Any]:
    """Every operator that computing the outputs runs, when `fed` is given."""
    seen: dict[str, Any] = {}
    stack = [tensor.op for tensor in outputs if tensor.name not in fed]
    while stack:
        op = stack.pop()
        if op.name not in seen:
            seen[op.name] = op
            stack.extend(t.op for t in op.inputs if t.name not in fed)
            stack.extend(op.control_inputs)
    return list(seen.values())


def _refuse_variables(needed: list[Any], model: Model) -> None:
    held = sorted(op.name for op in needed if op.type in VARIABLES)
    if held:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} is not frozen: the values of {_listed(held)} are not in it",
            fix="freeze it with its checkpoint (convert_variables_to_constants), "
            "or name the SavedModel folder",
        )


def _listed(names: Iterable[str]) -> str:
    every = [shown(name) for name in names]
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return (", ".join(every[:SHOWN]) or "none") + more


def _endpoints(model: Model, what: str, fix: str) -> WorkerError:
    return WorkerError("graph-endpoints", f"{model.shown} {what}", fix=fix)
