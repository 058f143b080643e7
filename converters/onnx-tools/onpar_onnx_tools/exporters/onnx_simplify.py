"""onnxslim: folds constants, removes what does nothing, fuses what is one operator."""

from __future__ import annotations

import copy

from onpar_host.errors import WorkerError, failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import package_version, require

from ..about import dtype_changes, facts, own_precision
from ..files import load, save, weight_files

PASSES = {
    "constantFolding": "constant_folding",
    "graphFusion": "graph_fusion",
    "deadNodeElimination": "dead_node_elimination",
    "subexpressionElimination": "subexpression_elimination",
    "weightTying": "weight_tying",
}


def version() -> str:
    """onnxslim's version."""
    require("onnxslim")
    return package_version("onnxslim")


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with onnxslim's reason."""
    onnxslim = require("onnxslim")
    before = load(job.model)
    skipped = [PASSES[name] for name in job.options["skip"] or [] if name in PASSES]
    unknown = [name for name in job.options["skip"] or [] if name not in PASSES]
    if unknown:
        raise WorkerError(
            "export-failed",
            f"onnx-simplify has no pass {', '.join(unknown)}",
            fix=f"skip some of: {', '.join(PASSES)}",
        )
    job.progress("simplifying")
    about = f"onnx-simplify could not export {job.model.shown}"
    with failing_as("export-failed", about, job.model.root):
        # It edits what it is given.
        after = onnxslim.slim(
            copy.deepcopy(before),
            skip_optimizations=skipped or None,
            no_shape_infer=not job.options["shapeInference"],
            size_threshold=job.options["sizeThreshold"],
        )
    return Exported(
        save(after, job),
        precision=own_precision(before),
        declared=dtype_changes(before, after, "onnxslim changed its type"),
        facts=facts(before, after),
        dependencies=weight_files(job.model),
    )
