"""torch.onnx.export: the torch.export based exporter, or the legacy one with `dynamo: false`."""

from __future__ import annotations

import os
from typing import Any

from onpar_host.errors import WorkerError
from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import finding
from onpar_host.packages import require

from ..facts import precision
from .export_errors import export_error
from .onnx_paths import relative_paths
from .program_onnx import convert
from .tracing import Traceable, dynamic_axes, dynamic_shapes, prepare

PROTOBUF_LIMIT = 1_900_000_000
"""A protobuf file ends at 2 GiB; weights beyond this go into a file beside the model."""


def version() -> str:
    """The package that exports."""
    return require("torch").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with the exporter's own reason."""
    require("onnx")
    from_program = job.model.format == "torch-export"
    return _export(job, None if from_program else prepare(job), "torch-onnx")


def export_traceable(job: ExportJob, traceable: Traceable, exporter: str) -> Exported:
    """The same for a module that is loaded already; `exporter` is what messages call it."""
    return _export(job, traceable, exporter)


def _export(job: ExportJob, traceable: Traceable | None, exporter: str) -> Exported:
    path = os.path.join(job.out_dir, "model.onnx")
    from_program = traceable is None
    try:
        if traceable is None:
            made, program, facts = convert(job)
            weights = program.exported
            written = _saved(job, made, weights, path)
        else:
            job.progress("exporting to ONNX")
            weights, facts = traceable.module, traceable.facts
            written = (_dynamo if job.options["dynamo"] else _legacy)(job, traceable, path)
    except WorkerError:
        raise
    except Exception as error:
        otherwise = _otherwise(job, from_program)
        traced = not from_program and job.options["dynamo"]
        raise export_error(
            error, job, exporter, otherwise, fixed_size=otherwise if traced else ""
        ) from error
    asked = job.options["opset"]
    findings = []
    if asked is not None and asked != written["opset"]:
        findings.append(
            finding("opset-changed", "warning", "exporter", asked=asked, written=written["opset"])
        )
    facts = {**facts, **written, "dynamic": dynamic_axes(job.inputs)}
    return Exported(path, precision(weights), facts=facts, findings=findings)


def _otherwise(job: ExportJob, from_program: bool) -> str:
    if from_program:
        return "try `onpar run MODEL.py:build --to onnx`, which exports from the code"
    return f"try `options: {{dynamo: {'false' if job.options['dynamo'] else 'true'}}}`"


def _dynamo(job: ExportJob, traceable: Traceable, path: str) -> dict[str, Any]:
    torch = require("torch")
    require("onnxscript")
    program = torch.onnx.export(
        traceable.module,
        traceable.args,
        kwargs=traceable.kwargs,
        input_names=traceable.names,
        output_names=traceable.output_names,
        dynamic_shapes=_named_shapes(job, traceable),
        opset_version=job.options["opset"],
        optimize=job.options["optimize"],
        dynamo=True,
        verbose=False,
    )
    return _saved(job, program, traceable.module, path)


def _saved(job: ExportJob, program: Any, module: Any, path: str) -> dict[str, Any]:
    relative_paths(program.model, job.model.root)
    external = _weight_bytes(module) > PROTOBUF_LIMIT
    program.save(path, external_data=external)
    return {
        "exporter": "dynamo",
        "opset": program.model.opset_imports[""],
        "irVersion": program.model.ir_version,
        "producer": f"{program.model.producer_name} {program.model.producer_version}",
        "nodes": len(program.model.graph),
        "externalData": external,
    }


def _named_shapes(job: ExportJob, traceable: Traceable) -> dict[str, Any] | None:
    """Names of dimensions stay those of the suite."""
    unnamed = require("torch").export.Dim.DYNAMIC
    return dynamic_shapes(job, traceable, lambda name: name or unnamed)


def _legacy(job: ExportJob, traceable: Traceable, path: str) -> dict[str, Any]:
    torch, onnx = require("torch"), require("onnx")
    axes = {
        name: {axis: dim or f"{name}_dim_{axis}" for axis, dim in found.items()}
        for name, found in dynamic_axes(job.inputs).items()
        if found
    }
    torch.onnx.export(
        traceable.module,
        traceable.args,
        path,
        kwargs=traceable.kwargs,
        input_names=traceable.names,
        output_names=traceable.output_names,
        dynamic_axes=axes or None,
        opset_version=job.options["opset"],
        do_constant_folding=job.options["optimize"],
        dynamo=False,
    )
    written = onnx.load(path, load_external_data=False)
    opsets = {entry.domain: entry.version for entry in written.opset_import}
    return {
        "exporter": "legacy",
        "opset": opsets.get(""),
        "irVersion": written.ir_version,
        "producer": f"{written.producer_name} {written.producer_version}",
        "nodes": len(written.graph.node),
        "externalData": _weight_bytes(traceable.module) > PROTOBUF_LIMIT,
    }


def _weight_bytes(module: Any) -> int:
    # A module or an exported program: both list their parameters and buffers.
    tensors = [*module.parameters(), *module.buffers()]
    return sum(t.numel() * t.element_size() for t in tensors)
