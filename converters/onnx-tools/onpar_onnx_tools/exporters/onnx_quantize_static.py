"""onnxruntime.quantization.quantize_static: weights and activations in integers, ranges from data."""

from __future__ import annotations

from typing import Any

from onpar_host.errors import WorkerError
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import require

from ..calibration import CalibrationRows
from ..files import load
from ..quantising import quant_type, quantised

METHODS = {
    "minmax": "MinMax",
    "entropy": "Entropy",
    "percentile": "Percentile",
    "distribution": "Distribution",
}
FORMATS = {"QDQ": "QDQ", "QOperator": "QOperator"}
WIDE = ("int16", "uint16")


def version() -> str:
    """onnxruntime's version."""
    return require("onnxruntime").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `calibration-missing`, or `export-failed` for types that do not go together.

    Inputs and outputs keep their types: they are quantised inside.
    """
    options = job.options
    _check_types(job)
    rows = CalibrationRows(job, load(job.model))
    wide = options["activationType"] in WIDE

    def quantise(model: Any, path: str, common: dict[str, Any]) -> None:
        quantizing = require("onnxruntime.quantization")
        extra = {
            "ActivationSymmetric": options["symmetricActivations"],
            "WeightSymmetric": options["symmetricWeights"],
            "CalibTensorRangeSymmetric": options["symmetricRanges"],
            "CalibMovingAverage": options["movingAverage"],
            "CalibPercentile": options["percentile"],
        }
        quantizing.quantize_static(
            model,
            path,
            rows,
            quant_format=getattr(quantizing.QuantFormat, FORMATS[options["format"]]),
            activation_type=quant_type(options["activationType"]),
            calibrate_method=getattr(quantizing.CalibrationMethod, METHODS[options["method"]]),
            extra_options={key: value for key, value in extra.items() if value is not None},
            **common,
        )

    exported = quantised(
        job, "onnx-quantize-static", "int16x8" if wide else "int8", quantise, rows.findings()
    )
    exported.facts["calibrationBatches"] = len(rows.feeds)
    exported.dependencies.extend(rows.paths)
    return exported


def _check_types(job: ExportJob) -> None:
    """The combinations that onnxruntime refuses, told before anything is calibrated."""
    options = job.options
    activation, weight = options["activationType"], options["weightType"]
    if activation == "int8" and weight == "uint8":
        raise WorkerError(
            "export-failed",
            "onnx-quantize-static: activationType int8 does not go with weightType uint8",
            fix="use weightType int8, or activationType uint8",
        )
    if options["format"] == "QOperator" and (activation in WIDE or weight in WIDE):
        raise WorkerError(
            "export-failed",
            "onnx-quantize-static: format QOperator has no 16-bit types "
            f"(activationType {activation}, weightType {weight})",
            fix="use format QDQ",
        )
    if options["percentile"] is not None and options["method"] != "percentile":
        raise WorkerError(
            "export-failed",
            f"onnx-quantize-static: option percentile is set, but method is {options['method']}",
            fix="set `method: percentile`, or remove it",
        )
