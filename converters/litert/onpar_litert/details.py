"""What an interpreter says about its tensors, as a contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from onpar_host.contract import Contract, Dim, Quantization, TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.generated_names import names_kind
from onpar_host.model import Model
from onpar_host.tensor import DTYPES

DEFAULT_SIGNATURE = "serving_default"


@dataclass(frozen=True)
class Endpoint:
    """One way to call the model: a signature, or the bare interpreter (`signature` None)."""

    signature: str | None
    contract: Contract
    inputs: dict[str, int]
    """Input name → index of its tensor."""
    outputs: dict[str, int]


def choose_signature(interpreter: Any, wanted: str | None, model: Model) -> str | None:
    """Raises WorkerError `bad-request`, listing the signatures there are."""
    known = list(interpreter.get_signature_list())
    if wanted is not None and wanted not in known:
        raise WorkerError(
            "bad-request",
            f"{model.shown} has no signature {wanted}; it has {', '.join(known) or 'none'}",
            fix="name one of them with the option signature",
        )
    if wanted is not None or not known:
        return wanted
    if len(known) == 1:
        return known[0]
    if DEFAULT_SIGNATURE in known:
        return DEFAULT_SIGNATURE
    raise WorkerError(
        "bad-request",
        f"{model.shown} has several signatures: {', '.join(known)}",
        fix="name one of them with the option signature",
    )


def describe(interpreter: Any, runner: Any, signature: str | None) -> Endpoint:
    """Names of the signature, in the order of the graph's own inputs and outputs."""
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if runner is None:
        named_in = {detail["name"]: detail for detail in inputs}
        named_out = _unique(outputs)
    else:
        named_in = _in_order(runner.get_input_details(), inputs)
        named_out = _in_order(runner.get_output_details(), outputs)
    taken = [_spec(name, detail) for name, detail in named_in.items()]
    given = [_spec(name, detail) for name, detail in named_out.items()]
    # Without a signature the names are those the converter gave its tensors.
    names = "generated" if runner is None else names_kind(taken, given, numbered=True)
    contract = Contract(taken, given, names)
    return Endpoint(
        signature,
        contract,
        {name: detail["index"] for name, detail in named_in.items()},
        {name: detail["index"] for name, detail in named_out.items()},
    )


def _unique(details: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for position, detail in enumerate(details):
        name = detail["name"]
        named[name if name not in named else f"{name}_{position}"] = detail
    return named


def _in_order(
    named: dict[str, dict[str, Any]], graph: list[dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """A signature is a map sorted by name; callers by position see the graph's order."""
    places = {detail["index"]: place for place, detail in enumerate(graph)}
    last = len(places)
    order = sorted(named, key=lambda name: places.get(named[name]["index"], last))
    return {name: named[name] for name in order}


def _spec(name: str, detail: dict[str, Any]) -> TensorSpec:
    kind = np.dtype(detail["dtype"])
    dtype = "string" if kind.kind in "SUO" else kind.name
    return TensorSpec(
        name,
        dtype if dtype in DTYPES else None,
        _shape(detail),
        _quantization(detail["quantization_parameters"]),
    )


def _shape(detail: dict[str, Any]) -> list[Dim] | None:
    # shape_signature marks dynamic dimensions with -1; shape shows what is allocated now.
    signature = detail.get("shape_signature")
    known = detail["shape"] if signature is None else signature
    return [None if int(dim) < 0 else int(dim) for dim in known]


def _quantization(parameters: dict[str, Any]) -> Quantization | None:
    scales = [float(scale) for scale in parameters["scales"]]
    if not scales:
        return None
    zero_points = [int(zero) for zero in parameters["zero_points"]]
    axis = int(parameters["quantized_dimension"]) if len(scales) > 1 else None
    return Quantization(scales, zero_points, axis)
