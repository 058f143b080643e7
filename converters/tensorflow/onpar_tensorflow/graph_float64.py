"""A frozen graph's twin in double precision: the same operators, float64 where there was float32."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_host.errors import WorkerError
from onpar_host.model import Model
from onpar_host.packages import require

from .keras_float64 import AGREEMENT

NORMS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
EPSILON = 1e-4
"""Default of FusedBatchNorm's attribute (tensorflow/core/ops/nn_ops.cc)."""


def widened(graph_def: Any, model: Model) -> Any:
    """A copy with every float32 type and constant in float64, FusedBatchNorm written out.

    Raises WorkerError `variant-unsupported` for half precision in the graph, which would pass for
    double and is none. Operators without float64 are refused by TensorFlow when it is imported.
    """
    tf = require("tensorflow")
    wide = type(graph_def)()
    wide.versions.CopyFrom(graph_def.versions)
    wide.library.CopyFrom(graph_def.library)
    for node in graph_def.node:
        if node.op in NORMS:
            wide.node.extend(_written_out(node, graph_def, model))
        else:
            wide.node.add().CopyFrom(node)
    single, double = tf.float32.as_datatype_enum, tf.float64.as_datatype_enum
    half = {tf.float16.as_datatype_enum, tf.bfloat16.as_datatype_enum}
    for function in wide.library.function:
        for argument in (*function.signature.input_arg, *function.signature.output_arg):
            if argument.type == single:
                argument.type = double
    nodes = [*wide.node, *(n for f in wide.library.function for n in f.node_def)]
    for node in nodes:
        # Its shapes and types as they were written down for another tool.
        node.ClearField("experimental_type")
        for key, value in node.attr.items():
            if value.type in half or any(kind in half for kind in value.list.type):
                raise unsupported(model, f"{node.name} ({node.op}) computes in half precision")
            if value.type == single:
                value.type = double
            # Touching a list makes the attribute one.
            if single in value.list.type:
                value.list.type[:] = [double if k == single else k for k in value.list.type]
            if key == "value" and value.tensor.dtype == single:
                array = tf.make_ndarray(value.tensor).astype(np.float64)
                value.tensor.CopyFrom(tf.make_tensor_proto(array, tf.float64, array.shape))
    return wide


def check_agreement(narrow: list[Any], wide: list[Any], model: Model) -> bool:
    """Whether the sample could tell: the twin is the same function, so rounding alone parts them.

    Raises WorkerError `variant-unsupported` where more does.
    """
    told = False
    for one, two in zip(narrow, wide, strict=True):
        if not one.dtype.is_floating:
            continue
        a, b = np.asarray(one, np.float64), np.asarray(two, np.float64)
        scale = np.abs(a).max(initial=0.0)
        if a.shape != b.shape or not np.isfinite(a).all() or scale == 0:
            continue
        told = told or bool(np.ptp(a) > 0)
        parted = float(np.abs(a - b).max() / scale)
        if not parted <= AGREEMENT:
            raise unsupported(model, f"it parts from float32 by {parted:.2g} of its scale")
    return told


def unsupported(model: Model, why: str) -> WorkerError:
    """The error for a model without a twin."""
    return WorkerError("variant-unsupported", f"{model.shown} has no float64 twin: {why}")


def _written_out(node: Any, graph_def: Any, model: Model) -> list[Any]:
    """y = (x - mean) · scale / sqrt(variance + epsilon) + offset: it has no float64 kernel."""
    tf = require("tensorflow")
    x, scale, offset, mean, variance = [name for name in node.input if not name.startswith("^")]
    control = [name for name in node.input if name.startswith("^")]
    layout = node.attr["data_format"].s or b"NHWC"
    training = "is_training" not in node.attr or node.attr["is_training"].b
    further = [f"{node.name}:{index}" for index in range(1, 6)]
    if training or layout not in (b"NHWC", b"NDHWC"):
        raise unsupported(
            model, f"{node.name} ({node.op}) normalises over the batch or channels first"
        )
    if any(name in other.input for other in graph_def.node for name in further):
        raise unsupported(model, f"further outputs of {node.name} ({node.op}) are used")
    epsilon = node.attr["epsilon"].f if "epsilon" in node.attr else EPSILON
    kind = tf.float32.as_datatype_enum
    made: list[Any] = []

    def add(name: str, op: str, *inputs: str) -> str:
        fresh = type(node)(name=name, op=op, input=[*inputs, *control])
        fresh.attr["T"].type = kind
        made.append(fresh)
        return name

    constant = type(node)(name=f"{node.name}/onpar_epsilon", op="Const")
    constant.attr["dtype"].type = kind
    constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(epsilon, tf.float32, []))
    made.append(constant)
    spread = add(f"{node.name}/onpar_spread", "AddV2", variance, constant.name)
    inverse = add(f"{node.name}/onpar_inverse", "Rsqrt", spread)
    factor = add(f"{node.name}/onpar_factor", "Mul", inverse, scale)
    centred = add(f"{node.name}/onpar_centred", "Sub", x, mean)
    scaled = add(f"{node.name}/onpar_scaled", "Mul", centred, factor)
    add(node.name, "AddV2", scaled, offset)
    return made
