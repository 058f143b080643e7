"""ONNX Runtime, on the CPU or by the provider of a GPU."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Any

from onpar_host.containers import flattened, gathered
from onpar_host.contract import Contract, Dim, TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.generated_names import names_kind
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.tensor import DTYPES, Tensor, as_tensor

from ..bfloat16 import ort_value, tensor_of
from ..header import OnnxHeader, read_header
from ..providers import check_used, device_facts, wanted
from ..refusals import refusal, without_places

LEVELS = {
    "disabled": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}
NUMPY_NAMES = {"float": "float32", "double": "float64"}
"""ONNX Runtime's names where they are not numpy's."""
GENERATED_DIM = re.compile(r"unk__\d+$")
"""tf2onnx numbers unknown dimensions anew in each conversion: no name."""


def version() -> str:
    """The package's version."""
    return require("onnxruntime").__version__


def open_model(model: Model, options: dict[str, Any], inputs: list[TensorSpec]) -> Session:
    """Raises WorkerError `model-load-failed` when ONNX Runtime refuses the file, and
    `runtime-unavailable` where it cannot use the device that was asked for.
    """
    ort = require("onnxruntime")
    providers = wanted(ort, options)
    settings = ort.SessionOptions()
    settings.graph_optimization_level = getattr(
        ort.GraphOptimizationLevel, LEVELS[options["graphOptimizationLevel"]]
    )
    settings.intra_op_num_threads = options["intraOpNumThreads"] or 0
    settings.inter_op_num_threads = options["interOpNumThreads"] or 0
    if not options["cpuFallback"]:
        settings.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    try:
        session = ort.InferenceSession(model.path, settings, providers=providers)
    except Exception as error:
        raise refusal(error, model, f"ONNX Runtime {ort.__version__}") from error
    check_used(session, options)
    return OrtSession(session, read_header(model.path), options, os.path.dirname(model.path))


class OrtSession(Session):
    """An `InferenceSession`; inputs by name, outputs in graph order."""

    def __init__(
        self, session: Any, header: OnnxHeader, options: dict[str, Any], folder: str
    ) -> None:
        self._session = session
        self._external = [os.path.join(folder, name) for name in header.external_files]
        specs = [_spec(value) for value in session.get_inputs()]
        unranked = header.unranked
        inputs = [replace(s, shape=None) if s.name in unranked else s for s in specs]
        outputs = [_spec(value) for value in session.get_outputs()]
        contract = Contract(inputs, outputs, names_kind(inputs, outputs))
        self._specs = contract.outputs
        every = [*contract.inputs, *contract.outputs]
        self._has_bfloat16 = any(spec.dtype == "bfloat16" for spec in every)
        if self._has_bfloat16 and any(spec.container for spec in every):
            raise WorkerError(
                "type-unsupported",
                "ONNX Runtime's Python side passes no bfloat16 beside sequences, maps or optionals",
            )
        super().__init__(contract, facts=_facts(session, header, options))
        self._outputs = [spec.name for spec in contract.outputs]

    def prepare(self, inputs: dict[str, Tensor]) -> dict[str, Any]:
        if self._has_bfloat16:
            return {name: ort_value(tensor) for name, tensor in inputs.items()}
        feed: dict[str, Any] = {}
        for spec in self.contract.inputs:
            if spec.container is None:
                feed[spec.name] = inputs[spec.name].array
            else:
                feed[spec.name] = gathered(spec.name, inputs, spec.container)
        return feed

    def execute(self, feed: dict[str, Any]) -> list[Any]:
        try:
            if self._has_bfloat16:
                return list(self._session.run_with_ort_values(self._outputs, feed))
            return self._session.run(self._outputs, feed)
        except Exception as error:
            said = f"{type(error).__name__}: {without_places(str(error))}"
            raise WorkerError("run-failed", said) from error

    def collect(self, result: list[Any]) -> dict[str, Tensor]:
        values = [tensor_of(value) for value in result] if self._has_bfloat16 else result
        tensors: dict[str, Tensor] = {}
        for spec, value in zip(self._specs, values, strict=True):
            if spec.container is None:
                tensors[spec.name] = value if isinstance(value, Tensor) else as_tensor(value)
            else:
                tensors.update(flattened(spec.name, value, spec.container))
        return tensors

    def dependencies(self) -> list[str]:
        return self._external

    def close(self) -> None:
        self._session = None


TENSOR = r"tensor\((\w+)\)"
KINDS = {
    "": TENSOR,
    "sequence": rf"seq\({TENSOR}\)",
    "optional": rf"optional\({TENSOR}\)",
    "optional-sequence": rf"optional\(seq\({TENSOR}\)\)",
    "map": rf"map\(\w+,{TENSOR}\)",
    "sequence-of-maps": rf"seq\(map\(\w+,{TENSOR}\)\)",
}


def _spec(value: Any) -> TensorSpec:
    for container, pattern in KINDS.items():
        found = re.fullmatch(pattern, value.type)
        if not found:
            continue
        dtype = NUMPY_NAMES.get(found.group(1), found.group(1))
        if dtype not in DTYPES:
            break
        if container:
            return TensorSpec(value.name, dtype, container=container)
        return TensorSpec(value.name, dtype, _shape(value.shape))
    raise WorkerError(
        "type-unsupported",
        f"{value.name} is a {value.type}, which no tensor file can hold",
        fix=f"cast it inside the model to one of {', '.join(DTYPES)}",
    )


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
        **device_facts(session, header, options),
    }
