"""The evaluator against ONNX Runtime (optimiser off) on one-operator graphs; prints a JSON list of problems.

Three checks a case: as declared it agrees with ONNX Runtime; its float64 twin does, and returns double with
digits that float32 cannot hold; sums that are off move it, within float32's reach. A case marked `defect` must
still fail in onnx's own evaluator, else the operator that stands in for it has lost its reason.
Usage: check.py CONVERTERS_DIR [--survey] [NAME ...]
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

import numpy as np
import onnx

root = Path(sys.argv[1])
sys.path[:0] = [str(root / "host"), str(root / "onnx"), str(Path(__file__).parent)]
warnings.simplefilter("ignore")

import cases  # noqa: E402, F401
import onnxruntime  # noqa: E402
from graphs import GRAPHS  # noqa: E402
from onpar_onnx.evaluator.evaluator import Settings, evaluator_of  # noqa: E402
from onpar_onnx.evaluator.rounding import Rounding, active  # noqa: E402
from table import CASES, Case  # noqa: E402


def copy_of(model: onnx.ModelProto) -> onnx.ModelProto:
    return onnx.ModelProto.FromString(model.SerializeToString())


def ort(case: Case) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        case.model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, case.feeds)


def own(case: Case, float64: bool, rounding: Rounding | None = None) -> list[np.ndarray]:
    evaluator = evaluator_of(copy_of(case.model), Settings(float64))
    feeds = case.feeds
    if float64:
        feeds = {k: v.astype(np.float64) if v.dtype.kind == "f" else v for k, v in feeds.items()}
    with active(rounding), np.errstate(all="ignore"):
        return evaluator.run(None, feeds)


def plain(case: Case) -> list[np.ndarray]:
    with np.errstate(all="ignore"):
        return onnx.reference.ReferenceEvaluator(copy_of(case.model)).run(None, case.feeds)


def distance(got: object, want: object) -> float:
    """Largest difference relative to the largest element; inf for another shape, type or NaN elsewhere."""
    if isinstance(want, list):
        return max(map(distance, got, want), default=0.0) if len(got) == len(want) else np.inf
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return np.inf
    if want.dtype.kind not in "fiub":
        return 0.0 if np.array_equal(got, want) else np.inf
    a, b = got.astype(np.float64), want.astype(np.float64)
    odd = ~np.isfinite(b)
    if not np.array_equal(a[odd], b[odd], equal_nan=True):
        return np.inf
    if odd.all():
        return 0.0
    gap = np.abs(a[~odd] - b[~odd]).max()
    return float(gap / max(np.abs(b[~odd]).max(), 1e-30)) if want.dtype.kind == "f" else float(gap)


def problems(case: Case) -> list[str]:
    want = ort(case)
    found = []
    for float64 in (False, True):
        got = own(case, float64)
        for index, (mine, theirs) in enumerate(zip(got, want, strict=True)):
            gap = distance(mine, theirs)
            if not gap <= case.tolerance:
                what = "float64 twin" if float64 else "as declared"
                found.append(f"{what}: output {index} differs by {gap:.3g}")
            if (
                not float64
                and np.asarray(theirs).dtype.kind in "fiub"
                and mine.dtype != theirs.dtype
            ):
                found.append(f"output {index} is {mine.dtype}, ONNX Runtime's {theirs.dtype}")
    exact = [x for x in got if isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.size]
    if any(x.dtype != np.float64 for x in exact):
        found.append("float64 twin: an output is not double")
    finite = [x[np.isfinite(x)] for x in exact]
    if exact and not case.exact and all(np.array_equal(x, x.astype(np.float32)) for x in finite):
        found.append("float64 twin: every output is a float32, so it was computed in float32")
    return found + ([] if case.exact or not exact else moved(case, finite))


def moved(case: Case, base: list[np.ndarray]) -> list[str]:
    """Up and down differ from the twin, in the order of float32's unit roundoff and no more."""
    up, again, down = (own(case, True, Rounding(sign, 1)) for sign in ("up", "random", "down"))
    del again
    floats = [
        (a[np.isfinite(a)], b[np.isfinite(b)])
        for a, b in zip(up, down, strict=True)
        if isinstance(a, np.ndarray) and a.dtype.kind == "f" and a.size
    ]
    gaps = [
        np.abs(a - b).max() / max(np.abs(c).max(), 1e-30)
        for (a, b), c in zip(floats, base, strict=True)
        if a.size and a.shape == b.shape == c.shape
    ]
    if not gaps or not max(gaps) > 0:
        return ["accumulate: nothing moved"]
    return [] if max(gaps) < 1e-3 else [f"accumulate: moved by {max(gaps):.3g} of the scale"]


def plain_fails(case: Case) -> str | None:
    """How onnx's own evaluator fails, or None."""
    try:
        gaps = [distance(a, b) for a, b in zip(plain(case), ort(case), strict=True)]
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:90]}"
    return None if max(gaps) <= case.tolerance else f"differs by {max(gaps):.3g}"


def judged(case: Case) -> list[str]:
    try:
        found = problems(case)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        cause = error.__cause__ or error
        found = [f"{type(cause).__name__}: {cause} ({Path(last.filename).name}:{last.lineno})"]
    if case.defect and plain_fails(case) is None:
        found.append("onnx's own evaluator is right here: drop the mark or the stand-in")
    return found


def optimised(name: str, case: Case) -> dict[str, list[str]]:
    """The twin of the graph that ONNX Runtime's optimiser writes at level all is the twin of the graph itself."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = f"{folder}/optimised.onnx"
        options.log_severity_level = 4
        onnxruntime.InferenceSession(
            case.model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        fused = Case(name, onnx.load(options.optimized_model_filepath), case.feeds)
    found = []
    domains = {node.domain for node in fused.model.graph.node}
    if not domains & {"com.microsoft", "com.microsoft.nchwc"}:
        found.append("the optimiser fused nothing, so nothing was compared")
    gap = max(map(distance, own(fused, True), own(case, True)))
    # Folding rounds weights to float32.
    if not gap < 1e-6:
        found.append(f"optimised: differs by {gap:.3g}")
    return {name: found} if found else {}


chosen = [c for c in CASES if not sys.argv[3:] or any(n in c.name for n in sys.argv[3:])]
if "--survey" in sys.argv:
    for case in chosen:
        bad = plain_fails(case)
        if bad:
            print(case.name, "|", bad, "" if case.defect else "| NOT MARKED")
    sys.exit()
found = {c.name: p for c in chosen if (p := judged(c))}
for case in GRAPHS:
    found |= optimised(case.name, case)
print(json.dumps({"cases": len(chosen) + len(GRAPHS), "problems": found}))
