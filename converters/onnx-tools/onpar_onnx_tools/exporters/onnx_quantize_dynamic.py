"""onnxruntime.quantization.quantize_dynamic: int8 weights, activations quantised as they come."""

from __future__ import annotations

from typing import Any

from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import Finding
from onpar_host.packages import require

from ..graphs import initializers_in, nodes_in
from ..quantising import quantised
from ..warned import warning

INTEGER_PRODUCTS = ("ConvInteger", "MatMulInteger")
WEIGHT_ZERO_POINT = 3
"""Index of `w_zero_point` and `b_zero_point` among their inputs; it has as many values as scales."""


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

    exported = quantised(job, "onnx-quantize-dynamic", "dynamic-range", quantise, [])
    if options["perChannel"]:
        exported.findings.extend(_per_tensor(require("onnx").load(exported.path)))
    return exported


def _per_tensor(model: Any) -> list[Finding]:
    """onnxruntime's dynamic quantisation gives a convolution one scale, whatever was asked for."""
    sizes = {tensor.name: list(tensor.dims) for tensor in initializers_in(model)}
    single = [
        node.name or node.output[0]
        for node in nodes_in(model)
        if node.op_type in INTEGER_PRODUCTS
        and len(node.input) > WEIGHT_ZERO_POINT
        and sizes.get(node.input[WEIGHT_ZERO_POINT]) in ([], [1])
    ]
    if not single:
        return []
    return [
        warning(
            f"perChannel was asked for, but the weights of {len(single)} operators "
            f"({', '.join(single[:3])}) have one scale: onnxruntime quantises convolutions so"
        )
    ]
