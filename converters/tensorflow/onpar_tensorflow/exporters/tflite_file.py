"""What a TFLite file holds, read from its flatbuffer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.findings import Finding, finding
from onpar_host.packages import require
from onpar_host.tensor import DTYPES

from ..tensors import natural

MINIMUM = 1024
"""Weights with fewer elements stay as they are in dynamic-range quantisation
(kWeightsMinNumElementsDefault, tensorflow/lite/tools/optimize/quantize_weights.h)."""

LOW: dict[str, tuple[str, ...]] = {
    "float16": ("FLOAT16",),
    "dynamic-range": ("INT8", "INT4"),
    "int8": ("INT8", "INT4"),
    "int16x8": ("INT8", "INT4"),
}
"""Precision → how weights of it are stored."""


@dataclass(frozen=True)
class Contents:
    """`constants`: TFLite dtype → elements. `custom`: operators that TFLite itself lacks."""

    constants: dict[str, int]
    largest: int
    custom: list[str]

    @property
    def facts(self) -> dict[str, Any]:
        """`{constants, customOperators?}`"""
        base: dict[str, Any] = {"constants": {k.lower(): v for k, v in self.constants.items()}}
        return {**base, "customOperators": self.custom} if self.custom else base


def contents_of(data: bytes) -> Contents:
    """Constants of all subgraphs (elements, not bytes; the largest of floating weights), operators."""
    require("tensorflow")
    from tensorflow.lite.python import schema_py_generated as schema

    kinds = {v: k for k, v in vars(schema.TensorType).items() if isinstance(v, int)}
    model = schema.Model.GetRootAsModel(data, 0)
    constants: Counter[str] = Counter()
    largest = 0
    for graph in (model.Subgraphs(i) for i in range(model.SubgraphsLength())):
        for tensor in (graph.Tensors(i) for i in range(graph.TensorsLength())):
            buffer = model.Buffers(tensor.Buffer())
            # Weights of a model beyond 2 GB lie behind the flatbuffer.
            if not buffer.DataLength() and not buffer.Size():
                continue
            kind = kinds.get(tensor.Type(), str(tensor.Type()))
            elements = 1
            for axis in range(tensor.ShapeLength()):
                elements *= int(tensor.Shape(axis))
            constants[kind] += elements
            if kind == "FLOAT32":
                largest = max(largest, elements)
    codes = [model.OperatorCodes(i).CustomCode() for i in range(model.OperatorCodesLength())]
    custom = sorted(code.decode() for code in codes if code)
    return Contents(dict(sorted(constants.items())), largest, custom)


def signature_of(data: bytes) -> Contract:
    """Names and dtypes of the first signature: inputs in the graph's order, outputs in natural
    order of their names, as SavedModels have them. Empty where the file has no signature."""
    from tensorflow.lite.python import schema_py_generated as schema

    kinds = {v: k.lower() for k, v in vars(schema.TensorType).items() if isinstance(v, int)}
    model = schema.Model.GetRootAsModel(data, 0)
    if not model.SignatureDefsLength():
        return Contract()
    signature = model.SignatureDefs(0)
    graph = model.Subgraphs(signature.SubgraphIndex())
    order = {int(index): place for place, index in enumerate(graph.InputsAsNumpy())}

    def spec(entry: Any) -> TensorSpec:
        kind = kinds.get(graph.Tensors(entry.TensorIndex()).Type())
        return TensorSpec(entry.Name().decode(), kind if kind in DTYPES else None)

    inputs = [signature.Inputs(i) for i in range(signature.InputsLength())]
    inputs.sort(key=lambda entry: order.get(entry.TensorIndex(), len(order)))
    outputs = [spec(signature.Outputs(i)) for i in range(signature.OutputsLength())]
    outputs.sort(key=lambda one: natural(one.name))
    return Contract([spec(entry) for entry in inputs], outputs)


def without_effect(contents: Contents, asked: str) -> list[Finding]:
    """A finding where no weight was stored in the precision that was asked for."""
    wanted = LOW.get(asked, ())
    if not wanted or any(kind in contents.constants for kind in wanted):
        return []
    args: dict[str, Any] = {"precision": asked, "largest": contents.largest}
    if asked == "dynamic-range":
        args["minimum"] = MINIMUM
    return [finding("precision-without-effect", "warning", "exporter", **args)]
