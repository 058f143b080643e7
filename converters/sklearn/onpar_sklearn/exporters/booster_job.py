"""What the exporters of both boosters share."""

from __future__ import annotations

from typing import Any

from onpar_host.contract import Contract
from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import Finding, finding

from ..columns import MATRIX
from .onnx_file import declared_input, declared_outputs, trees_in, written_file

OPSET = 15
"""The newest that onnxmltools 1.16 accepts together with ai.onnx.ml 3 tree ensembles."""

BY = "onnxmltools"


def initial_types(job: ExportJob, features: list[str]) -> list[tuple[str, Any]]:
    """The one input that onnxmltools knows, float32 [rows, features], named as the case names it."""
    from onnxmltools.convert.common.data_types import FloatTensorType

    name = job.inputs[0].name if job.inputs else MATRIX
    return [(name, FloatTensorType([None, len(features)]))]


def booster_file(
    written: Any,
    job: ExportJob,
    before: Contract,
    facts: dict[str, Any],
    trees: int,
    findings: list[Finding],
) -> Exported:
    """The exported file. A number of trees other than predicts is told as `exporter-warning`."""
    found = trees_in(written.graph)
    if found != trees:
        message = f"onnxmltools wrote {found} trees; {trees} predict"
        findings = [*findings, finding("exporter-warning", "warning", "exporter", message=message)]
    changes = [change for spec in before.inputs for change in declared_input(spec, "float32", BY)]
    changes += declared_outputs(before, written.graph, BY)
    return written_file(written, job, changes, {**facts, "treesWritten": found}, findings=findings)
