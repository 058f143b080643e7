"""Shared by the runtimes that prepare images: pixels in, what the model takes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onpar_host.session import Session
from onpar_host.tensor import Tensor, as_tensor

from .recipe import Recipe

Resizing = Callable[[np.ndarray, int, int], Any]
"""uint8 [height, width, 3], height and width wanted → pixels of that size, any dtype."""


class PreprocessSession(Session):
    """Only resizing is the library's; what follows is arithmetic in float32."""

    def __init__(self, recipe: Recipe, resizing: Resizing) -> None:
        roles = {"pixels": {"role": "image", "because": "a recipe prepares images"}}
        super().__init__(recipe.contract, {"inputRoles": roles, "filter": recipe.filter})
        self._recipe = recipe
        self._resizing = resizing

    def prepare(self, inputs: dict[str, Tensor]) -> np.ndarray:
        return np.array(inputs["pixels"].array, order="C")

    def execute(self, feed: np.ndarray) -> np.ndarray:
        height, width = feed.shape[1:3]
        wanted = self._recipe.resized_size(height, width)
        resized = [
            picture if wanted == (height, width) else self._resizing(picture, *wanted)
            for picture in feed
        ]
        return np.stack([self._recipe.finished(np.asarray(pixels)) for pixels in resized])

    def collect(self, result: np.ndarray) -> dict[str, Tensor]:
        return {"image": as_tensor(result)}
