"""Twelve conversions as one writes them by hand: `by-hand.py NAME`, each in a process of its own.

Each imports its framework, exports, runs the original and the result on one input, and compares: nothing else. The peer of
suite.bench.js.
"""

from __future__ import annotations

import sys

import numpy as np

RNG = np.random.default_rng(0)
IMAGE = RNG.uniform(0, 16, (2, 8, 8, 1)).astype(np.float32)


def close(actual: np.ndarray, expected: np.ndarray, rtol: float = 1e-4, atol: float = 1e-5) -> None:
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


def in_onnxruntime(path: str, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    import onnxruntime

    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, feeds)


def digits_onnx() -> None:
    import torch
    from digits_cnn import trained

    model, image = trained(), torch.from_numpy(IMAGE.reshape(2, 1, 8, 8))
    torch.onnx.export(model, (image,), "digits.onnx", dynamo=True, input_names=["image"])
    with torch.no_grad():
        expected = model(image).numpy()
    close(in_onnxruntime("digits.onnx", {"image": image.numpy()})[0], expected)


def digits_torchscript() -> None:
    import torch
    from digits_cnn import trained

    model, image = trained(), torch.from_numpy(IMAGE.reshape(2, 1, 8, 8))
    torch.jit.trace(model, (image,)).save("digits.pt")
    with torch.no_grad():
        close(torch.jit.load("digits.pt")(image).numpy(), model(image).numpy())


def tokens_onnx() -> None:
    import torch
    from token_encoder import trained

    model = trained()
    tokens, mask = torch.randint(0, 128, (2, 9)), torch.ones(2, 9, dtype=torch.bool)
    sizes = {"tokens": {0: "batch", 1: "length"}, "mask": {0: "batch", 1: "length"}}
    torch.onnx.export(model, (tokens, mask), "tokens.onnx", dynamo=True, dynamic_shapes=sizes)
    with torch.no_grad():
        expected = model(tokens, mask).numpy()
    close(in_onnxruntime("tokens.onnx", {"tokens": tokens.numpy(), "mask": mask.numpy()})[0], expected)


def keras_model() -> tuple[object, np.ndarray]:
    import keras

    model = keras.saving.load_model("digits_keras.keras")
    return model, model.predict(IMAGE, verbose=0)


def keras_savedmodel() -> None:
    import tensorflow as tf

    model, expected = keras_model()
    model.export("saved", format="tf_saved_model", verbose=False)
    loaded = tf.saved_model.load("saved")
    close(loaded.serve(IMAGE).numpy(), expected)


def keras_onnx() -> None:
    model, expected = keras_model()
    model.export("keras.onnx", format="onnx", verbose=False)
    import onnx

    (given,) = onnx.load("keras.onnx").graph.input
    close(in_onnxruntime("keras.onnx", {given.name: IMAGE})[0], expected)


def in_tflite(content: bytes) -> np.ndarray:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_content=content)
    (given,), (taken,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], IMAGE.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], IMAGE)
    interpreter.invoke()
    return interpreter.get_tensor(taken["index"])


def keras_tflite(half: bool = False) -> None:
    import tensorflow as tf

    model, expected = keras_model()
    model.export("saved", format="tf_saved_model", verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model("saved")
    if half:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    close(in_tflite(converter.convert()), expected, *((1e-2, 1e-2) if half else (1e-4, 1e-5)))


def wine_onnx() -> None:
    import joblib
    from skl2onnx import to_onnx

    model = joblib.load("wine.joblib")
    rows = RNG.uniform(0, 10, (4, 13)).astype(np.float32)
    path = "wine.onnx"
    converted = to_onnx(model, rows, options={"zipmap": False})
    with open(path, "wb") as file:
        file.write(converted.SerializeToString())
    close(in_onnxruntime(path, {"X": rows})[1], model.predict_proba(rows))


def xgboost_onnx() -> None:
    import xgboost
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    model = xgboost.XGBClassifier()
    model.load_model("xgb-early.ubj")
    rows = RNG.normal(size=(4, 5)).astype(np.float32)
    converted = convert_xgboost(model, initial_types=[("x", FloatTensorType([None, 5]))])
    with open("xgb.onnx", "wb") as file:
        file.write(converted.SerializeToString())
    close(in_onnxruntime("xgb.onnx", {"x": rows})[1], model.predict_proba(rows))


def lightgbm_onnx() -> None:
    import lightgbm
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    model = lightgbm.Booster(model_file="lgb-multi.txt")
    rows = RNG.normal(size=(4, 5)).astype(np.float32)
    converted = convert_lightgbm(model, initial_types=[("x", FloatTensorType([None, 5]))], zipmap=False)
    with open("lgb.onnx", "wb") as file:
        file.write(converted.SerializeToString())
    close(in_onnxruntime("lgb.onnx", {"x": rows})[1], model.predict(rows))


def mlp_float16() -> None:
    import onnx
    from onnxconverter_common import float16

    given = RNG.normal(size=(2, 8)).astype(np.float32)
    onnx.save(float16.convert_float_to_float16(onnx.load("tiny-mlp.onnx"), keep_io_types=True), "half.onnx")
    name = onnx.load("tiny-mlp.onnx").graph.input[0].name
    close(in_onnxruntime("half.onnx", {name: given})[0], in_onnxruntime("tiny-mlp.onnx", {name: given})[0], 1e-2, 1e-2)


def cnn_simplified() -> None:
    import onnx
    import onnxslim

    (value,) = onnx.load("cnn.onnx").graph.input
    shape = [d.dim_value or 2 for d in value.type.tensor_type.shape.dim]
    given = RNG.normal(size=shape).astype(np.float32)
    onnxslim.slim("cnn.onnx", "slim.onnx")
    close(in_onnxruntime("slim.onnx", {value.name: given})[0], in_onnxruntime("cnn.onnx", {value.name: given})[0])


CONVERSIONS = {
    "digits-onnx": digits_onnx,
    "digits-torchscript": digits_torchscript,
    "tokens-onnx": tokens_onnx,
    "keras-savedmodel": keras_savedmodel,
    "keras-onnx": keras_onnx,
    "keras-tflite": keras_tflite,
    "keras-tflite-float16": lambda: keras_tflite(half=True),
    "wine-onnx": wine_onnx,
    "xgboost-onnx": xgboost_onnx,
    "lightgbm-onnx": lightgbm_onnx,
    "mlp-float16": mlp_float16,
    "cnn-simplified": cnn_simplified,
}

if __name__ == "__main__":
    CONVERSIONS[sys.argv[1]]()
