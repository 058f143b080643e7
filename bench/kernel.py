"""The peers of kernel.bench.js on the arrays that it is given: prints the seconds of each as JSON.

`make A B N` writes two float32 arrays of N normal values that differ by rounding; `peers A B` times both peers on them.
"""

import json
import sys
import time

import numpy as np

ATOL, RTOL = 1e-5, 1.3e-6


def make(a_path: str, b_path: str, count: int) -> None:
    rng = np.random.default_rng(0)
    a = rng.standard_normal(count, dtype=np.float32)
    np.save(a_path, a)
    np.save(b_path, a + rng.standard_normal(count, dtype=np.float32) * np.float32(1e-7))


def vectorised(reference: np.ndarray, candidate: np.ndarray) -> dict[str, float]:
    """What one would write by hand: difference, maxima, allclose and a histogram over decades."""
    difference = np.abs(candidate - reference)
    size = np.abs(reference)
    relative = np.divide(difference, size, out=np.zeros_like(size), where=size > 0)
    close = np.allclose(candidate, reference, rtol=RTOL, atol=ATOL)
    histogram, _ = np.histogram(difference, bins=np.logspace(-16, 8, 49))
    return {"maxAbs": float(difference.max()), "maxRel": float(relative.max()), "close": float(close), "binned": float(histogram.sum())}


def polygraphy(reference: np.ndarray, candidate: np.ndarray) -> bool:
    from polygraphy.comparator import Comparator, CompareFunc, IterationResult, RunResults
    from polygraphy.logger import G_LOGGER

    G_LOGGER.module_severity = G_LOGGER.ERROR
    results = RunResults()
    results.append(("reference", [IterationResult({"x": reference}, runtime=0.0, runner_name="reference")]))
    results.append(("candidate", [IterationResult({"x": candidate}, runtime=0.0, runner_name="candidate")]))
    started = time.perf_counter()
    Comparator.compare_accuracy(results, compare_func=CompareFunc.simple(rtol=RTOL, atol=ATOL))
    return time.perf_counter() - started


def peers(a_path: str, b_path: str) -> None:
    a, b = np.load(a_path), np.load(b_path)
    started = time.perf_counter()
    measures = vectorised(a, b)
    by_numpy = time.perf_counter() - started
    print(json.dumps({"numpy": by_numpy, "polygraphy": polygraphy(a, b), "measures": measures}))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        peers(sys.argv[2], sys.argv[3])
