"""`run`: many samples through an open model; one that fails does not end the others."""

from __future__ import annotations

import math
import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dependencies import recording
from ..errors import WorkerError, failing_as
from ..feeding import fit, read_sample
from ..local_modules import importable
from ..memory import mark_peak, peak_bytes
from ..safetensors import write_tensors
from ..stepping import Sequence, run_steps
from ..tensor import Tensor

if TYPE_CHECKING:
    from ..opening import OpenedModel
    from ..session import Session
    from ..worker import Worker


def answer(
    worker: Worker, params: dict[str, Any], progress: Callable[[str], None]
) -> dict[str, Any]:
    """`{samples, peakMemoryBytes, dependencies, changedState?, drewFrom?}`.

    `dependencies` are files read only while running, `changedState` names what the runs wrote into,
    `drewFrom` the random generators that they used.
    """
    opened = worker.opened(params)
    out_dir = str(params["outDir"])
    os.makedirs(out_dir, exist_ok=True)
    mark_peak()
    files = _FileNames(out_dir)
    model = opened.model
    # What the samples hold is given; only what running reads beside them can change the answer.
    own = [worker.scratch, out_dir, *(str(sample["inputs"]) for sample in params["samples"])]
    before, generators = opened.session.state(), _generators(opened.session)
    with recording(model.root, own) as recorder, importable(model.import_folders):
        rename = params.get("rename") or {}
        layouts = Layouts(params.get("layouts") or {}, params.get("outputLayouts") or {})
        asked = params.get("sequence")
        steps = None if asked is None else Sequence.from_json(asked, rename)
        taps = [str(name) for name in params.get("taps") or []]
        samples = [
            _run_one(opened, sample, files, rename, layouts, steps, taps)
            for sample in params["samples"]
        ]
        dependencies = recorder.files(with_modules=False)
    changed = _changed(before, opened.session.state())
    drew = _changed(generators, _generators(opened.session))
    return {
        "samples": samples,
        "peakMemoryBytes": peak_bytes(),
        "dependencies": dependencies,
        **({"changedState": changed} if changed else {}),
        **({"drewFrom": drew} if drew else {}),
    }


@dataclass(frozen=True)
class Layouts:
    """Orders of axes: of inputs by the sample's name, of outputs by the model's."""

    inputs: dict[str, list[int]]
    outputs: dict[str, list[int]]

    def back(self, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Outputs as the original lays them out."""
        return {name: each.laid_back(self.outputs.get(name)) for name, each in outputs.items()}


def _generators(session: Session) -> dict[str, Any]:
    """Where the random generators stand that a model's code may draw from."""
    _, keys, position, *_ = np.random.get_state(legacy=True)
    return {
        **session.generators(),
        "numpy.random": (keys.tobytes(), position),
        "random": random.getstate(),
    }


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Tables that a first run computes and keeps are no change of what was there."""
    return [name for name, value in before.items() if name in after and after[name] != value]


def _run_one(
    opened: OpenedModel,
    sample: dict[str, Any],
    files: _FileNames,
    rename: dict[str, str],
    layouts: Layouts,
    steps: Sequence | None,
    taps: list[str],
) -> dict[str, Any]:
    started = time.perf_counter()
    name = str(sample["id"])
    try:
        path = files.path_for(name)
        ran = _outputs(opened, sample, path, rename, layouts, steps, taps)
        return {"sample": name, **ran}
    except WorkerError as error:
        took = (time.perf_counter() - started) * 1000
        return {"sample": name, "outputs": [], "milliseconds": took, "failure": error.as_json()}


def _outputs(
    opened: OpenedModel,
    sample: dict[str, Any],
    path: str,
    rename: dict[str, str],
    layouts: Layouts,
    steps: Sequence | None,
    taps: list[str],
) -> dict[str, Any]:
    given = read_sample(str(sample["inputs"]))
    called = {
        rename.get(name, name): tensor.laid_out(layouts.inputs.get(name))
        for name, tensor in given.items()
    }
    once = _Runner(opened, taps)
    outputs, shown = (
        _both(layouts.back(once.run(called)))
        if steps is None
        else run_steps(steps, called, once.run)
    )
    with failing_as("run-failed", opened.model.shown, opened.model.root):
        write_tensors(path, outputs)
    answered: dict[str, Any] = {
        "file": path,
        "outputs": [tensor.info(name) for name, tensor in shown.items()],
        "milliseconds": once.milliseconds,
    }
    if once.mutated:
        answered["mutatedInputs"] = once.mutated
    if taps:
        answered["tapped"] = _tapped(opened, once, path)
    return answered


def _tapped(opened: OpenedModel, once: _Runner, path: str) -> dict[str, Any]:
    """Intermediate values in a file beside that of the outputs."""
    file = path.removesuffix(".safetensors") + ".taps.safetensors"
    with failing_as("run-failed", opened.model.shown, opened.model.root):
        write_tensors(file, once.tapped)
    return {
        "file": file,
        "tensors": [tensor.info(name) for name, tensor in once.tapped.items()],
        "missing": [{"name": name, "reason": why} for name, why in once.missing.items()],
        **({"apart": _as_json(opened.session.apart)} if opened.session.apart else {}),
    }


def _as_json(apart: dict[str, float]) -> list[dict[str, Any]]:
    """Infinity, which JSON has not, is null."""
    return [
        {"output": name, "relative": value if math.isfinite(value) else None}
        for name, value in apart.items()
    ]


def _both(outputs: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    return outputs, outputs


class _Runner:
    """Runs the model once or step after step; adds up the time it took, and the inputs it wrote into."""

    def __init__(self, opened: OpenedModel, taps: list[str]) -> None:
        self._opened = opened
        self._taps = taps
        self.tapped: dict[str, Tensor] = {}
        self.missing: dict[str, str] = {}
        self.milliseconds = 0.0
        self.mutated: list[str] = []

    def run(self, called: dict[str, Tensor]) -> dict[str, Tensor]:
        """Raises WorkerError `input-mismatch` or `run-failed`."""
        session, model = self._opened.session, self._opened.model
        inputs = fit(called, session.contract)
        with failing_as("input-mismatch", model.shown, model.root):
            feed = session.prepare(inputs)
        with failing_as("run-failed", model.shown, model.root):
            started = time.perf_counter()
            if self._taps:
                session.apart = {}
                result, self.tapped, self.missing = session.execute_tapped(feed, self._taps)
            else:
                result = session.execute(feed)
            self.milliseconds += (time.perf_counter() - started) * 1000
            outputs = session.collect(result)
        mutated = session.mutated_inputs(feed, inputs)
        self.mutated += [name for name in mutated if name not in self.mutated]
        return outputs


class _FileNames:
    """A file name for each sample id, which is data and may hold anything."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._taken: set[str] = set()

    def path_for(self, sample: str) -> str:
        safe = re.sub(r"[^A-Za-z0-9_-]", "_", sample)[:80] or "sample"
        name, count = safe, 1
        while name.lower() in self._taken:
            count += 1
            name = f"{safe}-{count}"
        self._taken.add(name.lower())
        return os.path.join(self._folder, f"{name}.safetensors")
