"""A Keras model's twin in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_host.errors import WorkerError, describe_exception
from onpar_host.model import Model
from onpar_host.packages import require

from .keras_models import call

LOW = ("float16", "bfloat16", "float32")
AGREEMENT = 1e-3
"""Of the output's largest magnitude. The twin is the same function, so float32 rounding alone parts
them; a wrongly rebuilt model (weights in another order, a lost layer) parts by far more."""


class DoubleTwin:
    """The model rebuilt from its configuration with every dtype policy float64, weights copied.

    The first sample that has something to tell decides whether the twin can be trusted.
    Raises WorkerError `variant-unsupported` where the model cannot be rebuilt.
    """

    def __init__(self, built: Any, model: Model) -> None:
        self._built = built
        self._model = model
        self.module = _rebuilt(built, model)
        self._verified = self._traced = False
        self.fed: dict[str, Any] = {}
        """What the twin was called with last."""

    def run(self, feed: dict[str, Any], verify: bool = True) -> Any:
        """Inputs by name, as the deployed model takes them. Raises `variant-unsupported`.

        `verify` False: a made-up sample, which is to decide nothing.
        """
        self.fed = wide = {name: _widened(value) for name, value in feed.items()}
        try:
            if not self._traced:
                self._refuse_low_precision(wide)
                self._traced = True
            result = call(self.module, wide)
        except WorkerError:
            raise
        except Exception as error:
            raise _unsupported(self._model, describe_exception(error, self._model.root)) from error
        if verify and not self._verified:
            self._verify(feed, result)
        return result

    def _refuse_low_precision(self, wide: dict[str, Any]) -> None:
        """A cast to float32 on the way would pass for double precision, and is none."""
        tf = require("tensorflow")
        traced = tf.function(lambda values: call(self.module, values), autograph=False)
        graph = traced.get_concrete_function(wide).graph.as_graph_def()
        nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
        low = {
            node.name
            for node in nodes
            # A number written as float32 and then widened has the value that is deployed.
            if node.op != "Const"
            for key in ("T", "DstT", "dtype", "out_type", "output_dtype")
            if key in node.attr and node.attr[key].type in _low_types()
        }
        if low:
            raise _unsupported(
                self._model, f"{', '.join(sorted(low)[:3])} of it compute in lower precision"
            )

    def _verify(self, feed: dict[str, Any], result: Any) -> None:
        keras = require("keras")
        narrow = keras.tree.flatten(call(self._built, feed))
        told = False
        for one, two in zip(narrow, keras.tree.flatten(result), strict=True):
            if not one.dtype.is_floating:
                continue
            a, b = np.asarray(one, np.float64), np.asarray(two, np.float64)
            if a.shape != b.shape:
                raise _unsupported(self._model, f"shapes part: {a.shape} and {b.shape}")
            scale = np.abs(a).max(initial=0.0)
            if not np.isfinite(a).all() or scale == 0:
                continue
            told = told or bool(np.ptp(a) > 0)
            parted = float(np.abs(a - b).max() / scale)
            if not parted <= AGREEMENT:
                raise _unsupported(
                    self._model, f"it parts from the float32 model by {parted:.2g} of its scale"
                )
        self._verified = told


def _rebuilt(built: Any, model: Model) -> Any:
    keras = require("keras")
    try:
        config = _wide_config(keras.saving.serialize_keras_object(built))
        # Code inside (Lambda layers) was let in, or not, when the model itself was loaded.
        twin = keras.saving.deserialize_keras_object(config, safe_mode=False)
        values = built.get_weights()
        if len(twin.weights) != len(values):
            raise ValueError(f"{len(twin.weights)} weights instead of {len(values)}")
        twin.set_weights(values)
    except Exception as error:
        raise _unsupported(model, describe_exception(error, model.root)) from error
    low = [weight.path for weight in twin.weights if str(weight.dtype) in LOW]
    if low:
        raise _unsupported(model, f"{', '.join(low[:3])} stay in lower precision")
    return twin


def _wide_config(value: Any) -> Any:
    """Every dtype and dtype policy of a configuration in float64."""
    if isinstance(value, (list, tuple)):
        return type(value)(_wide_config(item) for item in value)
    if not isinstance(value, dict):
        return value
    if value.get("class_name") in ("DTypePolicy", "FloatDTypePolicy", "Policy"):
        return {**value, "config": {**value["config"], "name": "float64"}}
    return {
        key: "float64" if _is_dtype(key, item) else _wide_config(item)
        for key, item in value.items()
    }


def _is_dtype(key: Any, item: Any) -> bool:
    low = isinstance(item, str) and item.removeprefix("mixed_") in LOW
    return low and ("dtype" in str(key) or key == "value")


def _widened(value: Any) -> Any:
    tf = require("tensorflow")
    return tf.cast(value, tf.float64) if value.dtype.name in LOW else value


def _low_types() -> set[int]:
    tf = require("tensorflow")
    return {tf.as_dtype(name).as_datatype_enum for name in LOW}


def _unsupported(model: Model, why: str) -> WorkerError:
    return WorkerError("variant-unsupported", f"{model.shown} has no float64 twin: {why}")
