"""Fused operators of ONNX Runtime (domain com.microsoft)."""

import numpy as np
from table import MICROSOFT, case, f, random

ms = {"domain": MICROSOFT}
x = f("x", 2, 3, 8)
case(
    "FusedConv", f("x", 1, 4, 6, 6), f("w", 6, 2, 3, 3), f("b", 6), group=2, activation="Relu", **ms
)
case(
    "FusedConv",
    f("x", 1, 4, 6, 6),
    f("w", 6, 4, 3, 3),
    f("b", 6),
    activation="LeakyRelu",
    activation_params=[0.2],
    note="LeakyRelu",
    **ms,
)
case(
    "FusedConv",
    f("x", 1, 4, 6, 6),
    f("w", 6, 4, 3, 3),
    f("b", 6),
    f("z", 1, 6, 4, 4),
    note="sum",
    **ms,
)
case(
    "FusedGemm", f("a", 3, 4), f("b", 5, 4), f("c", 5), transB=1, alpha=0.5, activation="Relu", **ms
)
for a in (0, 1):
    for b in (0, 1):
        left, right = (
            f("a", 2, 4, 3) if a else f("a", 2, 3, 4),
            f("b", 2, 5, 4) if b else f("b", 2, 4, 5),
        )
        case("FusedMatMul", left, right, transA=a, transB=b, alpha=0.7, note=f"{a}{b}", **ms)
case("FusedMatMul", f("a", 3, 2, 4), f("b", 2, 4, 5), transBatchA=1, note="batch", **ms)
case("Gelu", x, **ms)
case("BiasGelu", x, f("b", 8), **ms)
case("FastGelu", x, f("b", 8), **ms)
case("FastGelu", x, note="no bias", **ms)
case("QuickGelu", x, alpha=1.5, **ms)
case(
    "LayerNormalization", x, f("s", 8), f("b", 8), note="in ONNX's domain", opset=16, tolerance=1e-5
)
case("SimplifiedLayerNormalization", x, f("s", 8), axis=-1)
case(
    "SkipLayerNormalization",
    x,
    f("k", 2, 3, 8),
    f("s", 8),
    f("b", 8),
    f("c", 8),
    outputs=4,
    skip=(1, 2),
    **ms,
)
case("SkipLayerNormalization", x, f("k", 2, 3, 8), f("s", 8), epsilon=1e-5, note="bare", **ms)
case(
    "SkipSimplifiedLayerNormalization", x, f("k", 2, 3, 8), f("s", 8), outputs=4, skip=(1, 2), **ms
)
ids = np.array([[1, 4, 2], [3, 0, 1]], np.int32)
case(
    "EmbedLayerNormalization",
    ids,
    ids % 2,
    f("w", 5, 8),
    f("p", 4, 8),
    f("s", 2, 8),
    f("g", 8),
    f("b", 8),
    np.array([[1, 1, 0], [1, 1, 1]], np.int32),
    outputs=2,
    **ms,
)
for note, mask in {
    "no mask": None,
    "mask": np.array([[1, 1, 0], [1, 1, 1]], np.int32),
    "lengths": np.array([2, 3], np.int32),
    "mask a query": random("m").integers(0, 2, (2, 3, 3)).astype(np.int32)
    | np.eye(3, dtype=np.int32),
}.items():
    for causal in (0, 1):
        case(
            "Attention",
            x,
            f("w", 8, 24),
            f("b", 24),
            mask,
            num_heads=2,
            unidirectional=causal,
            note=f"{note} {causal}",
            **ms,
        )
