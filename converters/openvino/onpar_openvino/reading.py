"""Reads a model file into an `openvino.Model`, or says what is wrong with it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from onpar_host.errors import WorkerError, describe_exception
from onpar_host.model import Model
from onpar_host.packages import package_version, require

FRONTENDS = {"openvino": "ir", "onnx": "onnx", "tflite": "tflite", "savedmodel": "tf"}
"""onpar's name of a format → the frontend of OpenVINO that reads it."""

TITLES = {
    "openvino": "OpenVINO IR",
    "onnx": "ONNX model",
    "tflite": "TFLite model",
    "savedmodel": "SavedModel",
}

UNCONVERTED = re.compile(r"No conversion rule found for operations: *(.+)")
CONSTANT = re.compile(r'<data\b[^>]*\boffset="(\d+)"[^>]*\bsize="(\d+)"')
ML_DOMAIN = "ai.onnx.ml."
ML_FIX = " (estimators and trees: onnxruntime, for one)"
SOURCE_LINE = re.compile(r"(Exception from |Check '|FrontEnd API failed with |Summary:$)")


def read_model(model: Model) -> Any:
    """The model as OpenVINO's graph, all dtypes as in the file.

    Raises WorkerError `model-file-missing` for an IR whose weights are not there, `operator-missing`
    for operators that its frontend does not know, and `model-load-failed` with OpenVINO's reason for
    a file that it refuses.
    """
    require("openvino")
    frontend = (
        require("openvino.frontend").FrontEndManager().load_by_framework(FRONTENDS[model.format])
    )
    try:
        with _readable(model) as path:
            return frontend.convert(frontend.load(path))
    except Exception as error:
        raise _refused(model, error) from error


def weights_file(model: Model) -> str:
    """Where an IR's weights lie: beside the .xml, with the ending .bin."""
    return os.path.splitext(model.path)[0] + ".bin"


def reason_of(error: BaseException, root: str = "") -> str:
    """What OpenVINO says, on one line, without the places in its own source code."""
    lines = [line.strip() for line in str(error).splitlines()]
    kept = [line for line in lines if line and not SOURCE_LINE.match(line)]
    return describe_exception(RuntimeError(" ".join(kept)), root).removeprefix("RuntimeError: ")


@contextmanager
def _readable(model: Model) -> Iterator[str]:
    """The model's path; a TFLite file of another ending is copied, as its frontend goes by that."""
    if model.format != "tflite" or model.path.endswith(".tflite"):
        yield model.path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield shutil.copyfile(model.path, os.path.join(folder, "model.tflite"))


def _refused(model: Model, error: Exception) -> WorkerError:
    if model.format == "openvino":
        lacking = _weights_error(model)
        if lacking is not None:
            return lacking
    reason = reason_of(error, model.root)
    missing = UNCONVERTED.search(str(error))
    if missing:
        return WorkerError(
            "operator-missing",
            f"{model.shown}: OpenVINO {package_version('openvino')} has no such operators: "
            f"{missing.group(1).strip()}",
            fix="export the model without them, or use a runtime that has them"
            + (ML_FIX if ML_DOMAIN in missing.group(1) else ""),
        )
    fix = "check that the file is complete"
    if model.format == "openvino":
        fix = "name the .xml file that OpenVINO wrote, complete and with its .bin beside it"
    return WorkerError(
        "model-load-failed",
        f"{model.shown}: OpenVINO {require('openvino').__version__} cannot read it as "
        f"{TITLES[model.format]}: {reason}",
        fix=fix,
    )


def _weights_error(model: Model) -> WorkerError | None:
    """Weights that are not there or end before the last constant; None: they are not at fault."""
    with open(model.path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if not re.search(r"<net\b", text[:4096]):
        return None
    needed = max((int(at) + int(size) for at, size in CONSTANT.findall(text)), default=0)
    path = weights_file(model)
    name = os.path.basename(path)
    if needed == 0:
        return None
    if not os.path.isfile(path):
        return WorkerError(
            "model-file-missing",
            f"{model.shown}: its weights file {name} does not exist beside it",
            fix=f"put {name} into the same folder; an IR is an .xml and a .bin of the same name",
        )
    held = os.path.getsize(path)
    if held < needed:
        return WorkerError(
            "model-load-failed",
            f"{model.shown}: its weights file {name} holds {held} bytes; "
            f"the constants reach up to byte {needed}",
            fix="copy or export it again: it is cut short, or it belongs to another .xml",
        )
    return None
