"""onnx2tf: an ONNX model to a SavedModel with a signature."""

from __future__ import annotations

import os
import shutil

from onpar_host.errors import WorkerError
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import require
from onpar_onnx_tools.files import weight_files
from onpar_tensorflow.runtimes.savedmodel import signature_contract
from onpar_tensorflow.signatures import DEFAULT

from ..changes import declared_changes, frozen
from ..converting import converted, version

__all__ = ["export", "version"]


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with the node and the reason, `operator-unsupported`, and
    `bad-request` for names that no input has."""
    job.progress("converting to a SavedModel")
    made = converted(job, [], output_signaturedefs=True)
    if not os.path.exists(os.path.join(made.folder, "saved_model.pb")):
        raise WorkerError(
            "export-failed",
            f"onnx2tf wrote no SavedModel of {job.model.shown}",
            fix="look at the log for what it says of saving",
        )
    path = os.path.join(job.out_dir, "saved_model")
    shutil.copytree(made.folder, path, ignore=shutil.ignore_patterns("*.tflite", "*.json"))
    loaded = require("tensorflow").saved_model.load(path)
    contract = signature_contract(loaded, loaded.signatures[DEFAULT])
    return Exported(
        path,
        declared=declared_changes(made, contract),
        facts={"signature": DEFAULT},
        findings=[*made.findings, *frozen(job)],
        dependencies=weight_files(job.model),
    )
