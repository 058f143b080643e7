"""Models, samples and expected values for protocol.python.test.ts. Usage: models.py FOLDER"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

root = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "converters" / "host"))
from onpar_host.safetensors import write_tensors  # noqa: E402
from onpar_host.tensor import Tensor  # noqa: E402

folder = Path(sys.argv[1])
random = np.random.default_rng(5)


def floats(*shape: int) -> np.ndarray:
    return random.standard_normal(shape).astype(np.float32)


def save(
    name: str,
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    functions: tuple[onnx.FunctionProto, ...] = (),
    sparse: tuple[onnx.SparseTensorProto, ...] = (),
    kind: int = TensorProto.FLOAT,
    external: bool = False,
) -> None:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, ["n", 8])],
        [helper.make_tensor_value_info("y", kind, ["n", None])],
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
        sparse_initializer=sparse,
    )
    opsets = [helper.make_opsetid(d, v) for d, v in (("", 17), ("own", 1), ("my.domain", 1))]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions)
    where = f"{name}.bin" if external else None
    onnx.save(
        model,
        folder / f"{name}.onnx",
        save_as_external_data=external,
        location=where,
        size_threshold=0,
    )


def write(name: str, value: np.ndarray) -> None:
    write_tensors(str(folder / f"{name}.safetensors"), {"x": Tensor(value, value.dtype.name)})


node = helper.make_node
samples = {name: floats(3, 8) for name in "ab"}
for name, value in samples.items():
    write(name, value)
x = samples["a"].astype(np.float64)

a, b, bias = floats(8, 16), floats(16, 4), floats(4)
layers = [node("MatMul", ["x", "a"], ["h"]), node("Gemm", ["h", "b", "c"], ["z"])]
save("mlp", [*layers, node("Softmax", ["z"], ["y"])], {"a": a, "b": b, "c": bias})
save("product", layers[:1] + [node("Identity", ["h"], ["y"])], {"a": a})
wide = a.astype(np.float64)
magnitude, total = np.abs(x) @ np.abs(wide), np.abs(x @ wide)
write("product", 2.0**-24 * (np.sqrt(8) * magnitude + 8 / 2 * total))
half = {"a": a.astype(np.float16)}
save(
    "half",
    [
        node("Cast", ["x"], ["low"], to=TensorProto.FLOAT16),
        node("MatMul", ["low", "a"], ["h"]),
        node("Cast", ["h"], ["y"], to=TensorProto.FLOAT),
    ],
    half,
)
save("unknown", [node("Strange", ["x"], ["y"], name="odd-one", domain="my.domain")], {})

# A function with a constant, a branch with a weight of its own, a sparse and an external weight.
body = [
    node("Constant", [], ["tenth"], value_float=0.1),
    node("Constant", [], ["third"], value=numpy_helper.from_array(np.array([1 / 3], np.float32))),
    node("Mul", ["v", "tenth"], ["t"]),
    node("Add", ["t", "third"], ["w"]),
]
function = helper.make_function("own", "Scaled", ["v"], ["w"], body, [helper.make_opsetid("", 17)])
inner = floats(8)
then = helper.make_graph(
    [node("Exp", ["f"], ["e"]), node("Mul", ["e", "inner"], ["o"])],
    "then",
    [],
    [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)],
    [numpy_helper.from_array(inner, "inner")],
)
other = helper.make_graph(
    [node("Neg", ["f"], ["o"])],
    "else",
    [],
    [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)],
)
thin = floats(5)
at = np.array([1, 9, 20, 33, 63], np.int64)
sparse = helper.make_sparse_tensor(
    numpy_helper.from_array(thin, "thin"), numpy_helper.from_array(at, "at"), [8, 8]
)
outer = floats(8)
save(
    "everything",
    [
        node("Scaled", ["x"], ["f"], domain="own"),
        node("Constant", [], ["on"], value=numpy_helper.from_array(np.array(True))),
        node("If", ["on"], ["g"], then_branch=then, else_branch=other),
        node("MatMul", ["g", "thin"], ["m"]),
        node("Add", ["m", "outer"], ["y"]),
    ],
    {"outer": outer},
    (function,),
    (sparse,),
    external=True,
)
wide = np.zeros(64)
wide[at] = thin
f = x * np.float64(np.float32(0.1)) + np.float64(np.float32(1 / 3))
write("everything", np.exp(f) * inner.astype(np.float64) @ wide.reshape(8, 8) + outer)
