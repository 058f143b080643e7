"""What dynamic and static quantisation have in common."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from onpar_host.errors import WorkerError, failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import Finding
from onpar_host.packages import require

from .about import QUANTISED, dtype_changes, facts
from .files import is_large, load, weight_files
from .graphs import nodes_in
from .preprocessing import prepared
from .warned import logged_warnings

TYPES = {"int8": "QInt8", "uint8": "QUInt8", "int16": "QInt16", "uint16": "QUInt16"}
INTEGER_OPERATORS = (*QUANTISED, "MatMulInteger", "ConvInteger", "DynamicQuantizeMatMul")

Quantise = Callable[[Any, str, dict[str, Any]], None]
"""(model, path to write, arguments that both quantisers take)."""


def quant_type(name: str) -> Any:
    """onnxruntime's QuantType of an option's word."""
    return getattr(require("onnxruntime.quantization").QuantType, TYPES[name])


def quantised(
    job: ExportJob, exporter: str, precision: str, quantise: Quantise, findings: list[Finding]
) -> Exported:
    """Prepares, quantises, and refuses a result in which nothing was quantised.

    Raises WorkerError `export-failed` with onnxruntime's reason.
    """
    onnx = require("onnx")
    before = load(job.model)
    _check_names(before, job, exporter)
    if any(node.op_type in INTEGER_OPERATORS for node in nodes_in(before)):
        raise WorkerError(
            "export-failed",
            f"{exporter}: {job.model.shown} is quantised already",
            fix="start from the float model",
        )
    model, notes = prepared(job)
    path = os.path.join(job.out_dir, "model.onnx")
    about = f"{exporter} could not export {job.model.shown}"
    job.progress("quantising")
    with failing_as("export-failed", about, job.model.root), logged_warnings() as logged:
        quantise(
            model,
            path,
            {
                "op_types_to_quantize": job.options["opTypes"] or None,
                "nodes_to_exclude": job.options["exclude"] or None,
                "per_channel": job.options["perChannel"],
                "reduce_range": job.options["reduceRange"],
                "weight_type": quant_type(job.options["weightType"]),
                "use_external_data_format": is_large(model),
            },
        )
    after = onnx.load(path)
    integer = [node for node in nodes_in(after) if node.op_type in INTEGER_OPERATORS]
    if not integer:
        raise WorkerError(
            "export-failed",
            f"{about}: nothing in it was quantised",
            fix="it has no operator that the quantiser knows, or `opTypes` and `exclude` leave none; "
            f"its operators: {', '.join(sorted({n.op_type for n in nodes_in(before)}))}",
        )
    return Exported(
        path,
        precision=precision,
        declared=dtype_changes(before, after, "quantised"),
        facts={**facts(before, after), "quantisedNodes": len(integer)},
        findings=[*findings, *notes, *logged],
        dependencies=weight_files(job.model),
    )


def _check_names(model: Any, job: ExportJob, exporter: str) -> None:
    """Names that the model lacks would silently quantise more, or less, than was meant."""
    names = {node.name for node in nodes_in(model)}
    operators = sorted({node.op_type for node in nodes_in(model)})
    for option, known, what in (
        ("exclude", names, "node"),
        ("opTypes", operators, "operator"),
    ):
        unknown = [name for name in job.options[option] or [] if name not in known]
        if unknown:
            raise WorkerError(
                "export-failed",
                f"{exporter}: option {option}: {job.model.shown} has no {what} called "
                f"{', '.join(unknown)}",
                fix=f"it has {', '.join(sorted(known)[:20])}",
            )
