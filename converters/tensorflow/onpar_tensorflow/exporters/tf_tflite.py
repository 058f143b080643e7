"""TFLiteConverter: a Keras model or a frozen graph (by way of a SavedModel), or a SavedModel."""

from __future__ import annotations

import os
import re
import tempfile
from typing import Any

from onpar_host.calibration import calibration_paths, read_rows
from onpar_host.contract import Contract
from onpar_host.errors import WorkerError, failing_as
from onpar_host.exporting import Declared, Exported, ExportJob
from onpar_host.packages import require
from onpar_host.renaming import renamed
from onpar_host.tracebacks import trimmed_traceback

from ..graphdef import open_graph, read_graph_def
from ..runtimes.savedmodel import load_saved_model, signature_contract
from ..signatures import DEFAULT, choose_signature
from .frozen_function import REASON as ARGUMENTS
from .frozen_function import save_with_signature
from .keras_savedmodel import REASON, export_saved_model
from .tflite_file import contents_of, without_effect

INTEGER = {"int8": "int8", "int16x8": "int16"}
"""Precisions whose activations are integers too, with the dtype of these."""

LOCATION = re.compile(r"^<unknown>:0: (?:error|note): (?:loc\(.*\): ?)?")


def version() -> str:
    """TensorFlow's version."""
    return require("tensorflow").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with the converter's reason, `calibration-missing`,
    `bad-request` for options that exclude each other, and the codes of opening the source.

    Keras models go through `model.export`: converting concrete functions fails in calibration.
    """
    options = job.options
    asked = options["precision"]
    integer = INTEGER.get(asked)
    io = _io(options, integer)
    paths = calibration_paths(job) if integer is not None else []
    source, signature, contract, changes = _saved_model(job)
    # Read before the conversion: a wrong file should not cost the conversion's time.
    rows = read_rows(paths, contract, job) if integer is not None else []
    job.progress(f"converting to TFLite ({asked})")
    try:
        data = _convert(source, signature, asked, io, rows)
    except Exception as error:
        reason = _reason(error)
        raise WorkerError(
            "export-failed",
            f"tf-tflite could not export {job.model.shown} as {asked}: {reason}",
            fix=_fix(reason),
            detail=trimmed_traceback(error, job.model.root),
        ) from error
    path = os.path.join(job.out_dir, "model.tflite")
    with open(path, "wb") as file:
        file.write(data)
    if io != "float32":
        changes = _with_integer_io(contract, changes, io)
    contents = contents_of(data)
    findings = without_effect(contents, asked)
    return Exported(
        path,
        # A precision that no weight has got excuses no error.
        precision="float32" if findings else asked,
        declared=changes,
        facts={
            "signature": signature,
            "calibrationRows": len(rows) if integer is not None else None,
            "bytes": len(data),
            **contents.facts,
        },
        findings=findings,
        dependencies=paths,
    )


def _io(options: dict[str, Any], integer: str | None) -> str:
    """The dtype of float inputs and outputs in the file."""
    asked, precision = options["io"], options["precision"]
    if asked is None:
        return integer or "float32"
    if asked not in (integer, "float32"):
        allowed = "float32" if integer is None else f"{integer} or float32"
        raise WorkerError(
            "bad-request",
            f"option io of tf-tflite is {asked}, with precision {precision}",
            fix=f"with precision {precision} it can be {allowed}",
        )
    return asked


def _saved_model(job: ExportJob) -> tuple[str, str, Contract, list[Declared]]:
    """Where the SavedModel lies, its signature by name and contract, and the names that changed."""
    if job.model.format == "savedmodel":
        loaded = load_saved_model(job.model)
        name = choose_signature(loaded, job.options["signature"], job.model)
        return job.model.path, name, signature_contract(loaded, loaded.signatures[name]), []
    # The scratch folder, not out_dir: only the artifact belongs there.
    folder = tempfile.mkdtemp(prefix="tflite-", dir=os.getcwd())
    if job.model.format == "graphdef":
        ends = (job.options["inputs"], job.options["outputs"])
        frozen = open_graph(read_graph_def(job.model), job.model, job.inputs, *ends)
        about = f"{job.model.shown} could not be given a signature"
        with failing_as("export-failed", about, job.model.root):
            after = save_with_signature(frozen, folder)
        return folder, DEFAULT, after, renamed(frozen.contract, after, ARGUMENTS)
    static = job.inputs if job.options["staticShapes"] else None
    _, before, after = export_saved_model(job, folder, static)
    return folder, DEFAULT, after, renamed(before, after, REASON)


def _convert(
    source: str, signature: str, precision: str, io: str, rows: list[dict[str, Any]]
) -> bytes:
    tf = require("tensorflow")
    converter = tf.lite.TFLiteConverter.from_saved_model(source, signature_keys=[signature])
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision in INTEGER:
        sets = tf.lite.OpsSet
        converter.representative_dataset = lambda: iter(rows)
        # Nothing else beside: an operator without an integer kernel is an error, not a float one.
        converter.target_spec.supported_ops = [
            sets.TFLITE_BUILTINS_INT8
            if precision == "int8"
            else sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
        if io != "float32":
            converter.inference_input_type = tf.as_dtype(io)
            converter.inference_output_type = tf.as_dtype(io)
    return converter.convert()


def _with_integer_io(contract: Contract, renames: list[Declared], io: str) -> list[Declared]:
    """Float inputs and outputs become integers with a scale and zero point of their own."""
    changes = {(change["side"], change.get("to", change["name"])): change for change in renames}
    for side, specs in (("input", contract.inputs), ("output", contract.outputs)):
        for spec in specs:
            if spec.dtype != "float32":
                continue
            before = changes.get((side, spec.name), {"side": side, "name": spec.name})
            reasons = [
                before.get("reason"),
                f"full integer quantisation: inputs and outputs are {io}",
            ]
            reason = "; ".join(filter(None, reasons))
            changes[side, spec.name] = {**before, "dtype": io, "reason": reason}
    return list(changes.values())


def _reason(error: Exception) -> str:
    """The converter's own sentence, without the MLIR locations that fill its messages."""
    lines = [LOCATION.sub("", line).strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and line != "called from"]
    return f"{type(error).__name__}: {' '.join(said) or 'no reason given'}"


def _fix(text: str) -> str | None:
    if "element_shape to be static" in text or "tensor list ops" in text.lower():
        return (
            "recurrent layers need fixed sizes: give the inputs' dimensions as numbers "
            "and set `staticShapes: true`"
        )
    if "custom" in text.lower() or "select tf ops" in text.lower():
        return "the model uses operators that TFLite lacks; replace the layers named above"
    return None
