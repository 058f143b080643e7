"""OpenVINO on the CPU."""

from __future__ import annotations

import os
import re
from typing import Any

from onpar_host.apart import outputs_apart
from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.graph import OpGraph
from onpar_host.model import Model
from onpar_host.packages import package_version, require
from onpar_host.session import Session
from onpar_host.tensor import Tensor
from onpar_host.variant import Variant

from ..details import Bounds, bounds_of, describe
from ..dtypes import from_openvino, to_openvino
from ..perturb import perturb_constants
from ..precision import precision_facts
from ..reading import read_model, reason_of, weights_file
from ..taps import OpenVinoTaps
from ..tflite_scales import with_scales

DEVICE = "CPU"

HANDING_ON = ("Parameter", "Identity", "Slice")
"""Behind these, string outputs corrupted memory in OpenVINO 2026.4.1; behind Gather and Concat not."""

IR_VERSION = re.compile(rb'<net\b[^>]*\bversion="(\d+)"')


def version() -> str:
    """The package's version."""
    return package_version("openvino")


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
    taps: bool = False,
) -> Session:
    """Compiles the model for the CPU with no setting but those asked for.

    Raises WorkerError `model-file-missing` and `model-load-failed` as `read_model`, and
    `model-load-failed` for a model that the device refuses or is known to crash on.
    """
    graph = read_model(model)
    _refuse_handed_on_strings(model, graph)
    if variant is not None and variant.perturb is not None:
        perturb_constants(graph, variant.perturb)

    def compiled_copy(copy: Any) -> Any:
        return require("openvino").Core().compile_model(copy, DEVICE, _settings(options))

    try:
        compiled = compiled_copy(graph)
    except Exception as error:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown}: OpenVINO {version()} cannot compile it for the {DEVICE}: "
            f"{reason_of(error, model.root)}",
            fix="check the operators and dtypes against those that the CPU device supports",
        ) from error
    session = OpenVinoSession(model, graph, compiled, options)
    if taps:
        again = None if model.format == "openvino" else read_model(model)
        known = OpenVinoTaps(graph, again, session.contract, compiled_copy, model.format)
        session.look_into(known)
    return session


def _refuse_handed_on_strings(model: Model, graph: Any) -> None:
    """A crash ends the worker, and memory that is freed twice may give wrong answers before."""
    for result in graph.get_results():
        kind = result.get_element_type().get_type_name()
        source = result.input_value(0).get_node()
        if kind == "string" and source.get_type_name() in HANDING_ON:
            raise WorkerError(
                "model-load-failed",
                f"{model.shown}: output {source.get_friendly_name()} hands strings of an input on "
                f"({source.get_type_name()}), which OpenVINO's CPU device frees twice and crashes",
                fix="leave that output out of the model, or run it with another runtime",
            )


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    """Only what differs from the device's defaults: anything else would not be as deployed."""
    asked: dict[str, Any] = {}
    if options["inferencePrecision"] != "default":
        asked["INFERENCE_PRECISION_HINT"] = options["inferencePrecision"]
    if options["executionMode"] != "default":
        asked["EXECUTION_MODE_HINT"] = options["executionMode"].upper()
    if options["threads"] is not None:
        asked["INFERENCE_NUM_THREADS"] = options["threads"]
    return asked


class OpenVinoSession(Session):
    """A compiled model and one request; each sample starts from the model's initial state."""

    def __init__(self, model: Model, graph: Any, compiled: Any, options: dict[str, Any]) -> None:
        contract = describe(graph)
        if model.format == "tflite":
            contract = with_scales(contract, model)
        self._bounds = bounds_of(graph, contract)
        facts = {
            "device": DEVICE,
            "processor": compiled.get_property("EXECUTION_DEVICES"),
            "threads": compiled.get_property("INFERENCE_NUM_THREADS"),
            **precision_facts(compiled, options["inferencePrecision"]),
            **({"irVersion": _ir_version(model.path)} if model.format == "openvino" else {}),
            **({"bounds": self._bounds} if self._bounds else {}),
        }
        super().__init__(contract, facts)
        self._compiled = compiled
        self._request = compiled.create_infer_request()
        self._taps: OpenVinoTaps | None = None
        self._files = [weights_file(model)] if model.format == "openvino" else []

    def prepare(self, inputs: dict[str, Tensor]) -> list[Any]:
        _check_bounds(inputs, self._bounds)
        return [to_openvino(inputs[spec.name]) for spec in self.contract.inputs]

    def execute(self, feed: list[Any]) -> None:
        # Variables of a stateful model would carry one sample into the next.
        self._request.reset_state()
        for position, tensor in enumerate(feed):
            self._request.set_input_tensor(position, tensor)
        self._request.infer()

    def look_into(self, taps: OpenVinoTaps) -> None:
        """Makes ready for `graph`."""
        self._taps = taps
        self.facts["taps"] = "outputs of a copy, which the device may fuse less"

    def graph(self) -> OpGraph:
        return super().graph() if self._taps is None else self._taps.graph()

    def execute_tapped(
        self, feed: list[Any], names: list[str]
    ) -> tuple[None, dict[str, Tensor], dict[str, str]]:
        if self._taps is None:
            return super().execute_tapped(feed, names)
        self.execute(feed)
        tensors, outputs, missing = self._taps.values(feed, names)
        own = self.collect(None)
        self.apart = outputs_apart(own, dict(zip(own, outputs, strict=True)))
        return None, tensors, missing

    def collect(self, result: None) -> dict[str, Tensor]:
        return {
            spec.name: from_openvino(spec.name, self._request.get_output_tensor(position))
            for position, spec in enumerate(self.contract.outputs)
        }

    def dependencies(self) -> list[str]:
        return [path for path in self._files if os.path.isfile(path)]

    def close(self) -> None:
        self._request = self._compiled = self._taps = None


def _check_bounds(inputs: dict[str, Tensor], bounds: Bounds) -> None:
    for name, limits in bounds.items():
        for axis, (size, (low, high)) in enumerate(zip(inputs[name].shape, limits, strict=True)):
            if size < low or (high is not None and size > high):
                top = "any size" if high is None else high
                raise WorkerError(
                    "input-mismatch",
                    f"input {name} has {size} along axis {axis}; the model takes {low} to {top}",
                    fix="choose sizes within the model's bounds, or convert it with wider ones",
                )


def _ir_version(path: str) -> int | None:
    with open(path, "rb") as file:
        found = IR_VERSION.search(file.read(4096))
    return int(found.group(1)) if found else None
