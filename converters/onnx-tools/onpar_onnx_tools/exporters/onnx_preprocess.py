"""onnxruntime's preparation for quantisation as a step of its own (quant_pre_process)."""

from __future__ import annotations

import os

from onpar_host.errors import failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import require

from ..about import dtype_changes, facts, own_precision
from ..files import load, weight_files
from ..preprocessing import preprocess
from ..warned import logged_warnings


def version() -> str:
    """onnxruntime's version."""
    return require("onnxruntime").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with onnxruntime's reason."""
    onnx = require("onnx")
    options = job.options
    before = load(job.model)
    path = os.path.join(job.out_dir, "model.onnx")
    about = f"onnx-preprocess could not export {job.model.shown}"
    fix = "set `symbolicShape: false`" if options["symbolicShape"] else None
    job.progress("inferring shapes and optimising")
    with failing_as("export-failed", about, job.model.root, fix), logged_warnings() as findings:
        preprocess(
            load(job.model),
            path,
            job,
            skip_optimization=not options["optimize"],
            skip_onnx_shape=not options["onnxShape"],
            skip_symbolic_shape=not options["symbolicShape"],
            auto_merge=options["autoMerge"],
            guess_output_rank=options["guessOutputRank"],
        )
    after = onnx.load(path)
    return Exported(
        path,
        precision=own_precision(before),
        declared=dtype_changes(before, after, "shape inference changed its type"),
        facts=facts(before, after),
        findings=findings,
        dependencies=weight_files(job.model),
    )
