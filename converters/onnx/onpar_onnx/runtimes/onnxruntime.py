"""ONNX Runtime on the CPU."""

from __future__ import annotations

import os
import re
from typing import Any

from onpar_host.contract import Contract, Dim, TensorSpec
from onpar_host.errors import WorkerError, describe_exception
from onpar_host.generated_names import names_kind
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.tensor import Tensor, as_tensor

from ..bfloat16 import ort_value, tensor_of
from ..header import OnnxHeader, read_header

LEVELS = {
    "disabled": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}
DTYPES = {"float": "float32", "double": "float64"}
"""ONNX Runtime's names where they are not numpy's."""
GENERATED_DIM = re.compile(r"unk__\d+$")
"""tf2onnx numbers unknown dimensions anew in each conversion: no name."""


def version() -> str:
    """The package's version."""
    return require("onnxruntime").__version__


def open_model(model: Model, options: dict[str, Any], inputs: list[TensorSpec]) -> Session:
    """Raises WorkerError `model-load-failed` when ONNX Runtime refuses the file."""
    ort = require("onnxruntime")
    settings = ort.SessionOptions()
    settings.graph_optimization_level = getattr(
        ort.GraphOptimizationLevel, LEVELS[options["graphOptimizationLevel"]]
    )
    settings.intra_op_num_threads = options["intraOpNumThreads"] or 0
    settings.inter_op_num_threads = options["interOpNumThreads"] or 0
    try:
        session = ort.InferenceSession(model.path, settings, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown}: ONNX Runtime {ort.__version__} refuses it: "
            f"{describe_exception(error, model.root)}",
            fix="check that the file is a complete ONNX model of an opset this version knows",
        ) from error
    return OrtSession(session, read_header(model.path), options, os.path.dirname(model.path))


class OrtSession(Session):
    """An `InferenceSession`; inputs by name, outputs in graph order."""

    def __init__(
        self, session: Any, header: OnnxHeader, options: dict[str, Any], folder: str
    ) -> None:
        self._session = session
        self._external = [os.path.join(folder, name) for name in header.external_files]
        inputs = [_spec(value) for value in session.get_inputs()]
        outputs = [_spec(value) for value in session.get_outputs()]
        contract = Contract(inputs, outputs, names_kind(inputs, outputs))
        specs = [*contract.inputs, *contract.outputs]
        self._has_bfloat16 = any(spec.dtype == "bfloat16" for spec in specs)
        super().__init__(contract, facts=_facts(session, header, options))
        self._outputs = [spec.name for spec in contract.outputs]

    def prepare(self, inputs: dict[str, Tensor]) -> dict[str, Any]:
        if self._has_bfloat16:
            return {name: ort_value(tensor) for name, tensor in inputs.items()}
        return {name: tensor.array for name, tensor in inputs.items()}

    def execute(self, feed: dict[str, Any]) -> list[Any]:
        if self._has_bfloat16:
            return list(self._session.run_with_ort_values(self._outputs, feed))
        return self._session.run(self._outputs, feed)

    def collect(self, result: list[Any]) -> dict[str, Tensor]:
        values = [tensor_of(value) for value in result] if self._has_bfloat16 else result
        return {
            name: _as_output(name, value) for name, value in zip(self._outputs, values, strict=True)
        }

    def dependencies(self) -> list[str]:
        return self._external

    def close(self) -> None:
        self._session = None


def _as_output(name: str, value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (list, dict)):
        raise WorkerError(
            "run-failed",
            f"output {name} is a {type(value).__name__} (a sequence or map), not a tensor",
            fix="export without ZipMap or sequence outputs",
        )
    return as_tensor(value)


def _spec(value: Any) -> TensorSpec:
    found = re.fullmatch(r"tensor\((\w+)\)", value.type)
    if not found:
        return TensorSpec(value.name)
    name = found.group(1)
    return TensorSpec(value.name, DTYPES.get(name, name), _shape(value.shape))


def _shape(shape: list[Any] | None) -> list[Dim] | None:
    if shape is None:
        return None
    return [None if isinstance(d, str) and GENERATED_DIM.match(d) else d for d in shape]


def _facts(session: Any, header: OnnxHeader, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "opset": header.opsets.get("", None),
        "opsets": header.opsets,
        "irVersion": header.ir_version,
        "producer": " ".join(filter(None, (header.producer, header.producer_version))),
        "providers": session.get_providers(),
        "graphOptimizationLevel": options["graphOptimizationLevel"],
        "threads": options["intraOpNumThreads"],
    }
