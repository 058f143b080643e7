"""What tf2onnx made: checked, its dimensions named, written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.exporting import ExportJob
from onpar_host.findings import Finding, finding
from onpar_host.packages import require

UNKNOWN = re.compile(r"unk__\d+$")
"""tf2onnx numbers unknown dimensions anew in every conversion."""


def finish(
    proto: Any, path: str, job: ExportJob, exporter: str
) -> tuple[Contract, dict[str, Any], list[Finding]]:
    """Writes the model; gives its contract, facts and findings.

    Raises WorkerError `operator-unsupported` where tf2onnx left TensorFlow operators in the graph:
    it logs them, writes the file all the same, and no runtime can load it.
    """
    onnx = require("onnx")
    opsets = {entry.domain: entry.version for entry in proto.opset_import}
    _refuse_foreign(proto.graph, opsets, job, exporter)
    _name_dimensions(proto.graph, job.inputs)
    onnx.save(proto, path)
    asked, written = job.options["opset"], opsets.get("")
    findings = []
    if asked is not None and asked != written:
        findings.append(
            finding("opset-changed", "warning", "exporter", asked=asked, written=written)
        )
    facts = {
        "opset": written,
        "irVersion": proto.ir_version,
        "producer": f"{proto.producer_name} {proto.producer_version}",
        "nodes": len(proto.graph.node),
    }
    return _contract(proto.graph), facts, findings


def _refuse_foreign(graph: Any, opsets: dict[str, int], job: ExportJob, exporter: str) -> None:
    onnx = require("onnx")
    foreign: dict[str, str] = {}
    for inner in _graphs(graph):
        for node in inner.node:
            domain = "" if node.domain == "ai.onnx" else node.domain
            try:
                onnx.defs.get_schema(node.op_type, opsets.get(domain, 1), domain)
            except onnx.defs.SchemaError:
                foreign.setdefault(node.op_type, node.name)
    if foreign:
        named = ", ".join(f"{op} ({name})" for op, name in sorted(foreign.items()))
        raise WorkerError(
            "operator-unsupported",
            f"{exporter} has no ONNX operator for {named} of {job.model.shown} "
            f"in opset {opsets.get('')}",
            fix=_way_out(set(foreign)),
        )


def _way_out(operators: set[str]) -> str:
    """tf2onnx's rules are registered by domain and opset: a higher one helps only where one is."""
    rules = require("tf2onnx.handler").tf_op.get_opsets()
    known = {name for opsets in rules.values() for rule in opsets for name in rule}
    without = sorted(operators - known)
    if not without:
        return "ask for a higher opset, or write these layers with other operations"
    version = require("tf2onnx").__version__
    listed = ", ".join(without)
    advice = f"tf2onnx {version} has no rule for TensorFlow's {listed} in any opset: "
    if "Erfc" in without:
        return advice + "Keras writes it for the exact gelu; `approximate=True` is made of Tanh"
    return advice + "write these layers with other operations"


def _graphs(graph: Any) -> Iterator[Any]:
    """A graph and the bodies of its loops and branches."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _graphs(inner)


def _name_dimensions(graph: Any, inputs: list[TensorSpec]) -> None:
    """Gives unknown dimensions the suite's names, so that two exports write the same file."""
    by_name = {spec.name: spec for spec in inputs}
    named = all(value.name in by_name for value in graph.input)
    pairs = (
        [(value, by_name[value.name]) for value in graph.input]
        if named
        else list(zip(graph.input, inputs, strict=False))
    )
    names: dict[str, str] = {}
    for value, spec in pairs:
        for dim, wanted in zip(_dims(value), spec.shape or [], strict=False):
            if UNKNOWN.match(dim.dim_param) and isinstance(wanted, str):
                names[dim.dim_param] = wanted
    for inner in _graphs(graph):
        for value in (*inner.input, *inner.output, *inner.value_info):
            for dim in _dims(value):
                if UNKNOWN.match(dim.dim_param):
                    dim.dim_param = names.get(dim.dim_param, "")


def _dims(value: Any) -> list[Any]:
    return list(value.type.tensor_type.shape.dim)


def _contract(graph: Any) -> Contract:
    onnx = require("onnx")

    def spec(value: Any) -> TensorSpec:
        number = value.type.tensor_type.elem_type
        name = onnx.helper.tensor_dtype_to_np_dtype(number).name
        return TensorSpec(value.name, "string" if name == "object" else name)

    return Contract([spec(v) for v in graph.input], [spec(v) for v in graph.output], "declared")
