"""Keras' own export to LiteRT: model.export(format="litert")."""

from __future__ import annotations

import os

from onpar_host.errors import failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import require
from onpar_host.renaming import renamed

from ..keras_models import contract_of, load_keras, model_facts
from .keras_savedmodel import input_signature, precision, run_once
from .tflite_file import contents_of, signature_of

REASON = "model.export names the tensors of its signature"


def version() -> str:
    """Keras, which calls it, and TensorFlow, whose converter it is."""
    return f"keras {require('keras').__version__}, tensorflow {require('tensorflow').__version__}"


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with the converter's reason.

    Keras lets the converter keep TensorFlow operators that TFLite lacks; the facts name them
    (`customOperators`), and only a runtime with the Flex delegate runs them.
    """
    job.progress("loading the model")
    built, _ = load_keras(job.model)
    run_once(built, job)
    path = os.path.join(job.out_dir, "model.tflite")
    job.progress("exporting to LiteRT")
    about = f"keras-litert could not export {job.model.shown}"
    static = job.inputs if job.options["staticShapes"] else None
    with failing_as("export-failed", about, job.model.root):
        signature = input_signature(built, static)
        built.export(path, format="litert", verbose=False, input_signature=signature)
    with open(path, "rb") as file:
        data = file.read()
    return Exported(
        path,
        precision=precision(built),
        declared=renamed(contract_of(built, job.inputs), signature_of(data), REASON),
        facts={**model_facts(built), **contents_of(data).facts, "bytes": len(data)},
    )
