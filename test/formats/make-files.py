"""Writes the small real models of files/ that the format tests read: `python make-files.py PART`, PART per environment.

onnx: onnx · pytorch: torch · tensorflow: tensorflow, keras · sklearn: scikit-learn, joblib, lz4 not needed.
The tests themselves need no Python.
"""

import pathlib
import sys

FILES = pathlib.Path(__file__).with_name("files")


def onnx() -> None:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.arange(64, dtype=np.float32).reshape(8, 8), "w")
    then = helper.make_graph([helper.make_node("Relu", ["h"], ["t"])], "then", [], [helper.make_tensor_value_info("t", 1, None)])
    other = helper.make_graph([helper.make_node("Neg", ["h"], ["e"])], "else", [], [helper.make_tensor_value_info("e", 1, None)])
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["h"], name="größe"),
            helper.make_node("If", ["flag"], ["y"], then_branch=then, else_branch=other),
            helper.make_node("FusedThing", ["h"], ["z"], domain="com.example"),
        ],
        "main",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", None, 8]),
            helper.make_tensor_value_info("flag", TensorProto.BOOL, []),
            helper.make_tensor_value_info("w", TensorProto.FLOAT, [8, 8]),
        ],
        [
            helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
            helper.make_tensor_value_info("z", TensorProto.FLOAT8E4M3FN, ["batch", 0]),
            helper.make_tensor_sequence_value_info("seq", TensorProto.FLOAT, None),
        ],
        [weights],
    )
    model = helper.make_model(
        graph,
        producer_name="onpar-tests",
        producer_version="1.0",
        ir_version=10,
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.example", 3)],
    )
    helper.set_model_props(model, {"author": "onpar", "größe": "1"})
    onnx.save(model, FILES / "model.onnx")
    (FILES / "external").mkdir(exist_ok=True)
    (FILES / "external" / "model.onnx.data").unlink(missing_ok=True)
    onnx.save(model, FILES / "external" / "model.onnx", save_as_external_data=True, location="model.onnx.data", size_threshold=0)


def pytorch() -> None:
    import torch

    model = torch.nn.Linear(2, 2)
    torch.save(model.state_dict(), FILES / "weights.pt")
    torch.save(model.state_dict(), FILES / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.jit.trace(model, torch.zeros(1, 2)).save(str(FILES / "script.pt"))
    torch.export.save(torch.export.export(model, (torch.zeros(1, 2),)), FILES / "exported.pt2")


def tensorflow() -> None:
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.save(FILES / "model.keras")
    model.save(FILES / "model.h5")

    class Double(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def __call__(self, x):
            return {"y": x * 2.0}

    tf.saved_model.save(Double(), str(FILES / "saved_model"))
    converter = tf.lite.TFLiteConverter.from_saved_model(str(FILES / "saved_model"))
    (FILES / "model.tflite").write_bytes(converter.convert())


def sklearn() -> None:
    import pickle

    import joblib
    import numpy as np
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(np.eye(2), [0, 1])
    joblib.dump(model, FILES / "plain.joblib")
    for compress in ("zlib", "gzip", "bz2", "xz"):
        joblib.dump(model, FILES / f"{compress}.joblib", compress=(compress, 3))
    (FILES / "model.pkl").write_bytes(pickle.dumps(model))


if __name__ == "__main__":
    FILES.mkdir(exist_ok=True)
    {"onnx": onnx, "pytorch": pytorch, "tensorflow": tensorflow, "sklearn": sklearn}[sys.argv[1]]()
