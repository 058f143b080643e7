"""model.export to a SavedModel."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError, failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import require
from onpar_host.renaming import renamed
from onpar_host.tensor import Tensor

from ..keras_models import call, contract_of, input_structure, is_symbolic, load_keras, model_facts
from ..runtimes.savedmodel import signature_contract
from ..tensors import to_tensorflow

REASON = "model.export names the tensors of its signature"


def version() -> str:
    """Keras' version."""
    return require("keras").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with Keras' reason."""
    path = os.path.join(job.out_dir, "saved_model")
    built, before, after = export_saved_model(job, path)
    return Exported(
        path,
        precision=precision(built),
        declared=renamed(before, after, REASON),
        facts={**model_facts(built), "signature": "serving_default"},
    )


def export_saved_model(
    job: ExportJob, path: str, static_inputs: list[TensorSpec] | None = None
) -> tuple[Any, Contract, Contract]:
    """Writes the SavedModel; gives the Keras model, its contract and that of the signature.

    Dimensions that `static_inputs` give as numbers are fixed in the signature.
    """
    tf = require("tensorflow")
    job.progress("loading the model")
    built, _ = load_keras(job.model)
    run_once(built, job)
    job.progress("exporting to SavedModel")
    about = f"Keras could not export {job.model.shown}"
    with failing_as("export-failed", about, job.model.root):
        signature = input_signature(built, static_inputs)
        built.export(path, format="tf_saved_model", verbose=False, input_signature=signature)
    loaded = tf.saved_model.load(path)
    after = signature_contract(loaded, loaded.signatures["serving_default"])
    return built, contract_of(built, job.inputs), after


def run_once(built: Any, job: ExportJob) -> None:
    """A subclassed model knows its shapes only once it was called."""
    if is_symbolic(built):
        return
    examples = job.example_inputs or _zeros(job)
    if not examples:
        raise WorkerError(
            "export-failed",
            f"{job.model.shown}: a subclassed Keras model needs its inputs to be exported",
            fix="declare `inputs:` in the suite, or give --inputs FILE",
        )
    about = f"{job.model.shown} does not run on its example inputs"
    with failing_as("export-failed", about, job.model.root):
        call(built, {name: to_tensorflow(tensor) for name, tensor in examples.items()})


def input_signature(built: Any, static_inputs: list[TensorSpec] | None = None) -> Any:
    """The model's own inputs as Keras' export wants them; None leaves it to Keras."""
    if not is_symbolic(built):
        return None
    keras, tf = require("keras"), require("tensorflow")
    sizes = [spec.shape or [] for spec in static_inputs or []]
    specs = []
    for index, tensor in enumerate(built.inputs):
        shape = list(tensor.shape)
        for axis, size in enumerate(sizes[index] if index < len(sizes) else []):
            if axis < len(shape) and shape[axis] is None and isinstance(size, int):
                shape[axis] = size
        specs.append(tf.TensorSpec(shape, tensor.dtype, name=tensor.name))
    return [keras.tree.pack_sequence_as(input_structure(built), specs)]


def _zeros(job: ExportJob) -> dict[str, Tensor]:
    return {
        spec.name: Tensor(
            np.zeros([d if isinstance(d, int) else 2 for d in spec.shape or []], spec.dtype),
            spec.dtype,
        )
        for spec in job.inputs
        if spec.dtype is not None and spec.dtype not in ("string", "bfloat16")
    }


def precision(built: Any) -> str:
    """The dtype in which the model computes."""
    return str(getattr(built.dtype_policy, "compute_dtype", None) or "float32")
