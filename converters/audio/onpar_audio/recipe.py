"""How a sound becomes a spectrogram, as a JSON file says it: `{"audio": {…}}`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.model import Model

CHOICES: dict[str, tuple[Any, ...]] = {
    "window": ("hann", "hamming"),
    "periodic": (True, False),
    "center": (True, False),
    "pad": ("reflect", "constant"),
    "power": (1, 2),
    "melScale": ("slaney", "htk"),
    "norm": ("slaney", None),
    "log": ("log10", "ln", "db", None),
}
COUNTS = ("sampleRate", "fft", "winLength", "hop", "mels")
LEVELS = ("fmin", "fmax", "floor")
MAY_BE_NULL = ("winLength", "mels", "fmax")

DEFAULTS: dict[str, Any] = {
    "sampleRate": 16000,
    "fft": 400,
    "winLength": None,
    "hop": 160,
    "window": "hann",
    "periodic": True,
    "center": True,
    "pad": "reflect",
    "power": 2,
    "mels": 80,
    "melScale": "slaney",
    "norm": "slaney",
    "fmin": 0,
    "fmax": None,
    "log": "log10",
    "floor": 1e-10,
}
"""Key → what it is where the file says nothing: what Whisper's log-mel takes, without its clamping."""


@dataclass(frozen=True)
class Recipe:
    """Lengths in samples, frequencies in Hz; `mels` None: the spectrogram itself; `power` 1: magnitude."""

    sample_rate: int
    fft: int
    win_length: int
    hop: int
    window: str
    periodic: bool
    center: bool
    pad: str
    power: int
    mels: int | None
    mel_scale: str
    norm: str | None
    fmin: float
    fmax: float
    log: str | None
    floor: float

    def finished(self, spectrogram: np.ndarray) -> np.ndarray:
        """Values, any shape, nothing below zero → their logarithm in float32; `db` counts power."""
        values = np.asarray(spectrogram, dtype=np.float32)
        if self.log is None:
            return values
        high = np.maximum(values, np.float32(self.floor))
        if self.log == "ln":
            return np.log(high)
        return np.log10(high) * np.float32(
            1 if self.log == "log10" else 10 if self.power == 2 else 20
        )

    @property
    def contract(self) -> Contract:
        """`waveform` float32 [batch, samples] in, `features` float32 [batch, mels or bins, frames] out."""
        height = self.fft // 2 + 1 if self.mels is None else self.mels
        return Contract(
            [TensorSpec("waveform", "float32", ["batch", "samples"])],
            [TensorSpec("features", "float32", ["batch", height, "frames"])],
            "declared",
        )


def read_recipe(model: Model) -> Recipe:
    """Raises WorkerError `model-load-failed` naming the key, its value and what is allowed."""
    try:
        with open(model.path, encoding="utf-8") as file:
            told = json.load(file)["audio"]
        given = dict(told)
    except (OSError, ValueError, KeyError, TypeError) as error:
        fix = 'write {"audio": {"sampleRate": 16000, "fft": 400, "hop": 160, "mels": 80}}'
        raise _refused(model, f"is no recipe ({error})", fix) from error
    for key in given:
        if key not in DEFAULTS:
            raise _refused(model, f"has the key {key}", f"use {', '.join(DEFAULTS)}")
    full = {**DEFAULTS, **given}
    for key, value in full.items():
        fix = _wrong(key, value)
        if fix is not None:
            raise _refused(model, f"has {key}: {json.dumps(value)}", fix)
    win_length = full["winLength"] or full["fft"]
    if win_length > full["fft"]:
        raise _refused(model, f"has winLength: {win_length}", f"use at most fft, {full['fft']}")
    fmax = full["sampleRate"] / 2 if full["fmax"] is None else full["fmax"]
    if not full["fmin"] < fmax <= full["sampleRate"] / 2:
        raise _refused(
            model,
            f"has fmin: {full['fmin']} and fmax: {fmax}",
            f"use fmin < fmax <= {full['sampleRate'] / 2:g}, half of sampleRate",
        )
    return Recipe(
        sample_rate=full["sampleRate"],
        win_length=win_length,
        mel_scale=full["melScale"],
        fmax=float(fmax),
        **{key: full[key] for key in _SAME},
    )


_SAME = [
    "fft",
    "hop",
    "window",
    "periodic",
    "center",
    "pad",
    "power",
    "mels",
    "norm",
    "fmin",
    "log",
    "floor",
]
"""Named alike in the file."""


def _wrong(key: str, value: Any) -> str | None:
    """What would be right; None: it is."""
    if key in MAY_BE_NULL and value is None:
        return None
    if key in CHOICES:
        # 1 == True in Python, not in JSON.
        same = any(value == each and type(value) is type(each) for each in CHOICES[key])
        shown = ", ".join(json.dumps(each) for each in CHOICES[key])
        return None if same else f"use one of {shown}"
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if key in COUNTS:
        return (
            None
            if number and isinstance(value, int) and value > 0
            else "give a whole number above 0"
        )
    assert key in LEVELS
    if key == "floor":
        return None if number and value > 0 else "give a number above 0"
    return None if number and value >= 0 else "give a number, 0 or more"


def unsupported(model: Model, library: str, what: str, otherwise: str) -> WorkerError:
    """A library that cannot do what the recipe asks for."""
    return _refused(model, f"asks for {what}, which {library} does not have", otherwise)


def _refused(model: Model, what: str, fix: str) -> WorkerError:
    return WorkerError("model-load-failed", f"{model.shown} {what}", fix=fix)
