"""litert-torch: a PyTorch module to TFLite, by way of torch.export and StableHLO."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from dataclasses import replace
from typing import Any

from onpar_host.calibration import calibration_paths, read_rows
from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError, failing_as
from onpar_host.exporting import Declared, Exported, ExportJob
from onpar_host.findings import finding
from onpar_host.packages import package_version, require
from onpar_host.renaming import renamed
from onpar_litert.details import choose_signature, describe
from onpar_pytorch.exporters.export_errors import export_error
from onpar_pytorch.exporters.tracing import Traceable, dynamic_axes, prepare
from onpar_pytorch.facts import precision
from onpar_pytorch.tensors import from_torch

from ..quantising import INTEGER, quantised

POSITION = re.compile(r"args_(\d+)$")
"""What litert-torch calls the inputs that are given by position (litert_torch/signature.py)."""

LAYOUT = [0, 2, 3, 1]
"""NCHW → NHWC: which axis of the original's input each axis of the candidate's is."""


def version() -> str:
    """The package that exports."""
    return package_version("litert-torch")


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with the converter's reason, and the codes of loading.

    The converter freezes every size (0.10.0 takes dynamic shapes and fails on them), so dynamic
    dimensions are exported at the example's sizes and a finding says so.
    """
    asked = job.options["precision"]
    paths = calibration_paths(job) if asked in INTEGER else []
    require("litert_torch")
    traceable = prepare(job)
    before = _contract(traceable)
    # Read before converting: a wrong file should not cost its time.
    rows = read_rows(paths, before, job) if asked in INTEGER else []
    path = os.path.join(job.out_dir, "model.tflite")
    job.progress("converting to TFLite")
    channels = _images(job, traceable)
    _convert(job, traceable, channels, path)
    after, signature = _written(job, path)
    names = _names(traceable, before, after)
    if asked != "float32":
        job.progress(f"quantising ({asked})")
        # In the layout and under the names that the file has.
        feeds = [
            {names[name]: _laid_out(array, name in channels) for name, array in row.items()}
            for row in rows
        ]
        with failing_as("export-failed", f"ai-edge-quantizer, {asked}", job.model.root):
            facts = quantised(path, asked, signature, feeds)
        after, _ = _written(job, path)
    else:
        facts = {}
    frozen = _frozen(job, traceable)
    return Exported(
        path,
        precision(traceable.module) if asked == "float32" else asked,
        declared=_declared(before, after, names, channels),
        facts={**traceable.facts, **facts, "signature": signature, "bytes": os.path.getsize(path)},
        findings=[finding("dim-unsupported", "warning", "exporter", **frozen)] if frozen else [],
        dependencies=paths,
    )


def _contract(traceable: Traceable) -> Contract:
    """Inputs in the order of the call at the example's sizes, outputs by the runtime's names."""
    specs = []
    for name in traceable.names:
        tensor = from_torch(traceable.tensors[name])
        specs.append(TensorSpec(name, tensor.dtype, list(tensor.shape)))
    return Contract(specs, [TensorSpec(name) for name in traceable.output_names])


def _images(job: ExportJob, traceable: Traceable) -> list[str]:
    """Inputs that go in with their channels last: those of rank 4 that are given by position."""
    if not job.options["channelLastInputs"]:
        return []
    found = [name for name in traceable.call.positional if traceable.tensors[name].dim() == 4]
    if not found:
        raise WorkerError(
            "bad-request",
            "channelLastInputs is set, and no input has the four dimensions of an image",
            fix="leave the option out",
        )
    return found


def _convert(job: ExportJob, traceable: Traceable, channels: list[str], path: str) -> None:
    torch, litert = require("torch"), require("litert_torch")
    module, args = traceable.module, traceable.args
    try:
        if channels:
            places = [traceable.call.positional.index(name) for name in channels]
            module = litert.to_channel_last_io(module, args=places)
            args = tuple(
                tensor.permute(LAYOUT).contiguous() if place in places else tensor
                for place, tensor in enumerate(args)
            )
        # What it tells of its stages belongs into the log.
        with torch.no_grad(), contextlib.redirect_stdout(sys.stderr):
            model = litert.convert(module, args, sample_kwargs=traceable.kwargs or None)
            model.export(path)
    except Exception as error:
        otherwise = (
            "look at the log for the operator that has no lowering; "
            "`--to onnx` and a converter from ONNX take another way"
        )
        raise export_error(error, job, "litert-torch", otherwise) from error


def _written(job: ExportJob, path: str) -> tuple[Contract, str | None]:
    litert = require("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(model_path=path)
    signature = choose_signature(interpreter, None, job.model)
    runner = interpreter.get_signature_runner(signature) if signature else None
    return describe(interpreter, runner, signature).contract, signature


def _names(traceable: Traceable, before: Contract, after: Contract) -> dict[str, str]:
    """Input of the suite → input of the file: by position, or by the parameter's name."""
    named = {parameter: name for parameter, name in traceable.call.keywords.items()}
    found: dict[str, str] = {}
    for spec in after.inputs:
        position = POSITION.match(spec.name)
        if position and int(position.group(1)) < len(traceable.call.positional):
            found[traceable.call.positional[int(position.group(1))]] = spec.name
        else:
            found[named.get(spec.name, spec.name)] = spec.name
    return {spec.name: found.get(spec.name, spec.name) for spec in before.inputs}


def _declared(
    before: Contract, after: Contract, names: dict[str, str], channels: list[str]
) -> list[Declared]:
    reason = "litert-torch names inputs by their position and integers by their precision"
    by_name = {spec.name: spec for spec in after.inputs}
    changes: list[Declared] = []
    for spec in before.inputs:
        other = by_name.get(names[spec.name])
        if other is None:
            continue
        change: Declared = {}
        if other.name != spec.name:
            change["to"] = other.name
        if spec.dtype == "float32" and other.dtype != spec.dtype:
            change["dtype"] = other.dtype
        if spec.name in channels:
            change["layout"] = LAYOUT
        if change:
            changes.append({"side": "input", "name": spec.name, **change, "reason": reason})
    return [*changes, *renamed(replace(before, inputs=[]), replace(after, inputs=[]), reason)]


def _laid_out(array: Any, channels_last: bool) -> Any:
    return array.transpose(LAYOUT) if channels_last else array


def _frozen(job: ExportJob, traceable: Traceable) -> dict[str, Any]:
    """`{dims, sizes}` of the dimensions that are dynamic in the suite, and the sizes they have now."""
    found = {
        dim or f"{name}.axis{axis}": int(traceable.tensors[name].shape[axis])
        for name, axes in dynamic_axes(job.inputs).items()
        for axis, dim in axes.items()
        if name in traceable.tensors
    }
    return {"dims": list(found), "sizes": list(found.values())} if found else {}
