"""Writes the small TensorFlow models of these tests into a folder: `python make-models.py FOLDER`. Seeded."""

import pathlib
import shutil
import sys

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

FOLDER = pathlib.Path(sys.argv[1])
RANDOM = np.random.default_rng(7)


def image_net() -> keras.Model:
    """Every weight under 1,024 elements; batch statistics that do something."""
    image = keras.Input((8, 8, 1), name="image")
    x = keras.layers.Conv2D(6, 3, padding="same")(image)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, keras.layers.Dense(3, name="scores")(x))
    weights = [RANDOM.uniform(0.2, 1.0, 6) if w.ndim == 1 and len(w) == 6 else w for w in model.get_weights()]
    model.set_weights(weights)
    return model


def wide_net() -> keras.Model:
    """One weight of 4,096 elements, one of 192."""
    x = keras.Input((64,), name="x")
    hidden = keras.layers.Dense(64, activation="tanh")(x)
    return keras.Model(x, keras.layers.Dense(3, name="y")(hidden))


class Codec(tf.Module):
    """Two functions that differ in names, counts and shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(RANDOM.normal(size=(4, 4)).astype("float32"), name="w")

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x"), tf.TensorSpec([None, 4], tf.float32, name="shift")])
    def encode(self, x, shift):
        code = tf.tanh(x @ self.w) + shift
        return {"code": code, "norm": tf.reduce_sum(code * code, axis=1)}

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="code")])
    def decode(self, code):
        return {"x": code @ tf.transpose(self.w)}

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
    def bessel(self, x):
        return {"y": tf.math.bessel_i0e(x @ self.w)}

    @tf.function
    def free(self, x):
        return x @ self.w


def frozen(name: str, scale: float) -> None:
    """Two inputs in the order b, a; an output in two parts, another one; a placeholder that nothing needs."""
    random = np.random.default_rng(3)
    graph = tf.Graph()
    with graph.as_default():
        b = tf.compat.v1.placeholder(tf.float32, [None, 32], "b")
        a = tf.compat.v1.placeholder(tf.float32, [None, 32], "tower/a")
        tf.compat.v1.placeholder(tf.float32, [None], "unneeded")
        keep = tf.compat.v1.placeholder_with_default(1.0, [], "keep")
        weight = tf.constant(random.normal(size=(32, 32)).astype("float32") / 6 * scale, name="weight")
        hidden = tf.tanh(tf.matmul(a, weight, name="product") * keep + b, name="hidden")
        tf.split(hidden, 2, axis=1, name="halves")
        tf.reduce_mean(hidden, axis=1, name="mean")
    (FOLDER / name).write_bytes(graph.as_graph_def().SerializeToString())


def normalised(name: str, scale: float) -> None:
    """As TensorFlow 1 wrote it: FusedBatchNorm, and a branch in a function of the graph."""
    random = np.random.default_rng(5)
    weights = lambda low, high, *shape: tf.constant(random.uniform(low, high, shape).astype("float32"))  # noqa: E731
    graph = tf.Graph()
    with graph.as_default():
        x = tf.compat.v1.placeholder(tf.float32, [None, 8, 8, 3], "x")
        h = tf.nn.conv2d(x, weights(-1, 1, 3, 3, 3, 4) * scale, 1, "SAME")
        gamma, beta, mean, variance = (weights(low, 1, 4) for low in (0.5, -1, -1, 0.5))
        h, _, _ = tf.compat.v1.nn.fused_batch_norm(h, gamma, beta, mean, variance, epsilon=1e-2, is_training=False)
        tf.identity(tf.cond(tf.reduce_sum(x) > 0, lambda: h * 2.0, lambda: tf.tanh(h) * scale), name="y")
    (FOLDER / name).write_bytes(graph.as_graph_def().SerializeToString())


def unfrozen() -> None:
    graph = tf.Graph()
    with graph.as_default():
        x = tf.compat.v1.placeholder(tf.float32, [None, 4], "x")
        weight = tf.compat.v1.get_variable("weight", [4, 4], use_resource=False)
        tf.matmul(x, weight, name="y")
    (FOLDER / "unfrozen.pb").write_bytes(graph.as_graph_def().SerializeToString())


keras.utils.set_random_seed(1)
net = image_net()
net.save(FOLDER / "legacy.h5")
shutil.copy(FOLDER / "legacy.h5", FOLDER / "nameless.data")
net.save_weights(FOLDER / "net.weights.h5")
wide_net().save(FOLDER / "wide.keras")
digits = RANDOM.uniform(-1, 1, (64, 8, 8, 1)).astype("float32")
np.savez(FOLDER / "images.npz", image=digits)

function = tf.function(lambda image: net(image, training=False), input_signature=[tf.TensorSpec([None, 8, 8, 1], tf.float32, name="image")])
constant = convert_variables_to_constants_v2(function.get_concrete_function())
(FOLDER / "net.pb").write_bytes(constant.graph.as_graph_def().SerializeToString())
frozen("frozen.pb", 1.0)
frozen("other.pb", 1.001)
unfrozen()
normalised("normalised.pb", 1.0)
normalised("denormalised.pb", 1.01)

codec = Codec()
save = tf.saved_model.save
save(codec, str(FOLDER / "codec"), signatures={"encode": codec.encode, "decode": codec.decode})
save(codec, str(FOLDER / "decoder"), signatures={"decode": codec.decode})
save(codec, str(FOLDER / "bessel"), signatures={"serving_default": codec.bessel})
bare = tf.Module()
bare.free, bare.codec = codec.free, codec
codec.free(tf.zeros([1, 4]))
save(bare, str(FOLDER / "bare"), signatures={})
