"""Loading Keras models, and what they say about their inputs and outputs."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError, failing_as, failure_of
from onpar_host.generated_names import AUTOMATIC
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.tracebacks import shown_path
from onpar_host.user_code import build_model

from .tensors import spec_of

HDF5 = b"\x89HDF\r\n\x1a\n"
"""The first bytes of every HDF5 file (HDF5 File Format Specification, II.A)."""


def load_keras(model: Model) -> tuple[Any, ModuleType | None]:
    """A Keras model, and the user's Python file it came from, if any.

    Raises WorkerError: `model-load-failed`, `trust-required` for Lambda layers with code inside,
    `weights-mismatch`, and the codes of the user's own code.
    """
    keras = require("keras")
    require("tensorflow")
    # Layer names count up over the life of the process, and an earlier model's code may have set
    # a dtype policy; both would show in this one. Open sessions keep working.
    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    if model.is_python:
        built, source = build_model(
            model, lambda value: isinstance(value, keras.Model), "a keras.Model"
        )
    else:
        built, source = _from_file(model), None
    if model.weights is not None:
        _load_weights(built, model)
    return built, source


def _from_file(model: Model) -> Any:
    keras = require("keras")
    ending = _ending(model)
    try:
        with _called(model.path, ending) as path:
            return keras.models.load_model(path, compile=False, safe_mode=not model.trust)
    except Exception as error:
        text = str(error)
        if not model.trust and re.search(r"safe_mode|unsafe|enable_unsafe|allow_unsafe", text):
            model.require_trust("holds Python code (a Lambda layer)")
        fix = "check that Keras saved this file and that it is complete"
        if re.search(r"Could not locate (class|function)|Unknown layer", text):
            fix = "name the Python file that builds the model, so that its own layers are known"
        raise failure_of(error, "model-load-failed", model.shown, model.root, fix) from error


def _ending(model: Model) -> str:
    """What Keras wants a file of this content to be called: it looks at the name, not inside.

    Raises WorkerError `model-load-failed` for HDF5 that holds no whole model.
    """
    with open(model.path, "rb") as file:
        head = file.read(len(HDF5))
    if head != HDF5:
        return ".keras"
    h5py = require("h5py")
    about = f"{model.shown} is no readable HDF5 file"
    with failing_as("model-load-failed", about, model.root), h5py.File(model.path) as file:
        attributes = set(file.attrs)
    if "model_config" not in attributes:
        weights = "layer_names" in attributes or model.path.endswith(".weights.h5")
        what = "holds the weights of a Keras model" if weights else "is HDF5"
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} {what} without its architecture (no attribute model_config)",
            fix="name the code that builds the model, `source: keras:model.py:build`, and give "
            'this file as `weights:`; or save the whole model: model.save("model.keras")',
        )
    return ".h5"


@contextmanager
def _called(path: str, ending: str) -> Iterator[str]:
    """The path, or for the time of loading another one of the same file with the ending."""
    if path.endswith((ending, ".hdf5") if ending == ".h5" else ending):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        other = os.path.join(folder, "model" + ending)
        try:
            os.symlink(path, other)
        except OSError:
            shutil.copyfile(path, other)
        yield other


def _load_weights(built: Any, model: Model) -> None:
    try:
        built.load_weights(model.weights)
    except Exception as error:
        about = f"weights {shown_path(str(model.weights), model.root)} do not fit {model.shown}"
        raise failure_of(
            error, "weights-mismatch", about, model.root, "use the weights of exactly this model"
        ) from error


def is_symbolic(built: Any) -> bool:
    """True for functional and sequential models, which know their inputs and outputs."""
    try:
        return bool(built.inputs) and bool(built.outputs)
    except (AttributeError, ValueError):
        return False


def contract_of(built: Any, inputs: list[TensorSpec]) -> Contract:
    """What the graph of layers declares; a subclassed model has only the inputs of the request."""
    if not is_symbolic(built):
        return Contract(inputs=inputs, names="none")
    outputs = [spec_of(name, tensor) for name, tensor in output_tensors(built).items()]
    found = [spec_of(tensor.name, tensor) for tensor in built.inputs]
    return Contract(found, outputs, "generated" if _automatic(built, outputs) else "declared")


def output_tensors(built: Any) -> dict[str, Any]:
    """Name → KerasTensor: the keys of a dict, else the names of the layers they come from."""
    structure = _functional(built)._outputs_struct
    if isinstance(structure, Mapping):
        return dict(structure)
    names = _functional(built).output_names
    named: dict[str, Any] = {}
    for name, tensor in zip(names, built.outputs, strict=True):
        # A layer with several outputs gives its name to each.
        unique = name if name not in named else f"{name}_{len(named)}"
        named[unique] = tensor
    return named


def _functional(built: Any) -> Any:
    # A Sequential keeps the functional model that it amounts to.
    return getattr(built, "_functional", None) or built


def input_structure(built: Any) -> Any:
    """KerasTensors of a symbolic model in the structure in which it takes them."""
    return _functional(built)._inputs_struct


def call(built: Any, tensors: dict[str, Any]) -> Any:
    """Runs the model in inference mode; tensors come in contract order."""
    keras = require("keras")
    if is_symbolic(built):
        packed = keras.tree.pack_sequence_as(input_structure(built), list(tensors.values()))
        return built(packed, training=False)
    return _call_subclassed(built, tensors)


def _call_subclassed(built: Any, tensors: dict[str, Any]) -> Any:
    parameters = list(inspect.signature(built.call).parameters)
    if len(tensors) == 1:
        return built(*tensors.values(), training=False)
    if all(name in parameters for name in tensors):
        ordered = sorted(tensors, key=parameters.index)
        return built(tensors[ordered[0]], **{n: tensors[n] for n in ordered[1:]}, training=False)
    return built(list(tensors.values()), training=False)


def named_results(built: Any, result: Any) -> dict[str, Any]:
    """Outputs by name: those of the contract, or of what a subclassed model returned."""
    keras = require("keras")
    if isinstance(result, Mapping):
        return {str(key): value for key, value in result.items()}
    values = keras.tree.flatten(result)
    if is_symbolic(built):
        return dict(zip(output_tensors(built), values, strict=True))
    if not isinstance(result, (list, tuple)):
        return {"output": result}
    return {f"output_{index}": value for index, value in enumerate(values)}


def _automatic(built: Any, outputs: list[TensorSpec]) -> bool:
    layers = {layer.name: layer for layer in built.layers}
    made = [spec.name in layers and _is_automatic(layers[spec.name]) for spec in outputs]
    return any(made) or any(AUTOMATIC.match(tensor.name) for tensor in built.inputs)


def _is_automatic(layer: Any) -> bool:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(layer).__name__)
    return re.fullmatch(rf"{re.escape(snake.lower())}(_\d+)?", layer.name) is not None


def model_facts(built: Any) -> dict[str, Any]:
    """`{parameters, parameterDtypes, backend}`. Keras runs here with `training=False`."""
    keras = require("keras")
    weights = built.weights
    sizes = [1 if not weight.shape else _product(weight.shape) for weight in weights]
    return {
        "parameters": sum(sizes),
        "parameterDtypes": sorted({str(weight.dtype) for weight in weights}),
        "backend": keras.backend.backend(),
    }


def _product(shape: Any) -> int:
    total = 1
    for dim in shape:
        total *= int(dim)
    return total
