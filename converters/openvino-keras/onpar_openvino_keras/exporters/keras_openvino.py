"""Keras' own export to OpenVINO: model.export(format="openvino")."""

from __future__ import annotations

import os

from onpar_host.errors import failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import package_version, require
from onpar_host.renaming import renamed
from onpar_openvino.details import describe
from onpar_openvino.perturb import weight_elements
from onpar_tensorflow.exporters.keras_savedmodel import input_signature, precision, run_once
from onpar_tensorflow.keras_models import contract_of, load_keras, model_facts

REASON = "model.export leaves outputs with the names of TensorFlow's graph"


def version() -> str:
    """Keras, which calls it, and OpenVINO, whose converter it is."""
    return f"keras {require('keras').__version__}, openvino {package_version('openvino')}"


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with the converter's reason."""
    ov = require("openvino")
    # Keras imports it on the way, and would name it in the middle of a traceback.
    require("scipy")
    job.progress("loading the model")
    built, _ = load_keras(job.model)
    run_once(built, job)
    path = os.path.join(job.out_dir, "model.xml")
    job.progress("exporting to OpenVINO")
    about = f"keras-openvino could not export {job.model.shown}"
    with failing_as("export-failed", about, job.model.root):
        built.export(path, format="openvino", verbose=False, input_signature=input_signature(built))
    graph = ov.Core().read_model(path)
    return Exported(
        path,
        precision=precision(built),
        declared=renamed(contract_of(built, job.inputs), describe(graph), REASON),
        facts={**model_facts(built), "weights": dict(sorted(weight_elements(graph).items()))},
    )
