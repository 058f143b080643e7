"""librosa, as training pipelines and OpenAI's Whisper (for its filters) use it."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_host.contract import TensorSpec
from onpar_host.model import Model
from onpar_host.packages import package_version, require
from onpar_host.session import Session

from ..recipe import read_recipe
from ..session import AudioSession


def version() -> str:
    """The package's version."""
    return package_version("librosa")


def open_model(model: Model, options: dict[str, Any], inputs: list[TensorSpec]) -> Session:
    """Raises WorkerError `model-load-failed` for a recipe that is none."""
    librosa = require("librosa")
    recipe = read_recipe(model)
    # librosa.filters.get_window is always periodic; scipy's says which.
    window = require("scipy.signal").get_window(
        recipe.window, recipe.win_length, fftbins=recipe.periodic
    )
    filters = (
        None
        if recipe.mels is None
        else librosa.filters.mel(
            sr=recipe.sample_rate,
            n_fft=recipe.fft,
            n_mels=recipe.mels,
            fmin=recipe.fmin,
            fmax=recipe.fmax,
            htk=recipe.mel_scale == "htk",
            norm=recipe.norm,
        )
    )

    def spectrum(waveform: np.ndarray) -> np.ndarray:
        complex_values = librosa.stft(
            waveform,
            n_fft=recipe.fft,
            hop_length=recipe.hop,
            win_length=recipe.win_length,
            window=window,
            center=recipe.center,
            pad_mode=recipe.pad,
        )
        values = np.abs(complex_values) ** recipe.power
        return values if filters is None else np.matmul(filters, values)

    return AudioSession(recipe, spectrum)
