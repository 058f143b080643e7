"""tf.signal, as input pipelines and models of TensorFlow have it."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_audio.recipe import read_recipe, unsupported
from onpar_audio.session import AudioSession
from onpar_host.contract import TensorSpec
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session


def version() -> str:
    """TensorFlow's version."""
    return require("tensorflow").__version__


def open_model(model: Model, options: dict[str, Any], inputs: list[TensorSpec]) -> Session:
    """Raises WorkerError `model-load-failed` for a recipe that is none or that tf.signal cannot follow."""
    tf = require("tensorflow")
    recipe = read_recipe(model)
    if recipe.mels is not None and recipe.mel_scale != "htk":
        raise unsupported(
            model,
            "tf.signal",
            f"melScale: {recipe.mel_scale}",
            "use melScale: htk, or mels: null for the spectrogram alone",
        )
    if recipe.mels is not None and recipe.norm is not None:
        raise unsupported(
            model, "tf.signal", f"norm: {recipe.norm}", "use norm: null, or mels: null"
        )
    named = {"hann": tf.signal.hann_window, "hamming": tf.signal.hamming_window}[recipe.window]
    filters = (
        None
        if recipe.mels is None
        else tf.signal.linear_to_mel_weight_matrix(
            num_mel_bins=recipe.mels,
            num_spectrogram_bins=recipe.fft // 2 + 1,
            sample_rate=recipe.sample_rate,
            lower_edge_hertz=float(recipe.fmin),
            upper_edge_hertz=recipe.fmax,
        )
    )

    def window(length: int, dtype: Any) -> Any:
        return named(length, periodic=recipe.periodic, dtype=dtype)

    def spectrum(waveform: np.ndarray) -> np.ndarray:
        # tf.signal.stft knows no centre: pipelines pad before it.
        half = recipe.fft // 2
        padded = (
            tf.pad(waveform, [[0, 0], [half, half]], mode=recipe.pad.upper())
            if recipe.center
            else waveform
        )
        complex_values = tf.signal.stft(
            padded,
            frame_length=recipe.win_length,
            frame_step=recipe.hop,
            fft_length=recipe.fft,
            window_fn=window,
        )
        values = tf.abs(complex_values) ** recipe.power
        mel = values if filters is None else tf.matmul(values, filters)
        return tf.transpose(mel, [0, 2, 1]).numpy()

    return AudioSession(recipe, spectrum)
