"""Opening onnxruntime to rewrite a graph or to try one."""

from __future__ import annotations

from typing import Any

from onpar_host.errors import WorkerError, describe_exception
from onpar_host.model import Model
from onpar_host.packages import require

FATAL = 4
"""Log severity: onnxruntime's own warnings go to the console by C++ and cannot be collected."""


def open_session(model: Model, path: str, settings: Any = None, **more: Any) -> Any:
    """A CPU session. Raises WorkerError `model-load-failed` with onnxruntime's reason."""
    ort = require("onnxruntime")
    if settings is None:
        settings = ort.SessionOptions()
        settings.log_severity_level = FATAL
    try:
        return ort.InferenceSession(path, settings, providers=["CPUExecutionProvider"], **more)
    except Exception as error:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown}: ONNX Runtime {ort.__version__} refuses it: "
            f"{describe_exception(error, model.root)}",
            fix="check that every operator exists in this version (opset 26, IR 13 at most)",
        ) from error
