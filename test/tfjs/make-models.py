"""Writes the small SavedModels of these tests into a folder: `python make-models.py FOLDER`."""

import pathlib
import sys

import keras
import numpy as np
import tensorflow as tf

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

    @takes(("x", tf.float32, [None, 4]))
    def bins(self, x):
        return {"bins": tf.signal.fft(tf.cast(x, tf.complex64))}

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
names = ["numbers", "words", "loop", "positive", "spectrum", "bins", "bessel"]
tf.saved_model.save(signatures, str(FOLDER / "signatures"), signatures={name: getattr(signatures, name) for name in names})
lookup = Lookup()
tf.saved_model.save(lookup, str(FOLDER / "lookup"), signatures={"find": lookup.find, "beside": lookup.beside})

keras.utils.set_random_seed(1)
x = keras.Input((16,), name="x")
hidden = keras.layers.Dense(64, activation="tanh", name="hidden")(x)
keras.Model(x, keras.layers.Dense(3, name="y")(hidden)).save(FOLDER / "dense.keras")
