"""How pixels become what a model takes, as a JSON file says it: `{"preprocess": {…}}`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.model import Model

FILTERS = ("nearest", "linear", "cubic", "lanczos", "area")
RESIZES = ("stretch", "shorter-side", "none")
LAYOUTS = ("NCHW", "NHWC")
CHANNELS = ("RGB", "BGR")

KEYS: dict[str, Any] = {
    "size": None,
    "resize": "stretch",
    "filter": "linear",
    "antialias": None,
    "scale": [0, 1],
    "mean": [0, 0, 0],
    "std": [1, 1, 1],
    "layout": "NCHW",
    "channels": "RGB",
}
"""Key → what it is where the file says nothing. src/observe/preprocess/recipe.ts has the same."""


@dataclass(frozen=True)
class Recipe:
    """`size` is height and width of the result; `antialias` None: as the library does by itself."""

    size: tuple[int, int]
    resize: str
    filter: str
    antialias: bool | None
    scale: tuple[float, float]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    layout: str
    channels: str

    def resized_size(self, height: int, width: int) -> tuple[int, int]:
        """Before cropping. `shorter-side` covers the size, the longer side rounded half up."""
        if self.resize == "none":
            return height, width
        if self.resize == "stretch":
            return self.size
        factor = max(self.size[0] / height, self.size[1] / width)
        return int(height * factor + 0.5), int(width * factor + 0.5)

    def finished(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels from 0 to 255, [height, width, 3] RGB, any dtype: cropped to the middle, scaled, laid out.

        float32 all the way. Raises WorkerError `input-mismatch` for a picture that is too small.
        """
        height, width = self.size
        if pixels.shape[0] < height or pixels.shape[1] < width:
            raise WorkerError(
                "input-mismatch",
                f"a picture of {pixels.shape[0]}x{pixels.shape[1]} holds none of {height}x{width}",
                fix="use resize: shorter-side, or larger pictures",
            )
        top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
        cut = pixels[top : top + height, left : left + width].astype(np.float32)
        low, high = np.float32(self.scale[0]), np.float32(self.scale[1])
        unit = cut / np.float32(255) * (high - low) + low
        ordered = unit if self.channels == "RGB" else unit[:, :, ::-1]
        ready = (ordered - np.float32(self.mean)) / np.float32(self.std)
        laid_out = ready.transpose(2, 0, 1) if self.layout == "NCHW" else ready
        return np.ascontiguousarray(laid_out, dtype=np.float32)

    @property
    def contract(self) -> Contract:
        """`pixels` uint8 [batch, height, width, 3] in, `image` float32 out."""
        height, width = self.size
        size = [3, height, width] if self.layout == "NCHW" else [height, width, 3]
        return Contract(
            [TensorSpec("pixels", "uint8", ["batch", "height", "width", 3])],
            [TensorSpec("image", "float32", ["batch", *size])],
            "declared",
        )


def read_recipe(model: Model) -> Recipe:
    """Raises WorkerError `model-load-failed` naming the key, its value and what is allowed."""
    try:
        with open(model.path, encoding="utf-8") as file:
            told = json.load(file)["preprocess"]
        given = dict(told)
    except (OSError, ValueError, KeyError, TypeError) as error:
        fix = 'write {"preprocess": {"size": [224, 224]}}'
        raise _refused(model, f"is no recipe ({error})", fix) from error
    for key in given:
        if key not in KEYS:
            raise _refused(model, f"has the key {key}", f"use {', '.join(KEYS)}")
    full = {**KEYS, **given}
    for key, allowed in (
        ("resize", RESIZES),
        ("filter", FILTERS),
        ("layout", LAYOUTS),
        ("channels", CHANNELS),
        ("antialias", (True, False, None)),
    ):
        if full[key] not in allowed:
            shown = ", ".join(json.dumps(value) for value in allowed)
            raise _refused(model, f"has {key}: {json.dumps(full[key])}", f"use one of {shown}")
    for key, count in (("size", 2), ("scale", 2), ("mean", 3), ("std", 3)):
        value = full[key]
        if (
            not isinstance(value, list)
            or len(value) != count
            or not all(isinstance(each, (int, float)) for each in value)
        ):
            raise _refused(model, f"has {key}: {json.dumps(value)}", f"give {count} numbers")
    lists = {key: tuple(full[key]) for key in ("size", "scale", "mean", "std")}
    return Recipe(**{**full, **lists})


def unsupported(model: Model, library: str, what: str, otherwise: str) -> WorkerError:
    """A library that cannot do what the recipe asks for."""
    return _refused(model, f"asks for {what}, which {library} does not have", otherwise)


def _refused(model: Model, what: str, fix: str) -> WorkerError:
    return WorkerError("model-load-failed", f"{model.shown} {what}", fix=fix)
