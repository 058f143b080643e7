"""Keras -> TFLite from outside the benchmark. Environment: tensorflow.

python keras_pairs.py FOLDER
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
from keras import layers


def counter(*, strides=2, momentum_epsilon=1e-3, last="softmax", pad="same") -> keras.Model:
    x = given = keras.Input((14, 14, 2), name="picture")
    x = layers.Conv2D(10, 3, strides=strides, padding=pad, activation="swish", name="enter")(x)
    y = layers.BatchNormalization(epsilon=momentum_epsilon, name="levels")(x)
    y = layers.Conv2D(10, 3, padding="same", name="middle")(y)
    x = layers.Activation("tanh", name="squash")(layers.Add(name="join")([x, y]))
    x = layers.Conv2DTranspose(6, 2, strides=2, name="grow")(x)
    x = layers.MaxPooling2D(3, 2, name="peaks")(x)
    return keras.Model(given, layers.Dense(4, activation=last, name="count")(layers.Flatten(name="flat")(x)))


def forecaster(*, axis=-1, cut=3.0) -> keras.Model:
    x = given = keras.Input((12, 5), name="series")
    x = layers.Dense(14, activation="gelu", name="enter")(x)
    x = layers.LayerNormalization(axis=axis, epsilon=1e-4, name="levels")(x)
    x = layers.GRU(9, unroll=True, return_sequences=True, name="memory")(x)
    x = layers.Concatenate(name="both")(
        [layers.GlobalAveragePooling1D(name="mean")(x), layers.GlobalMaxPooling1D(name="peak")(x)]
    )
    return keras.Model(given, layers.Dense(3, name="tell")(layers.ReLU(max_value=cut, name="bound")(x)))


def weighted(model: keras.Model) -> keras.Model:
    random = np.random.default_rng(41)
    for weight in model.weights:
        shape, name = tuple(weight.shape), weight.path
        if "variance" in name:
            value = random.uniform(0.4, 1.8, shape)
        elif len(shape) > 1:
            value = random.normal(0, 1.2 / np.sqrt(np.prod(shape[:-1])), shape)
        else:
            value = random.normal(float("gamma" in name), 0.25, shape)
        weight.assign(value.astype(np.float32))
    return model


def edited(make, layer: str, index: int, change) -> keras.Model:
    model = weighted(make())
    weight = model.get_layer(layer).weights[index]
    weight.assign(change(np.array(weight)))
    return model


def one(value: np.ndarray) -> np.ndarray:
    value[..., 3] *= 0.9
    return value


def gates(value: np.ndarray) -> np.ndarray:
    z, r, h = np.split(value, 3, axis=-1)
    return np.concatenate([r, z, h], axis=-1)


def halves(value: np.ndarray) -> np.ndarray:
    return np.concatenate(np.split(value, 2, axis=0)[::-1])


BASES = {"counter": (counter, (14, 14, 2)), "forecaster": (forecaster, (12, 5))}
FAULTS = {
    "logits-for-shares": ("counter", lambda: weighted(counter(last=None)), ["activation-missing"], ["count"]),
    "levels-epsilon": ("counter", lambda: weighted(counter(momentum_epsilon=1e-5)), ["epsilon-differs"], ["levels"]),
    "grow-kernel-turned": (
        "counter",
        lambda: edited(counter, "grow", 0, lambda w: w[::-1, ::-1]),
        ["channel-order"],
        ["grow"],
    ),
    "middle-one-channel": ("counter", lambda: edited(counter, "middle", 0, one), ["channel-corrupted"], ["middle"]),
    "mean-and-peak": ("forecaster", lambda: edited(forecaster, "tell", 0, halves), ["channel-order"], ["both", "tell"]),
    "memory-gates": ("forecaster", lambda: edited(forecaster, "memory", 0, gates), ["gate-order"], ["memory"]),
    "bound-moved": ("forecaster", lambda: weighted(forecaster(cut=0.5)), ["clipping-differs"], ["bound"]),
    "enter-bias": ("forecaster", lambda: edited(forecaster, "enter", 1, np.zeros_like), ["bias-dropped"], ["enter"]),
}


def main() -> None:
    folder = Path(sys.argv[1])
    place = folder / "keras"
    place.mkdir(parents=True, exist_ok=True)
    bases, pairs = {}, []
    for name, (make, _) in BASES.items():
        whole = weighted(make())
        whole.save(place / f"{name}.keras")
        (place / f"{name}.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(whole).convert())
        bases[f"keras-{name}"] = {"source": f"keras/{name}.keras", "dims": {}, "inputs": []}
    for title, (base, build, codes, at) in FAULTS.items():
        make, shape = BASES[base]
        value = np.random.default_rng(8).normal(size=(16, *shape)).astype(np.float32)
        whole, broken = weighted(make()), build()
        right, wrong = whole(value).numpy(), broken(value).numpy()
        scaled = float(np.abs(right - wrong).max() / np.sqrt((right**2).mean()))
        if not scaled > 1e-4:
            raise ValueError(f"{title} is no fault: {scaled}")
        (place / f"{title}.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(broken).convert())
        pairs.append(
            {
                "id": f"keras-{base}--{title}",
                "framework": "keras",
                "base": f"keras-{base}",
                "class": title,
                "kind": "faulty",
                "reference": f"keras/{base}.keras",
                "candidate": f"keras/{title}.tflite",
                "runtime": "litert",
                "precision": "float32",
                "scaled": scaled,
                "label": {"codes": codes, "apart": None, "place": {"at": at, "lines": [], "ops": []}},
            }
        )
    (folder / "keras.json").write_text(json.dumps({"bases": bases, "pairs": pairs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
