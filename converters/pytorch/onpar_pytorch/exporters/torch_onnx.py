"""torch.onnx.export: the torch.export based exporter, or the legacy one with `dynamo: false`."""

from __future__ import annotations

import inspect
import os
import re
from typing import Any

from onpar_host.errors import WorkerError, describe_exception
from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import finding
from onpar_host.packages import require
from onpar_host.tracebacks import trimmed_traceback, user_location

from ..facts import precision
from ..forward import forward_parameters
from .onnx_paths import relative_paths
from .tracing import Traceable, dynamic_axes, prepare

PROTOBUF_LIMIT = 1_900_000_000
"""A protobuf file ends at 2 GiB; weights beyond this go into a file beside the model."""


def version() -> str:
    """The package that exports."""
    return require("torch").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with the exporter's own reason."""
    require("onnx")
    traceable = prepare(job)
    path = os.path.join(job.out_dir, "model.onnx")
    job.progress("exporting to ONNX")
    try:
        written = (_dynamo if job.options["dynamo"] else _legacy)(job, traceable, path)
    except WorkerError:
        raise
    except Exception as error:
        raise _export_error(error, job) from error
    asked = job.options["opset"]
    findings = []
    if asked is not None and asked != written["opset"]:
        findings.append(
            finding("opset-changed", "warning", "exporter", asked=asked, written=written["opset"])
        )
    facts = {**traceable.facts, **written, "dynamic": dynamic_axes(job.inputs)}
    return Exported(path, precision(traceable.module), facts=facts, findings=findings)


def _dynamo(job: ExportJob, traceable: Traceable, path: str) -> dict[str, Any]:
    torch = require("torch")
    require("onnxscript")
    program = torch.onnx.export(
        traceable.module,
        traceable.args,
        kwargs=traceable.kwargs,
        input_names=traceable.names,
        output_names=traceable.output_names,
        dynamic_shapes=_dynamic_shapes(job, traceable),
        opset_version=job.options["opset"],
        optimize=job.options["optimize"],
        dynamo=True,
        verbose=False,
    )
    relative_paths(program.model, job.model.root)
    external = _weight_bytes(traceable.module) > PROTOBUF_LIMIT
    program.save(path, external_data=external)
    return {
        "exporter": "dynamo",
        "opset": program.model.opset_imports[""],
        "irVersion": program.model.ir_version,
        "producer": f"{program.model.producer_name} {program.model.producer_version}",
        "nodes": len(program.model.graph),
        "externalData": external,
    }


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


def _dynamic_shapes(job: ExportJob, traceable: Traceable) -> dict[str, Any] | None:
    """By parameter of forward, in call order; names of dimensions stay those of the suite."""
    unnamed = require("torch").export.Dim.DYNAMIC
    axes = dynamic_axes(job.inputs)
    if not any(axes.values()):
        return None
    shapes = {
        name: {axis: dim or unnamed for axis, dim in axes.get(name, {}).items()} or None
        for name in traceable.names
    }
    parameters = forward_parameters(traceable.module)
    variadic = [p.name for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL]
    named = {
        traceable.parameters[name]: shape
        for name, shape in shapes.items()
        if not (variadic and name in traceable.call.positional)
    }
    if not variadic:
        return named
    fixed = [p.name for p in parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    given = [shapes[name] for name in traceable.call.positional]
    leading = dict(zip(fixed, given, strict=False))
    return {**leading, variadic[0]: tuple(given[len(fixed) :]), **named}


def _weight_bytes(module: Any) -> int:
    tensors = [*module.parameters(), *module.buffers()]
    return sum(t.numel() * t.element_size() for t in tensors)


def _export_error(error: Exception, job: ExportJob) -> WorkerError:
    """The exporter wraps the reason in pages about itself; the reason is the innermost cause."""
    reason: BaseException = error
    while reason.__cause__ is not None:
        reason = reason.__cause__
    root = job.model.root
    where = user_location(reason, root) or user_location(error, root)
    place = f" at {where}" if where else ""
    text = describe_exception(reason, root)
    return WorkerError(
        "export-failed",
        f"torch-onnx could not export {job.model.shown}{place}: {text}",
        fix=_fix(text, bool(job.options["dynamo"])),
        detail=trimmed_traceback(reason, root),
    )


def _fix(text: str, dynamo: bool) -> str | None:
    if "data-dependent" in text or "GuardOnDataDependent" in text:
        return "replace the branch on a tensor's value by torch.where or torch.cond"
    if re.search(r"specializ|Constraints violated|inferred a static shape", text, re.IGNORECASE):
        return "a dimension the suite calls dynamic is fixed by the model: give it as a number"
    return "try `options: {dynamo: false}`" if dynamo else "try `options: {dynamo: true}`"
