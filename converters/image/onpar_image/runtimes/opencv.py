"""OpenCV, whose linear and cubic filters look at the nearest pixels only, however much is shrunk."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_host.contract import TensorSpec
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session

from ..recipe import read_recipe, unsupported
from ..session import PreprocessSession

FILTERS = {
    "nearest": "INTER_NEAREST",
    "linear": "INTER_LINEAR",
    "cubic": "INTER_CUBIC",
    "lanczos": "INTER_LANCZOS4",
    "area": "INTER_AREA",
}


def version() -> str:
    """The package's version."""
    return require("cv2").__version__


def open_model(model: Model, options: dict[str, Any], inputs: list[TensorSpec]) -> Session:
    """Raises WorkerError `model-load-failed` for a recipe that is none or that OpenCV cannot follow."""
    cv2 = require("cv2")
    recipe = read_recipe(model)
    if recipe.antialias and recipe.filter != "area":
        raise unsupported(
            model, "OpenCV", f"antialias with the filter {recipe.filter}", "use the filter area"
        )
    kernel = getattr(cv2, FILTERS[recipe.filter])

    def resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
        return cv2.resize(pixels, (width, height), interpolation=kernel)

    return PreprocessSession(recipe, resize)
