"""What ONNX Runtime means when it does not open a model, as a code."""

from __future__ import annotations

import re

from onpar_host.errors import WorkerError, describe_exception
from onpar_host.model import Model

REASONS = (
    (
        "opset-unsupported",
        r"is under development and support for this is limited|Unsupported model IR version|"
        r"only \*guarantees\* support",
        "convert it down with the exporter `onnx-opset`, or use a newer runtime",
    ),
    (
        "operator-unsupported",
        r"NOT_IMPLEMENTED|Failed to find kernel for|Could not find an implementation for|"
        r"is not a registered function/op|"
        r"No Op registered for|Op with name .* and type .* not|not a registered op",
        "another runtime may have it: `--runtime onnx-reference`",
    ),
)
"""Phrases of ONNX Runtime 1.31 (core/graph/model.cc, core/framework/session_state.cc, graph.cc)."""


PLACE = re.compile(
    r"/onnxruntime_src/\S+:\d+ (?:(?:virtual|static|const|class) )*"
    r"(?:[\w:<>&*]+ )*?~?[\w:<>~]+\([^()]*\)(?: const)?(?: \[[^\]]*\])? "
)
"""Where in its C++ something was thrown: file, line and the signature, longer than what is said."""


NODE = re.compile(r'In Node, \("([^"]*)", (\w+).*?, Error ', re.DOTALL)
"""A node with the types of all its inputs and outputs, before what is wrong with it."""


def without_places(text: str) -> str:
    """ONNX Runtime's message without the places in its own source, and with the node's name alone."""
    return NODE.sub(r'Node "\1" (\2): ', PLACE.sub("", text))


def refusal(error: Exception, model: Model, runtime: str) -> WorkerError:
    """`model-load-failed`, or a code that says what is lacking."""
    text = without_places(str(error))
    code, fix = next(
        ((code, fix) for code, pattern, fix in REASONS if re.search(pattern, text)),
        (
            "model-load-failed",
            "check that the file is a complete ONNX model of an opset this version knows",
        ),
    )
    said = describe_exception(type(error)(text), model.root)
    return WorkerError(code, f"{model.shown}: {runtime} refuses it: {said}", fix=fix)
