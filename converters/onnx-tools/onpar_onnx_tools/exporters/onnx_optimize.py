"""onnxruntime's optimised graph, saved: what people ship to shorten loading."""

from __future__ import annotations

import os
from typing import Any

from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import require

from ..about import facts, own_precision
from ..files import is_large, load, weight_files
from ..sessions import FATAL, open_session
from ..warned import warning

LEVELS = {
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}


def version() -> str:
    """onnxruntime's version."""
    return require("onnxruntime").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `model-load-failed` where onnxruntime cannot run the source itself."""
    ort = require("onnxruntime")
    onnx = require("onnx")
    level = job.options["level"]
    before = load(job.model)
    job.progress(f"optimising ({level})")
    path = os.path.join(job.out_dir, "model.onnx")
    settings = ort.SessionOptions()
    settings.graph_optimization_level = getattr(ort.GraphOptimizationLevel, LEVELS[level])
    settings.optimized_model_filepath = path
    settings.log_severity_level = FATAL
    if is_large(before):
        settings.add_session_config_entry(
            "session.optimized_model_external_initializers_file_name", "model.onnx.data"
        )
    disabled = job.options["disabledOptimizers"] or []
    open_session(
        job.model,
        job.model.path,
        settings,
        **({"disabled_optimizers": disabled} if disabled else {}),
    )
    after = onnx.load(path)
    found = facts(before, after)
    tied = _tied_to_processor(after)
    return Exported(
        path,
        precision=own_precision(before),
        facts={**found, "level": level},
        findings=[warning(tied)] if tied else [],
        dependencies=weight_files(job.model),
    )


def _tied_to_processor(model: Any) -> str | None:
    """Level `all` lays weights out for the processor at hand (NCHWc blocks as wide as its registers)."""
    blocked = [node.name for node in model.graph.node if node.domain == "com.microsoft.nchwc"]
    if not blocked:
        return None
    return (
        f"level all wrote {len(blocked)} operators in the memory layout of this processor "
        f"({blocked[0]}, ...): the file may be refused or be slower elsewhere; "
        "use level extended for a file that travels"
    )
