"""model.export to ONNX, which is tf2onnx underneath."""

from __future__ import annotations

import os

from onpar_host.errors import failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import package_version, require
from onpar_host.renaming import renamed

from ..keras_models import contract_of, load_keras, model_facts
from .keras_savedmodel import input_signature, precision, run_once
from .onnx_file import finish


def version() -> str:
    """The converter underneath and Keras, which calls it."""
    return f"tf2onnx {package_version('tf2onnx')}, keras {require('keras').__version__}"


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with tf2onnx' reason."""
    onnx = require("onnx")
    require("tf2onnx")
    job.progress("loading the model")
    built, _ = load_keras(job.model)
    run_once(built, job)
    path = os.path.join(job.out_dir, "model.onnx")
    job.progress("exporting to ONNX")
    about = f"keras-onnx could not export {job.model.shown}"
    with failing_as("export-failed", about, job.model.root):
        signature = input_signature(built)
        built.export(
            path,
            format="onnx",
            verbose=False,
            opset_version=job.options["opset"],
            input_signature=signature,
        )
    written, facts, findings = finish(onnx.load(path), path, job, "keras-onnx")
    before = contract_of(built, job.inputs)
    return Exported(
        path,
        precision=precision(built),
        declared=renamed(before, written, "tf2onnx names the tensors of its graph"),
        facts={**model_facts(built), **facts},
        findings=findings,
    )
