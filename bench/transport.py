"""The peer of transport.bench.js, in the same Python: prints the seconds of each part as JSON.

`make MODEL SAMPLE N` writes a model that negates float32 [N] and a sample for it; `measure MODEL SAMPLE ROUNDS` times, in
memory, the model itself and copies of what goes in and comes out of it.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np


def make(model_path: str, sample_path: str, count: int) -> None:
    import onnx
    from onnx import TensorProto, helper

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [count]) for name in ("x", "y"))
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "negated", [x], [y])
    opset = [helper.make_opsetid("", 20)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), model_path)
    values = np.random.default_rng(0).standard_normal(count, dtype=np.float32)
    header = {"x": {"dtype": "F32", "shape": [count], "data_offsets": [0, values.nbytes]}}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(sample_path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + values.tobytes())


def taken(action: Callable[[], object], rounds: int) -> dict[str, float]:
    """Means of `rounds` in a row, by the clock and by the processor: a busy machine stretches the first alone.

    What a round gives is given back after the clock has stopped, as the bench removes an answer before it asks again: memory
    that nothing has touched yet costs many times as much on a virtual machine, on either side.
    """
    spent = [0.0, 0.0]
    for _ in range(rounds):
        before = time.perf_counter(), time.process_time()
        kept = action()
        spent[0] += time.perf_counter() - before[0]
        spent[1] += time.process_time() - before[1]
        del kept
    return {"wall": spent[0] / rounds, "cpu": spent[1] / rounds}


def measure(model_path: str, sample_path: str, rounds: int) -> dict[str, dict[str, float]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # As the host is told: one thread, so that processor time is time.
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model_path, options, providers=["CPUExecutionProvider"])
    with open(sample_path, "rb") as file:
        start = 8 + int.from_bytes(file.read(8), "little")
    given = np.fromfile(sample_path, np.float32, offset=start)
    answered = session.run(None, {"x": given})[0]
    return {
        "model": taken(lambda: session.run(None, {"x": given}), rounds),
        "copy": taken(lambda: (given.copy(), answered.copy()), rounds),
    }


if __name__ == "__main__":
    verb, *paths, number = sys.argv[1:]
    answer = make(*paths, int(number)) if verb == "make" else measure(*paths, int(number))
    print(json.dumps(answer))
