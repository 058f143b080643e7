"""The version converter of the onnx package, up and down."""

from __future__ import annotations

import re
from typing import Any

from onpar_host.errors import WorkerError, failing_as, failure_of
from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import finding
from onpar_host.packages import require

from ..about import dtype_changes, facts, own_precision
from ..files import load, save, weight_files
from ..graphs import STANDARD_DOMAINS, nodes_in, opset_of

NO_ADAPTER = re.compile(r"No Adapter From Version \$?(\d+) for (\w+)")
LOWEST = 7
"""onnxruntime promises to run models of opset 7 and newer; the converter's adapters begin there too."""


def version() -> str:
    """onnx' version."""
    return require("onnx").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` without the option, or where an operator has no such version."""
    onnx = require("onnx")
    before = load(job.model)
    target = _target(job, before)
    job.progress(f"converting opset {opset_of(before)} to {target}")
    about = (
        f"onnx-opset could not convert {job.model.shown} from opset {opset_of(before)} to {target}"
    )
    _check_operators(before, target, about)
    after = _converted(before, target, job, about)
    with failing_as("export-failed", about, job.model.root):
        _raise_ir_version(after)
        # A graph that mixes forms of two opsets would only be told when it is loaded.
        onnx.checker.check_model(after)
    written = opset_of(after)
    findings = []
    if written != target:
        findings.append(
            finding("opset-changed", "warning", "exporter", asked=target, written=written)
        )
    return Exported(
        save(after, job),
        precision=own_precision(before),
        declared=dtype_changes(before, after, f"opset {target} has another type there"),
        facts={**facts(before, after), "opsetBefore": opset_of(before)},
        findings=findings,
        dependencies=weight_files(job.model),
    )


def _converted(before: Any, target: int, job: ExportJob, about: str) -> Any:
    """The converter goes step by step and asserts that it has an adapter for each operator."""
    onnx = require("onnx")
    fix = "export the model again with that opset"
    try:
        return onnx.version_converter.convert_version(before, target)
    except Exception as error:
        missing = NO_ADAPTER.search(str(error))
        if missing is None:
            raise failure_of(error, "export-failed", about, job.model.root, fix) from error
        known, operator = missing.groups()
        raise WorkerError(
            "export-failed",
            f"{about}: onnx {onnx.__version__} cannot bring {operator} across opset {known}",
            fix=f"stay on this side of opset {known}, or {fix}",
        ) from error


def _target(job: ExportJob, before: Any) -> int:
    onnx = require("onnx")
    newest = onnx.defs.onnx_opset_version()
    target = job.options["opset"]
    if target is None:
        raise WorkerError(
            "export-failed",
            f"onnx-opset needs the opset to convert {job.model.shown} to (it has {opset_of(before)})",
            fix=f"give `options: {{opset: N}}` (or --option opset=N), N from {LOWEST} to {newest}",
        )
    if not LOWEST <= target <= newest:
        raise WorkerError(
            "export-failed",
            f"onnx-opset: opset {target} does not exist in onnx {onnx.__version__}",
            fix=f"give a number from {LOWEST} to {newest}",
        )
    return target


def _check_operators(model: Any, target: int, about: str) -> None:
    """Operators that are younger than the target are named, with the first opset that has them all."""
    onnx = require("onnx")
    younger: dict[str, int] = {}
    for node in nodes_in(model):
        if node.domain in STANDARD_DOMAINS and not onnx.defs.has(
            node.op_type, max_inclusive_version=target
        ):
            younger[node.op_type] = _born(node.op_type)
    if younger:
        listed = ", ".join(f"{name} (since opset {born})" for name, born in sorted(younger.items()))
        raise WorkerError(
            "export-failed",
            f"{about}: opset {target} has no {listed}",
            fix=f"convert to opset {max(younger.values())} or newer, or export the model again "
            f"with opset {target}, so that its exporter writes those operators out",
        )


def _born(operator: str) -> int:
    onnx = require("onnx")
    versions = [
        s.since_version
        for s in onnx.defs.get_all_schemas_with_history()
        if s.name == operator and s.domain in STANDARD_DOMAINS
    ]
    return min(versions, default=0)


def _raise_ir_version(model: Any) -> None:
    """A newer opset needs a newer file format; an older one reads on in the format it has."""
    onnx = require("onnx")
    needed = onnx.helper.find_min_ir_version_for(list(model.opset_import), ignore_unknown=True)
    model.ir_version = max(model.ir_version, needed)
