"""onnx's reference evaluator: the model as declared, or its float64 twin."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from onpar_host.containers import flattened, gathered
from onpar_host.contract import Contract, Dim, TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.generated_names import names_kind
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.tensor import DTYPES, Tensor, as_tensor
from onpar_host.variant import Variant

from ..header import read_header
from .onnxruntime import GENERATED_DIM


def version() -> str:
    """The version of the onnx package, whose evaluator it is."""
    return require("onnx").__version__


def open_model(
    model: Model, options: dict[str, Any], inputs: list[TensorSpec], variant: Variant | None = None
) -> Session:
    """The model is read once, for all samples.

    Raises WorkerError `variant-unsupported` for an operator that has no evaluation here.
    """
    require("onnx")
    # Their imports need onnx, which a user's environment may lack.
    from ..evaluator.evaluator import Settings, UnknownOperatorError, evaluator_of
    from ..evaluator.graph import graphs, read_model
    from ..evaluator.rounding import Rounding

    variant = variant or Variant()
    if variant.accumulate is not None and not variant.float64:
        raise WorkerError(
            "bad-request",
            "variant accumulate is only defined with precision float64",
            fix='ask for {"precision": "float64", "accumulate": {...}}',
        )
    proto = read_model(model.path)
    declared = _contract(proto.graph)
    operators = Counter(
        f"{node.domain or 'ai.onnx'}::{node.op_type}"
        for g in graphs(proto.graph)
        for node in g.node
    )
    settings = Settings(float64=variant.float64)
    try:
        evaluator = evaluator_of(proto, settings)
    except UnknownOperatorError as error:
        raise WorkerError(
            "variant-unsupported",
            f"{model.shown}: the reference evaluator does not know {error}",
            fix="judge the model without its float64 twin, or export it without that operator",
        ) from error
    facts = {
        "opset": evaluator.opsets_.get(""),
        "opsets": evaluator.opsets_,
        "evaluator": f"onnx {version()}",
        "operators": dict(sorted(operators.items())),
        "replaced": sorted(settings.replaced),
        "float64": variant.float64,
    }
    accumulate = variant.accumulate
    return ReferenceSession(
        evaluator,
        _twin(declared) if variant.float64 else declared,
        facts,
        Rounding(accumulate.sign, accumulate.seed) if accumulate else None,
        _external(model.path),
    )


class ReferenceSession(Session):
    """An evaluator made once; with `rounding` its sums are off."""

    def __init__(
        self,
        evaluator: Any,
        contract: Contract,
        facts: dict[str, Any],
        rounding: Any,
        external: list[str],
    ) -> None:
        super().__init__(contract, facts=facts)
        self._evaluator = evaluator
        self._rounding = rounding
        self._external = external

    def prepare(self, inputs: dict[str, Tensor]) -> dict[str, Any]:
        arrays = {name: self._fed(tensor) for name, tensor in inputs.items()}
        fed = {name: Tensor(array, inputs[name].dtype) for name, array in arrays.items()}
        return {
            spec.name: arrays[spec.name]
            if spec.container is None
            else gathered(spec.name, fed, spec.container)
            for spec in self.contract.inputs
        }

    def _fed(self, tensor: Tensor) -> np.ndarray:
        if self.facts["float64"] and tensor.dtype in ("float32", "float16", "bfloat16"):
            return tensor.to_float64()
        return _array(tensor)

    def execute(self, feed: dict[str, Any]) -> list[Any]:
        from ..evaluator.rounding import active

        # Overflow and NaN are results here, and numpy would print a warning for each.
        with np.errstate(all="ignore"), active(self._rounding):
            return self._evaluator.run(None, feed)

    def collect(self, result: list[Any]) -> dict[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        for spec, value in zip(self.contract.outputs, result, strict=True):
            if spec.container is None:
                tensors[spec.name] = _as_output(spec.name, value)
            else:
                tensors.update(flattened(spec.name, value, spec.container))
        return tensors

    def dependencies(self) -> list[str]:
        return self._external

    def close(self) -> None:
        self._evaluator = None


def _array(tensor: Tensor) -> np.ndarray:
    if tensor.dtype == "bfloat16":
        return tensor.array.view(require("ml_dtypes").bfloat16)
    return tensor.array


def _as_output(name: str, value: Any) -> Tensor:
    if not isinstance(value, np.ndarray):
        raise WorkerError(
            "run-failed",
            f"output {name} is a {type(value).__name__}, not the tensor that the model declares",
        )
    return as_tensor(value)


def _external(path: str) -> list[str]:
    folder = os.path.dirname(path)
    return [os.path.join(folder, name) for name in read_header(path).external_files]


def _contract(graph: Any) -> Contract:
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [_spec(value) for value in graph.input if value.name not in weights]
    outputs = [_spec(value) for value in graph.output]
    return Contract(inputs, outputs, names_kind(inputs, outputs))


def _twin(contract: Contract) -> Contract:
    """Inputs of any float type are taken and widened; outputs are double."""
    narrow = ("float32", "float16", "bfloat16")
    inputs = [replace(s, dtype=None if s.dtype in narrow else s.dtype) for s in contract.inputs]
    outputs = [
        replace(s, dtype="float64" if s.dtype in narrow else s.dtype) for s in contract.outputs
    ]
    return Contract(inputs, outputs, contract.names)


def _spec(value: Any) -> TensorSpec:
    container, kind = kind_of(value.type)
    if kind is None or not kind.elem_type:
        return TensorSpec(value.name, container=container)
    dtype = _dtype_name(kind.elem_type)
    if dtype not in DTYPES:
        raise WorkerError(
            "type-unsupported",
            f"{value.name} has elements of type {dtype}, which no tensor file can hold",
            fix=f"cast it inside the model to one of {', '.join(DTYPES)}",
        )
    if container is not None:
        return TensorSpec(value.name, dtype, container=container)
    return TensorSpec(value.name, dtype, _shape(kind) if kind.HasField("shape") else None)


def kind_of(declared: Any) -> tuple[str | None, Any]:
    """The container of a TypeProto, and the tensor type of its values where it has one."""
    which = declared.WhichOneof("value")
    if which == "sequence_type":
        inner = declared.sequence_type.elem_type
        if inner.WhichOneof("value") == "map_type":
            return "sequence-of-maps", inner.map_type.value_type.tensor_type
        return "sequence", inner.tensor_type
    if which == "optional_type":
        inner = declared.optional_type.elem_type
        if inner.WhichOneof("value") == "sequence_type":
            return "optional-sequence", inner.sequence_type.elem_type.tensor_type
        return "optional", inner.tensor_type
    if which == "map_type":
        return "map", declared.map_type.value_type.tensor_type
    return None, declared.tensor_type if which == "tensor_type" else None


def _dtype_name(number: int) -> str:
    onnx = require("onnx")
    if number == onnx.TensorProto.STRING:
        return "string"
    return onnx.helper.tensor_dtype_to_np_dtype(number).name


def _shape(kind: Any) -> list[Dim]:
    return [_dim(dim) for dim in kind.shape.dim]


def _dim(dim: Any) -> Dim:
    if dim.HasField("dim_value"):
        return dim.dim_value
    return None if not dim.dim_param or GENERATED_DIM.match(dim.dim_param) else dim.dim_param
