"""tf.image.resize, as input pipelines of TensorFlow have it."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_host.contract import TensorSpec
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_image.recipe import read_recipe
from onpar_image.session import PreprocessSession

FILTERS = {
    "nearest": "nearest",
    "linear": "bilinear",
    "cubic": "bicubic",
    "lanczos": "lanczos3",
    "area": "area",
}


def version() -> str:
    """TensorFlow's version."""
    return require("tensorflow").__version__


def open_model(model: Model, options: dict[str, Any], inputs: list[TensorSpec]) -> Session:
    """Raises WorkerError `model-load-failed` for a recipe that is none. Without a word, no antialias."""
    tf = require("tensorflow")
    recipe = read_recipe(model)
    method = FILTERS[recipe.filter]

    def resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
        size = (height, width)
        return tf.image.resize(
            pixels, size, method=method, antialias=bool(recipe.antialias)
        ).numpy()

    return PreprocessSession(recipe, resize)
