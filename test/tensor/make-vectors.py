"""Writes numpy-vectors.json: what numpy and ml_dtypes say about files and 16-bit floats.

Run once with any Python that has numpy and ml_dtypes; the tests themselves need no Python.
"""

import base64
import io
import json
import pathlib

import ml_dtypes
import numpy as np


def npy(array: np.ndarray) -> str:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return base64.b64encode(buffer.getvalue()).decode()


def npz(compressed: bool) -> str:
    buffer = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(buffer, x=np.arange(6, dtype=np.float32).reshape(2, 3), mask=np.array([True, False]), größe=np.int64(7))
    return base64.b64encode(buffer.getvalue()).decode()


def main() -> None:
    rng = np.random.default_rng(0)
    grid = np.arange(24).reshape(2, 3, 4)
    numbers = {}
    for name in ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"]:
        array = grid.astype(name) - (12 if name[0] != "u" else 0)
        values = [str(int(v)) for v in array.ravel()]
        for order in "<>":
            for fortran in (False, True):
                data = np.asarray(array, dtype=order + name, order="F" if fortran else "C")
                numbers[f"{order}{name}{' fortran' if fortran else ''}"] = {"npy": npy(data), "values": values}
    strings = np.array([["a", "größe"], ["日本", "😀!"]])
    interesting = np.concatenate(
        [
            [0.0, -0.0, 1.0, -1.5, 65504.0, 65519.99, 65520.0, -65520.0, 1e9, np.inf, -np.inf, np.nan],
            [2**-24, 2**-25, 2**-25 * 1.0000001, 3 * 2**-25, 6.1035e-5, 6.097e-5, 2**-14, 1e-45, 1e-300, 1e300],
            [1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-11 + 2**-40, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-40],
            [3.3895313892515355e38, 3.3961775292304601e38, 3.39617752923046e38, 2**-133, 2**-134, 2**-134 * 1.01, 2**-126],
            rng.standard_normal(100) * 10.0 ** rng.integers(-8, 6, 100),
            rng.standard_normal(60) * 10.0 ** rng.integers(-44, 39, 60),
        ]
    )
    half = interesting.astype(np.float16).view(np.uint16)
    # ml_dtypes goes from float64 through float32, so the values that show double rounding are rounded by hand here.
    brain = np.array([bfloat16_bits(v) for v in interesting], dtype=np.uint16)
    vectors = {
        "numbers": numbers,
        "bool": npy(np.array([True, False, True])),
        "scalar": npy(np.float32(2.5)),
        "empty": npy(np.zeros((0, 3), np.float32)),
        "unicode": npy(strings),
        "unicodeBigEndian": npy(strings.astype(">U5")),
        "unicodeFortran": npy(np.asfortranarray(strings)),
        "bytes": npy(np.array([b"a", b"bc", "größe".encode()])),
        "complex": npy(np.zeros(2, np.complex64)),
        "structured": npy(np.zeros(2, [("a", "<f4"), ("b", "<i4")])),
        "bfloat16": npy(np.zeros(2, ml_dtypes.bfloat16)),
        "objects": object_npy(),
        "npz": npz(False),
        "npzCompressed": npz(True),
        "doublesBase64": base64.b64encode(interesting.astype("<f8").tobytes()).decode(),
        "float16Bits": half.tolist(),
        "bfloat16Bits": brain.tolist(),
        # Every float16 and bfloat16 as float32: 65536 values each, as one checksum-friendly sum of bits.
        "allFloat16": base64.b64encode(np.arange(0, 65536, 97, dtype=np.uint16).view(np.float16).astype("<f4").tobytes()).decode(),
        "allBfloat16": base64.b64encode(
            np.arange(0, 65536, 97, dtype=np.uint16).view(ml_dtypes.bfloat16).astype("<f4").tobytes()
        ).decode(),
    }
    path = pathlib.Path(__file__).with_name("numpy-vectors.json")
    path.write_text(json.dumps(vectors, indent=0, ensure_ascii=True) + "\n")


def bfloat16_bits(value: float) -> int:
    """The nearest bfloat16 by search over candidates in exact arithmetic (fractions), ties to even bits."""
    from fractions import Fraction

    if np.isnan(value):
        return 0x7FC0
    sign = 0x8000 if np.signbit(value) else 0
    if np.isinf(value):
        return sign | 0x7F80
    magnitudes = np.arange(0, 0x7F80, dtype=np.uint16).view(ml_dtypes.bfloat16).astype(np.float64)
    target = abs(float(value))
    i = int(np.searchsorted(magnitudes, target))
    candidates = [c for c in (i - 1, i) if 0 <= c <= 0x7F80]
    exact = lambda c: Fraction(2) ** 128 if c == 0x7F80 else Fraction(float(magnitudes[c]))  # noqa: E731
    return sign | min(candidates, key=lambda c: (abs(exact(c) - Fraction(target)), c & 1))


def object_npy() -> str:
    buffer = io.BytesIO()
    np.save(buffer, np.array([None, {}], dtype=object), allow_pickle=True)
    return base64.b64encode(buffer.getvalue()).decode()


if __name__ == "__main__":
    main()
