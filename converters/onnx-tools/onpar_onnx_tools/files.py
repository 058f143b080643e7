"""Reading and writing ONNX files, weights in files of their own included."""

from __future__ import annotations

import os
from typing import Any

from onpar_host.errors import WorkerError, describe_exception
from onpar_host.exporting import ExportJob
from onpar_host.model import Model
from onpar_host.packages import require

from .graphs import initializers_in

MAX_MESSAGE = 2_000_000_000
"""A protobuf message holds at most 2 GiB (2³¹ − 1 bytes); beyond this, weights go beside the model."""


def load(model: Model) -> Any:
    """The ModelProto with all its weights in memory.

    Raises WorkerError `model-load-failed` for a file that is no ONNX model or lacks its weights.
    """
    onnx = require("onnx")
    try:
        proto = onnx.load(model.path)
    except FileNotFoundError as error:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown}: its weights lie in {error.filename}, which does not exist",
            fix="keep the model and its external data files together, in one folder",
        ) from error
    except Exception as error:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} is no readable ONNX model: {describe_exception(error, model.root)}",
            fix="check that the file is complete, and its external data files beside it",
        ) from error
    if not proto.graph.output:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} holds no ONNX graph with outputs",
            fix="give a complete .onnx file",
        )
    return proto


def weight_files(model: Model) -> list[str]:
    """Files beside the model that hold weights: absolute paths, each once."""
    onnx = require("onnx")
    proto = onnx.load(model.path, load_external_data=False)
    folder = os.path.dirname(model.path)
    found = {
        os.path.join(folder, entry.value)
        for tensor in initializers_in(proto)
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return sorted(found)


def save(proto: Any, job: ExportJob) -> str:
    """Writes `model.onnx` below the job's folder; weights beside it only where they must be."""
    onnx = require("onnx")
    path = os.path.join(job.out_dir, "model.onnx")
    if is_large(proto):
        onnx.save(
            proto,
            path,
            save_as_external_data=True,
            all_tensors_to_one_file=True,
            location="model.onnx.data",
        )
    else:
        onnx.save(proto, path)
    return path


def is_large(proto: Any) -> bool:
    """Whether the model does not fit into one protobuf message."""
    return sum(len(tensor.raw_data) for tensor in initializers_in(proto)) > MAX_MESSAGE
