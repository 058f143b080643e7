"""onnx2tf: an ONNX model to the TFLite files that it writes, one of which is taken."""

from __future__ import annotations

import os
import shutil
from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import Finding, finding
from onpar_host.packages import require
from onpar_onnx_tools.calibration import CalibrationRows
from onpar_onnx_tools.files import load, weight_files
from onpar_tensorflow.exporters.tflite_file import contents_of, signature_of, without_effect

from ..changes import declared_changes, frozen
from ..converting import converted, version

__all__ = ["export", "version"]

FILES = {
    "float32": "float32",
    "float16": "float16",
    "dynamic-range": "dynamic_range_quant",
    "int8": "integer_quant",
    "int16x8": "integer_quant_with_int16_act",
}
"""Precision → what onnx2tf calls the file of it."""

CALIBRATED = ("int8", "int16x8")


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with the node and the reason, `operator-unsupported`,
    `calibration-missing`, and `bad-request` for names that no input has."""
    asked = job.options["precision"]
    rows = CalibrationRows(job, load(job.model)) if asked in CALIBRATED else None
    job.progress(f"converting to TFLite ({asked})")
    made = converted(
        job,
        rows.feeds if rows else [],
        output_dynamic_range_quantized_tflite=asked == "dynamic-range",
        output_integer_quantized_tflite=asked in CALIBRATED,
    )
    source = os.path.join(made.folder, f"model_{FILES[asked]}.tflite")
    if not os.path.exists(source):
        said = [f["args"]["message"] for f in made.findings]
        raise WorkerError(
            "export-failed",
            f"onnx2tf wrote no {asked} file of {job.model.shown}: "
            f"{'; '.join(said) or 'it does not say why'}",
            fix="look at the log for the operator that has no kernel of this precision",
        )
    path = os.path.join(job.out_dir, "model.tflite")
    shutil.copyfile(source, path)
    with open(path, "rb") as file:
        data = file.read()
    contents = contents_of(data)
    nothing = without_effect(contents, asked)
    facts: dict[str, Any] = {"bytes": len(data), **contents.facts}
    if rows:
        facts["calibrationRows"] = len(rows.feeds)
    return Exported(
        path,
        # A precision that no weight has got excuses no error.
        precision="float32" if nothing else asked,
        declared=declared_changes(made, _contract(data)),
        facts=facts,
        findings=[
            *made.findings,
            *(rows.findings() if rows else []),
            *nothing,
            *frozen(job),
            *_select(contents.custom),
        ],
        dependencies=[*weight_files(job.model), *(rows.paths if rows else [])],
    )


def _contract(data: bytes) -> Contract:
    """Names by the signature; the dynamic-range file has none, there by the tensors."""
    signed = signature_of(data)
    if signed.inputs:
        return signed
    interpreter = require("tensorflow").lite.Interpreter(model_content=data)
    return Contract(
        [TensorSpec(one["name"], one["dtype"].__name__) for one in interpreter.get_input_details()],
        [
            TensorSpec(one["name"], one["dtype"].__name__)
            for one in interpreter.get_output_details()
        ],
    )


def _select(custom: list[str]) -> list[Finding]:
    """onnx2tf lets TensorFlow's own operators into the file, which plain LiteRT cannot run."""
    flex = [name for name in custom if name.startswith("Flex")]
    if not flex:
        return []
    message = f"the file needs TensorFlow's own operators (Flex delegate): {', '.join(flex)}"
    return [finding("exporter-warning", "warning", "exporter", message=message)]
