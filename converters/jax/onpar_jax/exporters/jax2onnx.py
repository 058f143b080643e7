"""jax2onnx: the traced program of a function, operation by operation, to ONNX."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from onpar_host.errors import WorkerError, describe_exception
from onpar_host.examples import own_example_inputs
from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import finding
from onpar_host.packages import package_version, require
from onpar_host.tensor import Tensor
from onpar_host.tracebacks import trimmed_traceback, user_location

from ..loading import Function, load_function
from ..outputs import named


def version() -> str:
    """The package that exports."""
    return package_version("jax2onnx")


def export(job: ExportJob) -> Exported:
    """Dimensions that the suite names stay dynamic under their names.

    Raises WorkerError `export-failed` with the reason, naming the primitive that has no translation.
    """
    jax = require("jax")
    require("jax2onnx")
    wide = bool(job.options["x64"])
    with jax.enable_x64(wide):
        return _export(job, wide)


def _export(job: ExportJob, wide: bool) -> Exported:
    jax, onnx = require("jax"), require("onnx")
    job.progress("loading the model")
    function = load_function(job.model)
    examples = _examples(job, function)
    names = list(examples)
    outputs = list(named(jax.eval_shape(function.call, *(t.array for t in examples.values()))))
    path = os.path.join(job.out_dir, "model.onnx")
    job.progress("exporting to ONNX")
    own = {} if job.options["opset"] is None else {"opset": job.options["opset"]}
    try:
        model = require("jax2onnx").to_onnx(
            function.call,
            inputs=[_spec(job, name, tensor) for name, tensor in examples.items()],
            model_name="model",
            enable_double_precision=wide,
            input_names=names,
            output_names=outputs,
            **own,
        )
        onnx.save(model, path)
    except Exception as error:
        where = user_location(error, job.model.root)
        raise WorkerError(
            "export-failed",
            f"jax2onnx could not export {job.model.shown}{f' at {where}' if where else ''}: "
            f"{describe_exception(error, job.model.root)}",
            fix="write the operation otherwise, or give the dynamic dimensions as numbers",
            detail=trimmed_traceback(error, job.model.root),
        ) from error
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    asked = job.options["opset"]
    findings = []
    if asked is not None and asked != opsets.get(""):
        findings = [
            finding("opset-changed", "warning", "exporter", asked=asked, written=opsets.get(""))
        ]
    facts: dict[str, Any] = {
        "opset": opsets.get(""),
        "irVersion": model.ir_version,
        "nodes": len(model.graph.node),
        "forwardParameters": function.parameters,
    }
    return Exported(path, "float64" if wide else "float32", facts=facts, findings=findings)


def _examples(job: ExportJob, function: Function) -> dict[str, Tensor]:
    """In the order of the function's parameters."""
    given = job.example_inputs
    if given is None:
        given = own_example_inputs(function.source, job.model, function.parameters)
    if not given:
        raise WorkerError(
            "export-failed",
            f"{job.model.shown}: exporting needs example inputs",
            fix="declare `inputs:` in the suite, give --inputs FILE, or write example_inputs() in the file",
        )
    if set(function.parameters) == set(given):
        return {name: given[name] for name in function.parameters}
    names = [spec.name for spec in job.inputs]
    return {name: given[name] for name in names} if set(names) == set(given) else given


def _spec(job: ExportJob, name: str, tensor: Tensor) -> Any:
    jax = require("jax")
    declared = {spec.name: spec.shape for spec in job.inputs}.get(name)
    sizes: list[Any] = [
        dim if isinstance(dim, int) else (dim or f"{name}_dim_{axis}")
        for axis, dim in enumerate(declared if declared is not None else tensor.shape)
    ]
    return jax.ShapeDtypeStruct(tuple(sizes), np.dtype(tensor.array.dtype))
