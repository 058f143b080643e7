"""model.export to ONNX, which is tf2onnx underneath."""

from __future__ import annotations

import os
import re
from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import Finding, finding
from onpar_host.packages import package_version, require

from ..keras_models import contract_of, load_keras, model_facts
from .keras_savedmodel import input_signature, precision, run_once
from .renaming import renamed

UNKNOWN = re.compile(r"unk__\d+$")
"""tf2onnx numbers unknown dimensions anew in every conversion."""


def version() -> str:
    """The converter underneath and Keras, which calls it."""
    return f"tf2onnx {package_version('tf2onnx')}, keras {require('keras').__version__}"


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with tf2onnx' reason."""
    onnx = require("onnx")
    require("tf2onnx")
    job.progress("loading the model")
    built, _ = load_keras(job.model)
    run_once(built, job)
    path = os.path.join(job.out_dir, "model.onnx")
    job.progress("exporting to ONNX")
    asked = job.options["opset"]
    about = f"keras-onnx could not export {job.model.shown}"
    with failing_as("export-failed", about, job.model.root):
        signature = input_signature(built)
        built.export(
            path, format="onnx", verbose=False, opset_version=asked, input_signature=signature
        )
    written = onnx.load(path)
    _name_dimensions(written.graph, job.inputs)
    onnx.save(written, path)
    opsets = {entry.domain: entry.version for entry in written.opset_import}
    findings: list[Finding] = []
    if asked is not None and asked != opsets.get(""):
        findings.append(
            finding("opset-changed", "warning", "exporter", asked=asked, written=opsets.get(""))
        )
    before = contract_of(built, job.inputs)
    return Exported(
        path,
        precision=precision(built),
        declared=renamed(
            before, _contract(written.graph), "tf2onnx names the tensors of its graph"
        ),
        facts={
            **model_facts(built),
            "opset": opsets.get(""),
            "irVersion": written.ir_version,
            "producer": f"{written.producer_name} {written.producer_version}",
            "nodes": len(written.graph.node),
        },
        findings=findings,
    )


def _name_dimensions(graph: Any, inputs: list[TensorSpec]) -> None:
    """Gives unknown dimensions the suite's names, so that two exports write the same file."""
    names: dict[str, str] = {}
    for value, spec in zip(graph.input, inputs, strict=False):
        for dim, wanted in zip(_dims(value), spec.shape or [], strict=False):
            if UNKNOWN.match(dim.dim_param) and isinstance(wanted, str):
                names[dim.dim_param] = wanted
    for value in (*graph.input, *graph.output, *graph.value_info):
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
