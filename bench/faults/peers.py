"""What two common habits say of every pair: Polygraphy with its defaults, and np.allclose on one sample.

Environment: polygraphy (bench/polygraphy). Prints one JSON object: pair id -> {polygraphy, allclose, identical},
where the first two are true when the habit raises an alarm.

    python peers.py FOLDER
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from polygraphy.backend.onnxrt import OnnxrtRunner
from polygraphy.comparator import Comparator
from polygraphy.logger import G_LOGGER

G_LOGGER.module_severity = G_LOGGER.CRITICAL
onnxruntime.set_default_logger_severity(4)


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def polygraphy_alarms(reference: Path, candidate: Path) -> bool:
    """`polygraphy run` on both models: its data loader, its comparison, its tolerances."""
    try:
        runners = [
            OnnxrtRunner(lambda p=p: session(p), name=n)
            for n, p in [("candidate", candidate), ("reference", reference)]
        ]
        result = Comparator.compare_accuracy(Comparator.run(runners[::-1]))
        return not bool(result)
    except Exception:
        return True


def allclose_alarms(reference: Path, candidate: Path, sample: dict) -> tuple[bool, bool]:
    """(alarm, bit-identical) of the habit that stands in a thousand export scripts."""
    expected = session(reference).run(None, sample)
    try:
        actual = session(candidate).run(None, sample)
        close = all(np.allclose(a, e, rtol=1e-3, atol=1e-5) for a, e in zip(actual, expected, strict=True))
        same = all(a.tobytes() == e.tobytes() for a, e in zip(actual, expected, strict=True))
        return not close, same
    except Exception:
        return True, False


def answer(folder: Path, pair: dict) -> dict:
    reference, candidate = folder / pair["reference"], folder / pair["candidate"]
    sample = dict(np.load(reference.parent / "sample.npz"))
    allclose, identical = allclose_alarms(reference, candidate, sample)
    alarm = polygraphy_alarms(reference, candidate)
    return {"polygraphy": alarm, "allclose": allclose, "identical": identical}


def work(folder: Path, pairs: list[dict]) -> None:
    for pair in pairs:
        print(json.dumps([pair["id"], answer(folder, pair)]), flush=True)


def lines_of(command: list[str], before: int, total: int) -> tuple[list[str], int]:
    """(answers of a child, its exit code); what Polygraphy and numpy say about odd values is not passed on."""
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        for line in child.stdout:
            if line.startswith('["'):  # Polygraphy prints, too
                lines.append(line)
                done = before + len(lines)
                if done % 250 == 0:
                    print(f"onpar: peers: {done} of {total} pairs", file=sys.stderr, flush=True)
    return lines, child.returncode


def main() -> None:
    """In a child process: some candidates take onnxruntime down with them, which counts as an alarm of both."""
    folder = Path(sys.argv[1])
    pairs = json.loads((folder / "onnx.json").read_text())["pairs"]
    if len(sys.argv) > 2:
        return work(folder, pairs[int(sys.argv[2]) :])
    answers: dict[str, dict] = {}
    while len(answers) < len(pairs):
        command = [sys.executable, __file__, str(folder), str(len(answers))]
        lines, code = lines_of(command, len(answers), len(pairs))
        answers.update(json.loads(line) for line in lines)
        if len(answers) < len(pairs):
            if code >= 0:
                raise SystemExit(f"the peers stopped with exit code {code}")
            crashed = pairs[len(answers)]["id"]
            answers[crashed] = {"polygraphy": True, "allclose": True, "identical": False, "crashed": True}
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
