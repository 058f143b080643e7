"""Writes a small Keras CNN and what was exported of it into a folder: `python make-taps-models.py FOLDER`. Seeded."""

import pathlib
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers

FOLDER = pathlib.Path(sys.argv[1])
RANDOM = np.random.default_rng(3)


def block(name: str) -> keras.Model:
    """A model inside of the model."""
    x = given = keras.Input((8, 8, 8))
    x = layers.Conv2D(8, 3, padding="same", name="conv")(x)
    x = layers.BatchNormalization(name="norm")(x)
    return keras.Model(given, layers.ReLU(name="act")(x), name=name)


def cnn() -> keras.Model:
    """Fused activations, batch norms that fold, a branch, a depthwise convolution, two heads of one name each."""
    x = image = keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="stem")(x)
    x = layers.Add(name="skip")([x, block("block_a")(x)])
    x = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = layers.BatchNormalization(epsilon=1e-2, name="bn")(x)
    x = layers.Activation("gelu", name="gelu")(x)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Conv2D(12, 1, name="project")(x)
    x = layers.LayerNormalization(name="ln")(x)
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    x = layers.Dense(16, activation="tanh", name="hidden")(x)
    model = keras.Model(image, layers.Dense(5, activation="softmax", name="scores")(x))
    model.set_weights(
        [RANDOM.uniform(0.3, 1, w.shape) if w.ndim == 1 else RANDOM.normal(0, 0.3, w.shape) for w in model.get_weights()]
    )
    return model


model = cnn()
model.save(FOLDER / "cnn.keras")
model.export(FOLDER / "saved", verbose=False)
converter = tf.lite.TFLiteConverter.from_saved_model(str(FOLDER / "saved"))
(FOLDER / "cnn.tflite").write_bytes(converter.convert())
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.target_spec.supported_types = [tf.float16]
(FOLDER / "half.tflite").write_bytes(converter.convert())
