"""Writes the small models of these tests into a folder: `python make-models.py FOLDER`, in the toolchain `tfjs-converter`."""

import pathlib
import sys

import keras
import numpy as np
import tensorflow as tf

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "converters" / "tfjs-converter"))
from onpar_tfjs_converter.absent import absent_packages  # noqa: E402

with absent_packages():
    from tensorflowjs.converters import keras_h5_conversion, tf_saved_model_conversion_v2

FOLDER = pathlib.Path(sys.argv[1])


def takes(*specs):
    return tf.function(input_signature=[tf.TensorSpec(shape, dtype, name=name) for name, dtype, shape in specs])


class Signatures(tf.Module):
    """One function for each thing that TensorFlow.js does in a way of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(np.sin(np.arange(12)).reshape(3, 4).astype("float32"))

    @takes(("x", tf.float32, [None, 3]), ("ids", tf.int64, [None]), ("mask", tf.bool, [None]))
    def numbers(self, x, ids, mask):
        scores = x @ self.w
        return {"scores": scores, "best": tf.argmax(scores, -1), "kept": tf.logical_not(mask), "next": ids + 1}

    @takes(("text", tf.string, [None]))
    def words(self, text):
        return {"same": tf.identity(text)}

    @takes(("x", tf.float32, [None, 3]))
    def loop(self, x):
        steps = tf.constant(0)
        while tf.reduce_max(tf.abs(x)) < 100.0:
            x = x * 2.0 + 1.0
            steps += 1
        return {"x": x, "steps": steps}

    @takes(("x", tf.float32, [None, 4]))
    def positive(self, x):
        return {"values": tf.boolean_mask(x, x > 0), "sum": tf.reduce_sum(x, axis=1)}

    @takes(("x", tf.float32, [None, 4]))
    def spectrum(self, x):
        return {"power": tf.abs(tf.signal.fft(tf.cast(x, tf.complex64))), "x": x * 2.0}

    @takes(("x", tf.float32, [None, 3]))
    def einsum(self, x):
        return {"y": tf.einsum("bi,ij->bj", x, self.w)}

    @takes(("x", tf.float32, [None, 4]))
    def bessel(self, x):
        return {"y": tf.math.bessel_i0e(x)}


class Lookup(tf.Module):
    """A table of words, and a function beside it that does not use it."""

    def __init__(self) -> None:
        super().__init__()
        keys, values = tf.constant([1, 2, 3]), tf.constant([10, 20, 30])
        self.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)

    @takes(("key", tf.int32, [None]))
    def find(self, key):
        return {"value": self.table.lookup(key)}

    @takes(("x", tf.float32, [None]))
    def beside(self, x):
        return {"y": x + 1.0}


signatures = Signatures()
names = ["numbers", "words", "loop", "positive", "spectrum", "einsum", "bessel"]
tf.saved_model.save(signatures, str(FOLDER / "signatures"), signatures={name: getattr(signatures, name) for name in names})
lookup = Lookup()
tf.saved_model.save(lookup, str(FOLDER / "lookup"), signatures={"find": lookup.find, "beside": lookup.beside})

keras.utils.set_random_seed(1)
x = keras.Input((16,), name="x")
hidden = keras.layers.Dense(64, activation="tanh", name="hidden")(x)
dense = keras.Model(x, keras.layers.Dense(3, name="y")(hidden))
dense.export(FOLDER / "dense", format="tf_saved_model", verbose=False)
# What tensorflowjs makes of a Keras 3 model when it is asked for a layers model.
dense.save(FOLDER / "dense.h5")
topology, groups = keras_h5_conversion.h5_merged_saved_model_to_tfjs_format(str(FOLDER / "dense.h5"))
(FOLDER / "keras3").mkdir()
keras_h5_conversion.write_artifacts(topology, groups, str(FOLDER / "keras3"))

steps = keras.Input((4, 3), name="x")
for name, layer in (("gru", keras.layers.GRU(3, name="y")), ("lstm", keras.layers.LSTM(3, name="y"))):
    recurrent = keras.Model(steps, layer(steps))
    recurrent.export(FOLDER / name, format="tf_saved_model", verbose=False)
# As tensorflowjs_converter leaves its loop.
tf_saved_model_conversion_v2.convert_tf_saved_model(str(FOLDER / "gru"), str(FOLDER / "stuck"))
