"""TFLiteConverter: a Keras model (by way of its SavedModel) or a SavedModel."""

from __future__ import annotations

import os
import re
import tempfile
from typing import Any

from onpar_host.calibration import calibration_paths, read_rows
from onpar_host.contract import Contract
from onpar_host.errors import WorkerError
from onpar_host.exporting import Declared, Exported, ExportJob
from onpar_host.packages import require
from onpar_host.tracebacks import trimmed_traceback

from ..runtimes.savedmodel import load_saved_model, signature_contract, signature_of
from .keras_savedmodel import REASON, export_saved_model
from .renaming import renamed

LOCATION = re.compile(r"^<unknown>:0: (?:error|note): (?:loc\(.*\): ?)?")


def version() -> str:
    """TensorFlow's version."""
    return require("tensorflow").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with the converter's reason, or without calibration data.

    Keras models go through `model.export`: converting concrete functions fails in calibration.
    """
    options = job.options
    wants_int8 = options["precision"] == "int8"
    paths = calibration_paths(job) if wants_int8 else []
    source, contract, changes = _saved_model(job)
    # Read before the conversion: a wrong file should not cost the conversion's time.
    rows = read_rows(paths, contract, job) if wants_int8 else []
    job.progress(f"converting to TFLite ({options['precision']})")
    try:
        data = _convert(source, options, rows)
    except Exception as error:
        reason = _reason(error)
        raise WorkerError(
            "export-failed",
            f"tf-tflite could not export {job.model.shown} as {options['precision']}: {reason}",
            fix=_fix(reason),
            detail=trimmed_traceback(error, job.model.root),
        ) from error
    path = os.path.join(job.out_dir, "model.tflite")
    with open(path, "wb") as file:
        file.write(data)
    if wants_int8 and options["io"] == "int8":
        changes = _with_int8_io(contract, changes)
    return Exported(
        path,
        precision=options["precision"],
        declared=changes,
        facts={"calibrationRows": len(rows) if wants_int8 else None, "bytes": len(data)},
        dependencies=paths,
    )


def _saved_model(job: ExportJob) -> tuple[str, Contract, list[Declared]]:
    """Where the SavedModel lies, its signature, and what became of the Keras model's names."""
    if job.model.format == "savedmodel":
        loaded = load_saved_model(job.model)
        signature = signature_of(loaded, job.options["signature"], job.model)
        return job.model.path, signature_contract(loaded, signature), []
    # The scratch folder, not out_dir: only the artifact belongs there.
    folder = tempfile.mkdtemp(prefix="tflite-", dir=os.getcwd())
    static = job.inputs if job.options["staticShapes"] else None
    _, before, after = export_saved_model(job, folder, static)
    return folder, after, renamed(before, after, REASON)


def _convert(source: str, options: dict[str, Any], rows: list[dict[str, Any]]) -> bytes:
    tf = require("tensorflow")
    signature = options["signature"]
    converter = tf.lite.TFLiteConverter.from_saved_model(source, signature_keys=[signature])
    precision = options["precision"]
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        converter.representative_dataset = lambda: iter(rows)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if options["io"] == "int8":
            converter.inference_input_type = tf.int8
            converter.inference_output_type = tf.int8
    return converter.convert()


def _with_int8_io(contract: Contract, renames: list[Declared]) -> list[Declared]:
    """Float inputs and outputs become int8 with a scale and zero point of their own."""
    changes = {(change["side"], change.get("to", change["name"])): change for change in renames}
    for side, specs in (("input", contract.inputs), ("output", contract.outputs)):
        for spec in specs:
            if spec.dtype != "float32":
                continue
            before = changes.get((side, spec.name), {"side": side, "name": spec.name})
            reasons = [
                before.get("reason"),
                "full integer quantisation: inputs and outputs are int8",
            ]
            reason = "; ".join(filter(None, reasons))
            changes[side, spec.name] = {**before, "dtype": "int8", "reason": reason}
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
