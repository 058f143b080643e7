"""Operators of one element, and those that make values."""

import numpy as np
from table import case, f

x = f("x", 3, 7)
for op in (
    "Erf",
    "Exp",
    "Sin",
    "Cos",
    "Tan",
    "Sinh",
    "Cosh",
    "Tanh",
    "Atan",
    "Asinh",
    "Sigmoid",
    "Softplus",
):
    case(op, x)
for op in (
    "Softsign",
    "Elu",
    "Selu",
    "Celu",
    "HardSigmoid",
    "LeakyRelu",
    "HardSwish",
    "Reciprocal",
):
    case(op, x)
case("Softplus", np.array([-200, -1, 0, 200], np.float32), note="large")
for op in (
    "ThresholdedRelu",
    "Relu",
    "Neg",
    "Abs",
    "Sign",
    "Ceil",
    "Floor",
    "Round",
    "Identity",
    "Shrink",
):
    case(op, x, exact=True)
for op in ("Log", "Sqrt", "Acosh"):
    case(op, np.abs(x) + 1)
for op in ("Asin", "Acos", "Atanh"):
    case(op, np.tanh(x))
case("Round", np.array([-2.5, -0.5, 0.5, 1.5, 2.5], np.float32), exact=True, note="halves")
case("Mish", x, opset=18)
case("Gelu", x, opset=20)
case("Gelu", x, opset=20, approximate="tanh", note="tanh")
case("PRelu", x, f("s", 7))
case("Clip", x, np.float32(-0.5).reshape(()), np.float32(0.5).reshape(()), exact=True)
case("Clip", x, None, np.float32(0.5).reshape(()), exact=True, note="upper alone")
case("Clip", x, min=-0.5, max=0.5, opset=6, exact=True)
for op in ("Add", "Sub", "Mul", "Div", "Max", "Min"):
    case(op, x, f("y", 3, 7), exact=op in ("Max", "Min"))
case("Pow", np.abs(x), f("y", 7))
case("Pow", x, np.array(3, np.int64), note="integer exponent")
i, j = (
    np.array([-7, 7, -7, 7, -9223372036854775000], np.int64),
    np.array([2, -2, -2, 2, 3], np.int64),
)
case("Div", i, j, note="int64")
case("Mod", i, j, note="int64")
case("Mod", i, j, fmod=1, note="int64 fmod")
case("Mod", x, f("y", 3, 7), fmod=1, note="fmod", exact=True)
case("Pow", np.array([2, 3, -2], np.int32), np.array([3, 2, 3], np.int32), note="int32")
case(
    "Pow",
    np.array([1, 2, -1], np.int32),
    np.array([-1, -2, -3], np.int32),
    note="negative",
    defect=True,
)
case("Pow", np.array([4, 9, 2], np.int64), np.array([0.5, 0.5, 2.5], np.float32), note="root")
case("BitShift", np.array([1, 200], np.uint8), np.array([2, 3], np.uint8), direction="LEFT")
case("BitShift", np.array([1, 200], np.uint8), np.array([2, 3], np.uint8), direction="RIGHT")
odd = np.array([np.nan, np.inf, -np.inf, 1], np.float32)
case("IsInf", odd, detect_negative=0)
case("IsInf", odd, detect_positive=0)
case("IsNaN", odd)
case("Relu", odd, exact=True, note="NaN")
case("Max", odd, np.zeros(4, np.float32), exact=True, note="NaN")
case("Cast", x * 3, to=6)
case("Cast", x, to=11, exact=True)
case("Cast", np.arange(5), to=1, exact=True)
case("Dropout", x, exact=True)
case("EyeLike", x, dtype=1, k=1, exact=True)
case("Range", *(np.array(v, np.float32) for v in (0.5, 3, 0.7)), exact=True, tolerance=1e-6)
case("ConstantOfShape", np.array([2, 3], np.int64), exact=True)
case("Constant", value_floats=[0.1, 0.2], exact=True)
case("Constant", value_float=0.1, exact=True)
for op in ("Hann", "Hamming", "Blackman"):
    case(f"{op}Window", np.array(9, np.int64), tolerance=1e-5)
case(
    "MelWeightMatrix",
    *(np.array(v, np.int64) for v in (8, 32, 8000)),
    *(np.array(v, np.float32) for v in (0, 4000)),
    tolerance=1e-5,
)
case("DFT", f("d", 1, 10, 2), axis=1, opset=17, tolerance=1e-5)
case("DFT", f("d", 1, 10, 1), axis=1, onesided=1, opset=17, tolerance=1e-5, note="one-sided")
case("DFT", f("d", 2, 6, 5, 2), inverse=1, axis=2, opset=17, tolerance=1e-5, note="inverse")
case(
    "STFT",
    f("s", 1, 32, 1),
    np.array(8, np.int64),
    np.abs(f("w", 16)),
    np.array(16, np.int64),
    tolerance=1e-5,
)
