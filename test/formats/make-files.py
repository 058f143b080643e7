"""Writes the small real models of files/ that the format tests read: `python make-files.py PART`, PART per environment.

onnx: onnx · pytorch: torch · tensorflow: tensorflow, keras · executorch: executorch · sklearn: scikit-learn, joblib, lz4 not needed.
The tests themselves need no Python.
"""

import pathlib
import re
import sys
import zipfile

FILES = pathlib.Path(__file__).with_name("files")


def without_places(path: pathlib.Path) -> None:
    """Takes the folders of this machine out of the stack traces that torch.export writes into an archive."""
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, re.sub(rb"/[^\s\"\\]*/site-packages/", b"site-packages/", data))


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
    without_places(FILES / "exported.pt2")


def executorch() -> None:
    import torch
    from executorch.exir import to_edge_transform_and_lower

    program = torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),))
    (FILES / "model.pte").write_bytes(to_edge_transform_and_lower(program).to_executorch().buffer)


def hdf5(model: object) -> None:
    """HDF5 files as Keras 2 and h5py's newer layouts write them; the new layouts hold only the attributes."""
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    with h5py.File(FILES / "weights.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    many = [f"a{index}" for index in range(12)]
    for name, attributes in (("latest-model", ["model_config"]), ("latest-weights", ["layer_names"]), ("latest-many", many)):
        with h5py.File(FILES / f"{name}.h5", "w", libver="latest") as file:
            for attribute in attributes:
                file.attrs[attribute] = b"x"


def frozen(model: object) -> None:
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    spec = tf.TensorSpec([None, 2], tf.float32, name="x")
    function = tf.function(lambda x: model(x, training=False), input_signature=[spec])
    graph = convert_variables_to_constants_v2(function.get_concrete_function()).graph.as_graph_def()
    (FILES / "frozen.pb").write_bytes(graph.SerializeToString())
    (FILES / "frozen.pbtxt").write_text(str(graph)[:4000])


def tensorflow() -> None:
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.save(FILES / "model.keras")
    model.save(FILES / "model.h5")
    hdf5(model)
    frozen(model)

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
    {"onnx": onnx, "pytorch": pytorch, "executorch": executorch, "tensorflow": tensorflow, "sklearn": sklearn}[sys.argv[1]]()