case(
    "Attention",
    x,
    f("w", 8, 24),
    f("b", 24),
    None,
    f("past", 2, 2, 2, 4, 4),
    num_heads=2,
    unidirectional=1,
    outputs=2,
    note="past",
    **ms,
)
q, k, v = f("q", 2, 3, 8), f("k", 2, 5, 8), f("v", 2, 5, 8)
case("MultiHeadAttention", q, k, v, num_heads=2, **ms)
case("MultiHeadAttention", q, k, v, f("b", 24), num_heads=2, scale=0.3, note="bias", **ms)
case(
    "MultiHeadAttention",
    q,
    k,
    v,
    None,
    np.array([[1, 1, 1, 0, 0], [1] * 5], np.int32),
    f("r", 1, 2, 3, 5),
    num_heads=2,
    note="mask and bias",
    **ms,
)
case("MultiHeadAttention", q, f("k", 2, 2, 5, 4), f("v", 2, 2, 5, 4), num_heads=2, note="4-D", **ms)
case(
    "MultiHeadAttention",
    q,
    f("k", 2, 3, 8),
    f("v", 2, 3, 8),
    None,
    None,
    None,
    f("pk", 2, 2, 4, 4),
    f("pv", 2, 2, 4, 4),
    num_heads=2,
    outputs=3,
    unidirectional=1,
    note="past",
    **ms,
)
for interleaved in (0, 1):
    case(
        "RotaryEmbedding",
        f("x", 2, 3, 16),
        np.arange(6).reshape(2, 3),
        f("c", 9, 4),
        f("s", 9, 4),
        interleaved=interleaved,
        note=str(interleaved),
        **ms,
    )
case(
    "RotaryEmbedding",
    f("x", 2, 2, 3, 8),
    np.array([2]),
    f("c", 9, 4),
    f("s", 9, 4),
    note="4-D",
    **ms,
)
case("Inverse", f("x", 2, 4, 4), tolerance=1e-4, **ms)
case("CDist", f("a", 3, 4), f("b", 5, 4), metric="euclidean", tolerance=1e-5, **ms)

s, t, z = np.array(0.05, np.float32), np.array(0.11, np.float32), np.array(120, np.uint8)
u, w = (random(n).integers(0, 256, (1, 4, 5, 5)).astype(np.uint8) for n in "uw")
# A level that lies on a half may round either way in float32: one step.
grid = {**ms, "exact": True, "tolerance": 1}
case("QLinearAdd", u, s, z, w, t, z, t, z, **grid)
case("QLinearMul", u, s, z, w, t, z, t, z, **grid)
case(
    "QLinearSigmoid",
    u,
    s,
    z,
    np.array(1 / 256, np.float32),
    np.array(0, np.uint8),
    fixed=(1, 2, 3, 4),
    **grid,
)
case("QLinearLeakyRelu", u, s, z, t, z, alpha=0.3, fixed=(1, 2, 3, 4), **grid)
case("QLinearAveragePool", u, s, z, t, z, kernel_shape=[2, 2], **grid)
case("QLinearGlobalAveragePool", u, s, z, t, z, **grid)
case("QLinearConcat", t, z, u, s, z, w, t, z, axis=1, fixed=(0, 1, 3, 4, 6, 7), **grid)
case(
    "QLinearSoftmax",
    u,
    s,
    z,
    np.array(1 / 256, np.float32),
    np.array(0, np.uint8),
    axis=-1,
    also={"opset": 13},
    fixed=(1, 2, 3, 4),
    **grid,
)
a, b = u[0, 0], w[0, 0]
case("QGemm", a, s, z, b, t, z, np.arange(5, dtype=np.int32), t, z, transB=1, **grid)
case("QGemm", a, s, z, b, t, z, np.arange(5, dtype=np.int32), alpha=0.7, note="real", **ms)
case("MatMulIntegerToFloat", a, b, s, t, z, z, f("b", 5), **ms)
case("DynamicQuantizeMatMul", f("a", 4, 5), b, s, z, f("b", 5), tolerance=1e-5, **ms)
case("QuantizeLinear", x, s, z, **ms)
case("DequantizeLinear", u, s, z, **ms)
packed = random("n").integers(0, 256, (6, 2, 8)).astype(np.uint8)
nbits = {"K": 30, "N": 6, "bits": 4, "block_size": 16, **ms}
case("MatMulNBits", f("a", 3, 30), packed, f("s", 12), fixed=(1, 2), tolerance=1e-5, **nbits)
case(
    "MatMulNBits",
    f("a", 3, 30),
    packed,
    f("s", 12),
    random("z").integers(0, 256, 6).astype(np.uint8),
    fixed=(1, 2, 3),
    tolerance=1e-5,
    note="zero points",
    **nbits,
)
