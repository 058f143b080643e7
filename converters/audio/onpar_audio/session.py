"""Shared by the runtimes that make spectrograms: a sound in, features out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onpar_host.errors import WorkerError
from onpar_host.session import Session
from onpar_host.tensor import Tensor, as_tensor

from .recipe import Recipe

Spectrum = Callable[[np.ndarray], Any]
"""float32 [batch, samples] → power or magnitude, [batch, mels or bins, frames]."""


class AudioSession(Session):
    """Frames, window, Fourier transform and mel filters are the library's; the logarithm is arithmetic."""

    def __init__(self, recipe: Recipe, spectrum: Spectrum) -> None:
        roles = {"waveform": {"role": "audio", "because": "a recipe makes spectrograms of sound"}}
        super().__init__(recipe.contract, {"inputRoles": roles, "window": recipe.window})
        self._recipe = recipe
        self._spectrum = spectrum

    def prepare(self, inputs: dict[str, Tensor]) -> np.ndarray:
        waveform = np.array(inputs["waveform"].array, order="C")
        # Half a frame is mirrored at either end, and what is mirrored must be there.
        least = self._recipe.fft // 2 + 1 if self._recipe.center else self._recipe.fft
        length = waveform.shape[1]
        if length < least:
            raise WorkerError(
                "input-mismatch",
                f"a sound of {length} samples is too short:"
                f" fft {self._recipe.fft} takes {least} or more",
                fix=f"give longer sounds (dims: {{ samples: [{max(least, 4096)}] }}) or a smaller fft",
            )
        return waveform

    def execute(self, feed: np.ndarray) -> np.ndarray:
        return self._recipe.finished(np.asarray(self._spectrum(feed)))

    def collect(self, result: np.ndarray) -> dict[str, Tensor]:
        return {"features": as_tensor(np.ascontiguousarray(result))}
