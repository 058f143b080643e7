"""Writes kernel-vectors.json: what numpy measures between two arrays of every dtype.

Run once with any Python that has numpy and ml_dtypes; the tests themselves need no Python.
"""

import base64
import json
import pathlib

import ml_dtypes
import numpy as np

ATOL, RTOL = 1e-3, 1e-2
DTYPES = {
    "float64": np.float64, "float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16,
    "int64": np.int64, "int32": np.int32, "int16": np.int16, "int8": np.int8,
    "uint64": np.uint64, "uint32": np.uint32, "uint16": np.uint16, "uint8": np.uint8, "bool": np.bool_,
}  # fmt: skip
SHAPE = (3, 4, 11)


def arrays(name: str, dtype: type, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A pair that is mostly near; floats with NaN, infinities, denormals and signed zeros, integers over their range."""
    if name == "bool":
        a = rng.random(SHAPE) < 0.5
        return a, a ^ (rng.random(SHAPE) < 0.1)
    if not (name.startswith("float") or name == "bfloat16"):
        info = np.iinfo(dtype)
        a = rng.integers(info.min, info.max, SHAPE, dtype=dtype, endpoint=True)
        b = a.copy()
        b[rng.random(SHAPE) < 0.3] = rng.integers(info.min, info.max, 1, dtype=dtype, endpoint=True)
        return a, b
    a = (rng.standard_normal(SHAPE) * 10.0 ** rng.integers(-4, 4, SHAPE)).astype(dtype)
    b = (a.astype(np.float64) * (1 + rng.standard_normal(SHAPE) * 0.01)).astype(dtype)
    tiny = np.float64(ml_dtypes.finfo(dtype).smallest_subnormal)
    left = np.array([np.nan, np.nan, np.inf, np.inf, -np.inf, 0.0, -0.0, tiny, 0.0, 5.0], dtype=dtype)
    right = np.array([np.nan, 1.0, np.inf, -np.inf, np.nan, -0.0, tiny, 3 * tiny, 1.0, np.inf], dtype=dtype)
    places = rng.permutation(a.size)[: len(left)]
    a.reshape(-1)[places], b.reshape(-1)[places] = left, right
    return a, b


def measures(a: np.ndarray, b: np.ndarray, is_float: bool) -> dict[str, object]:
    """Each by its definition, in double precision; integers in Python's own."""
    if not is_float:
        x, y = [int(v) for v in a.ravel()], [int(v) for v in b.ravel()]
        exact = max(abs(p - q) for p, q in zip(x, y, strict=True))
        return {"violations": int((a != b).sum()), "zeros": int((a == b).sum()), "maxAbsExact": str(exact)}
    r, c = a.astype(np.float64), b.astype(np.float64)
    both = np.isfinite(r) & np.isfinite(c)
    d = np.abs(c[both] - r[both])
    size = np.abs(r[both])
    close = np.isclose(c, r, rtol=RTOL, atol=ATOL, equal_nan=True)
    edges = 10.0 ** (-16 + np.arange(1, 48) / 2)
    bins = np.searchsorted(edges, d[d > 0], side="right")
    flat = np.full(r.size, -1.0)
    flat[both.ravel()] = d
    return {
        "violations": int((~close).sum()),
        "zeros": int(((r == c) | (np.isnan(r) & np.isnan(c))).sum()),
        "nonFinite": int((~both).sum()),
        "nanMismatches": int((np.isnan(r) != np.isnan(c)).sum()),
        "infMismatches": int((~np.isnan(r) & ~np.isnan(c) & ~both & (r != c)).sum()),
        "maxAbs": float(d.max()),
        "maxAbsAt": int(flat.argmax()),
        "maxRel": float((d[size > 0] / size[size > 0]).max()),
        "sumAbs": float(d.sum()),
        "sumSquares": float((d**2).sum()),
        "sumProduct": float((r[both] * c[both]).sum()),
        "counts": np.bincount(bins, minlength=48).tolist(),
        "rms": float(np.sqrt(np.mean(r[np.isfinite(r)] ** 2))),
    }


def main() -> None:
    rng = np.random.default_rng(0)
    vectors = {}
    for name, dtype in DTYPES.items():
        a, b = arrays(name, dtype, rng)
        is_float = name.startswith("float") or name == "bfloat16"
        vectors[name] = {
            "reference": base64.b64encode(a.tobytes()).decode(),
            "candidate": base64.b64encode(b.tobytes()).decode(),
            "measures": measures(a, b, is_float),
        }
    content = {"shape": SHAPE, "atol": ATOL, "rtol": RTOL, "vectors": vectors}
    pathlib.Path(__file__).with_name("kernel-vectors.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
