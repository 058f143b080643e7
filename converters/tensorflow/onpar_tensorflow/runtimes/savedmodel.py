"""SavedModels through one of their signatures."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from typing import Any

from onpar_host.apart import outputs_apart
from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError, failing_as
from onpar_host.generated_names import names_kind
from onpar_host.graph import OpGraph
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.tensor import Tensor
from onpar_host.variant import Variant

from ..graph_taps import GraphTaps, frozen_signature
from ..grappler import set_grappler
from ..perturb import perturb_constants, perturb_variables
from ..signatures import choose_signature, signature_names
from ..tensors import from_tensorflow, natural, set_threads, spec_of, to_tensorflow


def version() -> str:
    """TensorFlow's version."""
    return require("tensorflow").__version__


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
    taps: bool = False,
) -> Session:
    """Raises WorkerError `model-load-failed`, `signature-missing`, `signature-unknown`."""
    loaded = load_saved_model(model) if variant is None else _load_variant(model, variant)
    signature = choose_signature(loaded, options["signature"], model)
    threads = set_threads(options["threads"])
    session = SavedModelSession(loaded, signature, options["grappler"], threads)
    if taps:
        session.look_into(model)
    return session


def load_saved_model(model: Model) -> Any:
    """The loaded object, which must be kept: its variables go with it."""
    tf = require("tensorflow")
    tf.random.set_seed(0)
    if not os.path.isdir(model.path):
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} is not a folder, so it is no SavedModel",
            fix="name the folder that holds saved_model.pb",
        )
    fix = "check that the folder holds saved_model.pb and variables/ as they were written"
    with failing_as("model-load-failed", model.shown, model.root, fix):
        return tf.saved_model.load(model.path)


def _load_variant(model: Model, variant: Variant) -> Any:
    if variant.perturb is None:
        return load_saved_model(model)
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "saved_model")
        # A path that is no folder is for load_saved_model to refuse.
        if os.path.isdir(model.path) and perturb_constants(model.path, copy, variant.perturb):
            loaded = load_saved_model(replace(model, path=copy))
        else:
            loaded = load_saved_model(model)
    kept = {id(v): v for s in loaded.signatures.values() for v in s.variables}
    perturb_variables(kept.values(), variant.perturb)
    return loaded


def signature_contract(loaded: Any, signature: Any) -> Contract:
    """Inputs and outputs of a signature.

    A signature is a map without order. Inputs take the order of a saved function with the same
    inputs (Keras' `serve`) where there is one; else, as outputs do, that of their names.
    """
    inputs = signature.structured_input_signature[1]
    outputs = signature.structured_outputs
    taken = [spec_of(name, inputs[name]) for name in _argument_order(loaded, set(inputs))]
    given = [spec_of(name, outputs[name]) for name in sorted(outputs, key=natural)]
    return Contract(taken, given, names_kind(taken, given, numbered=True))


def _argument_order(loaded: Any, names: set[str]) -> list[str]:
    tf = require("tensorflow")
    for value in list(vars(loaded).values()):
        for function in getattr(value, "concrete_functions", []):
            specs = tf.nest.flatten(function.structured_input_signature)
            order = [str(getattr(spec, "name", "")) for spec in specs]
            if len(order) == len(names) and set(order) == names:
                return order
    return sorted(names, key=natural)


class SavedModelSession(Session):
    """A signature, called by input names."""

    def __init__(self, loaded: Any, signature: str, grappler: bool, threads: int) -> None:
        facts = {
            "signature": signature,
            "signatures": signature_names(loaded),
            "writtenBy": getattr(loaded, "tensorflow_version", None),
            "threads": threads,
            "grappler": grappler,
        }
        function = loaded.signatures[signature]
        super().__init__(signature_contract(loaded, function), facts)
        self._loaded = loaded
        self._signature = function
        self._grappler = grappler
        self._taps: GraphTaps | None = None

    def look_into(self, model: Model) -> None:
        """Makes ready for `graph`. Raises WorkerError `taps-unsupported`."""
        names = [spec.name for spec in self.contract.outputs]
        with failing_as("taps-unsupported", model.shown, model.root):
            function, inputs, outputs, labels = frozen_signature(self._signature, names)
            ordered = {spec.name: inputs[spec.name] for spec in self.contract.inputs}
            self._taps = GraphTaps("savedmodel", function, ordered, outputs, labels)
        self.facts["taps"] = "the signature as one graph, variables as constants"

    def graph(self) -> OpGraph:
        return super().graph() if self._taps is None else self._taps.graph()

    def execute_tapped(
        self, feed: dict[str, Any], names: list[str]
    ) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        if self._taps is None:
            return super().execute_tapped(feed, names)
        result = self.execute(feed)
        ends = [spec.name for spec in self.contract.outputs]
        ordered = [feed[spec.name] for spec in self.contract.inputs]
        tensors, missing = self._taps.values(ordered, list(dict.fromkeys((*ends, *names))))
        self.apart = outputs_apart(self.collect(result), {name: tensors[name] for name in ends})
        return result, {name: tensors[name] for name in names if name in tensors}, missing

    def prepare(self, inputs: dict[str, Tensor]) -> dict[str, Any]:
        return {name: to_tensorflow(tensor) for name, tensor in inputs.items()}

    def execute(self, feed: dict[str, Any]) -> Any:
        set_grappler(self._grappler)
        return self._signature(**feed)

    def collect(self, result: Any) -> dict[str, Tensor]:
        names = [spec.name for spec in self.contract.outputs]
        return {name: from_tensorflow(name, result[name]) for name in names}

    def close(self) -> None:
        self._loaded = self._signature = self._taps = None
