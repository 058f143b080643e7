"""Writes small IR files for protocol.python.test.ts. Environment: the toolchain openvino.

python models.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op

GRID = (((np.arange(16)[:, None] * 7 + np.arange(16)[None, :] * 3) % 11 - 5) / 16).astype(
    np.float32
)


def named(node: Any, name: str) -> Any:
    node.output(0).set_names({name})
    return node


def parameter(name: str, shape: list, dtype: ov.Type = ov.Type.f32) -> Any:
    return named(op.parameter(ov.PartialShape(shape), dtype, name=name), name)


def save(folder: Path, name: str, outputs: dict, inputs: list) -> None:
    results = [named(node, key) for key, node in outputs.items()]
    ov.save_model(ov.Model(results, inputs, name), folder / f"{name}.xml", compress_to_fp16=False)


def main(folder: Path) -> None:
    x = parameter("x", [-1, 16])
    save(folder, "product", {"y": op.matmul(x, op.constant(GRID), False, True)}, [x])

    # One weight under two names: on the disk it stands once, in memory twice.
    x = parameter("x", [-1, 16])
    first = op.matmul(x, op.constant(GRID, name="first"), False, True)
    second = op.matmul(x, op.constant(GRID.copy(), name="second"), False, True)
    save(folder, "tied", {"y": op.subtract(first, second)}, [x])

    x = parameter("x", [ov.Dimension(1, 4), 3])
    save(folder, "bounded", {"y": op.add(x, op.constant(np.float32(1)))}, [x])

    inputs = [
        parameter("bfloat16", [-1], ov.Type.bf16),
        parameter("int8", [-1], ov.Type.i8),
        parameter("int64", [-1], ov.Type.i64),
        parameter("bool", [-1], ov.Type.boolean),
        parameter("float16", [-1], ov.Type.f16),
        parameter("scalar", []),
    ]
    # Turned over, so that no output is an input's own memory.
    back = [np.array([-1]), np.array([-(2**31)]), np.array([-1])]
    turned = {
        f"{node.get_friendly_name()}_out": op.slice(node, *map(op.constant, back))
        for node in inputs
        if node.get_friendly_name() not in ("bool", "scalar")
    }
    turned["bool_out"] = op.logical_not(inputs[3])
    turned["scalar_out"] = op.add(inputs[-1], inputs[-1])
    save(folder, "dtypes", turned, inputs)

    # The weights lie in the body of an If, which is taken for positive sums.
    x = parameter("x", [-1, 16])
    inner, other = parameter("inner", [-1, 16]), parameter("other", [-1, 16])
    then = ov.Model([op.matmul(inner, op.constant(GRID), False, True)], [inner], "then")
    otherwise = ov.Model([op.negative(other)], [other], "otherwise")
    total = op.reduce_sum(x, op.constant(np.array([0, 1])), False)
    choice = op.if_op(op.greater(total, op.constant(np.float32(0))).output(0))
    choice.set_then_body(then)
    choice.set_else_body(otherwise)
    choice.set_input(x.output(0), inner, other)
    choice.set_output(then.results[0], otherwise.results[0])
    save(folder, "branch", {"y": choice}, [x])

    # A running sum that lives in a variable from one inference to the next.
    x = parameter("x", [1, 4])
    start = op.constant(np.zeros((1, 4), np.float32))
    before = op.read_value(start, "sum", ov.Type.f32, ov.PartialShape([1, 4]))
    after = op.add(before, x)
    result = op.result(named(after, "y"))
    model = ov.Model([result], [op.assign(after, "sum")], [x], "state")
    ov.save_model(model, folder / "state.xml", compress_to_fp16=False)


main(Path(sys.argv[1]))
