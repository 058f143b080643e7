"""onnxruntime.quantization.quantize_dynamic: int8 weights, activations quantised as they come."""

from __future__ import annotations

from typing import Any

from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import require

from ..quantising import quantised


def version() -> str:
    """onnxruntime's version."""
    return require("onnxruntime").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed`; inputs and outputs keep their types."""
    options = job.options

    def quantise(model: Any, path: str, common: dict[str, Any]) -> None:
        extra = {
            "WeightSymmetric": options["symmetricWeights"],
            "MatMulConstBOnly": options["constantWeightsOnly"],
            "EnableSubgraph": options["nestedGraphs"],
        }
        given = {key: value for key, value in extra.items() if value is not None}
        quantizing = require("onnxruntime.quantization")
        quantizing.quantize_dynamic(model, path, extra_options=given, **common)

    return quantised(job, "onnx-quantize-dynamic", "dynamic-range", quantise, [])
