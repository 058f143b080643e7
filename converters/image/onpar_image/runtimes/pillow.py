"""Pillow, as torchvision and Transformers' image processors use it."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_host.contract import TensorSpec
from onpar_host.model import Model
from onpar_host.packages import package_version, require
from onpar_host.session import Session

from ..recipe import read_recipe, unsupported
from ..session import PreprocessSession

FILTERS = {
    "nearest": "NEAREST",
    "linear": "BILINEAR",
    "cubic": "BICUBIC",
    "lanczos": "LANCZOS",
    "area": "BOX",
}


def version() -> str:
    """The package's version."""
    return package_version("pillow")


def open_model(model: Model, options: dict[str, Any], inputs: list[TensorSpec]) -> Session:
    """Raises WorkerError `model-load-failed` for a recipe that is none or that Pillow cannot follow."""
    image = require("PIL.Image")
    recipe = read_recipe(model)
    if recipe.antialias is False:
        raise unsupported(
            model, "Pillow", "antialias: false", "leave antialias out: it always does"
        )
    kernel = image.Resampling[FILTERS[recipe.filter]]

    def resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
        return np.asarray(image.fromarray(pixels).resize((width, height), kernel))

    return PreprocessSession(recipe, resize)
