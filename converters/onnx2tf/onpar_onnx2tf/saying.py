"""What onnx2tf prints, as findings and as the reason of a failure."""

from __future__ import annotations

import re
from typing import Any

from onpar_host.errors import WorkerError, describe_exception
from onpar_host.exporting import ExportJob
from onpar_host.findings import NOISE, Finding, finding
from onpar_host.tracebacks import one_line, trimmed_traceback

from .inputs import sizes_of

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
WARNING = re.compile(r"^WARNING: +(.*\S)", re.MULTILINE)
ERROR = re.compile(r"^ERROR: +(.*\S)", re.MULTILINE)
NODE = re.compile(r"^ERROR: +onnx_op_name: +(.*\S)", re.MULTILINE)
MISSING = re.compile(r"^ERROR: +(\w+) OP is not yet implemented", re.MULTILINE)

ADVICE = re.compile(r"JSON")
"""Advice to have a file of replacements generated, which goes with every failure."""


def plain(text: str) -> str:
    """Without colours."""
    return COLOUR.sub("", text)


def warnings_in(said: str) -> list[Finding]:
    """Each warning once."""
    texts = [one_line(text) for text in WARNING.findall(said)]
    kept = [text for text in texts if not NOISE.search(text) and not ADVICE.search(text)]
    return [
        finding("exporter-warning", "warning", "exporter", message=text)
        for text in dict.fromkeys(kept)
    ]


def failure(job: ExportJob, proto: Any, error: BaseException, said: str) -> WorkerError:
    """`operator-unsupported` with the operator, else `export-failed` with the node and the reason."""
    detail = trimmed_traceback(error, job.model.root)
    missing, node = MISSING.search(said), NODE.search(said)
    if missing is not None:
        return WorkerError(
            "operator-unsupported",
            f"onnx2tf has no operator {missing[1]}, which {job.model.shown} uses",
            fix="replace it in the model, or take another way: `--to openvino` and ONNX Runtime know more",
            detail=detail,
        )
    name = node[1] if node else getattr(error, "onnx_op_name", None)
    types = {each.name: each.op_type for each in proto.graph.node}
    at = f" at node {name}{f' ({types[name]})' if name in types else ''}" if name else ""
    told = ERROR.findall(said)
    reason = told[0] if isinstance(error, SystemExit) and told else describe_exception(error)
    return WorkerError(
        "export-failed",
        f"onnx2tf could not export {job.model.shown}{at}: {one_line(reason)}",
        fix=_fix(job, proto),
        detail=detail,
    )


def _fix(job: ExportJob, proto: Any) -> str:
    dynamic = any(None in (sizes_of(value) or []) for value in proto.graph.input)
    if dynamic and job.options["batch"] is None:
        return (
            "onnx2tf fails at many dynamic axes: give the option `batch: 1`, "
            "or export the ONNX model with fixed sizes"
        )
    return (
        "inputs that are no images need `keepShape: [name]`; "
        "else see the log for what it says of the node"
    )
