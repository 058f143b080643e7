"""Small networks whose optimised form ONNX Runtime writes with operators of its own."""

from __future__ import annotations

import numpy as np
from onnx import helper
from table import Case, f, model_of

node = helper.make_node


def network() -> Case:
    """Blocked convolutions: few and odd channels, grouped, depthwise; pools, upsampling, a fused Gemm."""
    weights = {
        "w1": f("w1", 20, 3, 3, 3),
        "b1": f("b1", 20),
        "w2": f("w2", 32, 20, 1, 1),
        "w3": f("w3", 32, 1, 3, 3),
        "w4": f("w4", 32, 16, 3, 3),
        "b4": f("b4", 32),
        "w5": f("w5", 32, 32, 3, 3),
        "w6": f("w6", 7, 32),
        "b6": f("b6", 7),
        "up": np.array([1, 1, 2, 2], np.float32),
    }
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        node("LeakyRelu", ["c1"], ["r1"], alpha=0.1),
        node("MaxPool", ["r1"], ["m1"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Conv", ["m1", "w2"], ["c2"]),
        node("Conv", ["c2", "w3"], ["c3"], group=32, pads=[1, 1, 1, 1]),
        node("Conv", ["c3", "w4", "b4"], ["c4"], group=2, pads=[1, 1, 1, 1]),
        node("Add", ["c4", "c2"], ["a4"]),
        node("Relu", ["a4"], ["r4"]),
        node(
            "Resize",
            ["r4", "", "up"],
            ["u"],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
        node("AveragePool", ["u"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p", "w5"], ["c5"], strides=[2, 2]),
        node("GlobalAveragePool", ["c5"], ["g"]),
        node("Flatten", ["g"], ["flat"]),
        node("Gemm", ["flat", "w6", "b6"], ["z"], transB=1),
        node("Softplus", ["z"], ["y"]),
    ]
    feeds = {"x": f("x", 2, 3, 17, 16)}
    model = model_of(
        nodes,
        {
            **feeds,
        },
        ["y"],
        17,
        weights,
    )
    return Case("optimised convolutions", model, feeds)


def encoder() -> Case:
    """A product with a transposed operand, a bias with GELU, a residual with LayerNormalization."""
    weights = {
        "w": f("w", 16, 16),
        "b": f("b", 16),
        "s": f("s", 16),
        "t": f("t", 16),
        "v": f("v", 16, 16),
        "root": np.array(np.sqrt(2), np.float32),
        "one": np.array(1, np.float32),
        "half": np.array(0.5, np.float32),
        "eight": np.array(8, np.float32),
    }
    nodes = [
        node("Transpose", ["x"], ["xt"], perm=[0, 2, 1]),
        node("MatMul", ["x", "xt"], ["q"]),
        node("Div", ["q", "eight"], ["d"]),
        node("Softmax", ["d"], ["p"], axis=-1),
        node("MatMul", ["p", "x"], ["o"]),
        node("MatMul", ["o", "w"], ["h"]),
        node("Add", ["h", "b"], ["hb"]),
        node("Div", ["hb", "root"], ["e1"]),
        node("Erf", ["e1"], ["e2"]),
        node("Add", ["e2", "one"], ["e3"]),
        node("Mul", ["hb", "e3"], ["e4"]),
        node("Mul", ["e4", "half"], ["ge"]),
        node("MatMul", ["ge", "v"], ["m"]),
        node("Add", ["m", "x"], ["r"]),
        node("LayerNormalization", ["r", "s", "t"], ["y"], axis=-1),
    ]
    feeds = {"x": f("x", 2, 5, 16)}
    return Case("optimised encoder", model_of(nodes, feeds, ["y"], 17, weights), feeds)


GRAPHS = [network(), encoder()]
