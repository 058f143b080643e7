"""Quantised operators, attention, and ai.onnx.ml."""

import numpy as np
from table import case, f, random

s = np.array(0.05, np.float32)
u8 = random("u").integers(0, 256, (2, 4, 6, 5)).astype(np.uint8)
i8 = random("i").integers(-128, 128, (3, 4, 3, 3)).astype(np.int8)
case("QuantizeLinear", f("x", 3, 4), s, np.array(7, np.uint8))
case(
    "QuantizeLinear",
    f("x", 3, 4),
    np.abs(f("s", 4)) / 50,
    np.arange(4).astype(np.int8),
    axis=1,
    note="axis",
)
case(
    "QuantizeLinear",
    np.array([1e12, -1e12], np.float32),
    s,
    np.array(7, np.uint8),
    note="huge",
    defect=True,
)
case("DequantizeLinear", u8, s, np.array(7, np.uint8), defect=True)
case("DequantizeLinear", i8, np.abs(f("s", 3)), axis=0, note="axis", defect=True)
case(
    "DequantizeLinear",
    np.array([16777217, -33554433], np.int32),
    np.array(1, np.float32),
    note="int32",
    exact=True,
    defect=True,
)
case("DynamicQuantizeLinear", f("x", 3, 4), outputs=3)
case("MatMulInteger", u8[0, 0], i8.reshape(-1)[:35].reshape(5, 7), np.array(3, np.uint8))
case("ConvInteger", u8, i8.astype(np.uint8), np.array(3, np.uint8))
zero, scale = np.array(5, np.uint8), np.array(0.4, np.float32)
case("QLinearConv", u8, s, zero, i8, s, np.array(0, np.int8), scale, zero, fixed=(3, 4, 5))
case("QLinearMatMul", u8[0, 0], s, zero, u8[0, 1].T.copy(), s, zero, scale, zero)

q, k, v = f("q", 2, 4, 5, 8), f("k", 2, 2, 6, 8), f("v", 2, 2, 6, 7)
case("Attention", q, k, v, opset=23, note="grouped heads")
case("Attention", q, k, v, f("m", 5, 6), is_causal=1, opset=23, note="mask, causal")
case(
    "Attention",
    f("q", 2, 5, 8),
    f("k", 2, 6, 8),
    f("v", 2, 6, 8),
    q_num_heads=2,
    kv_num_heads=2,
    softcap=2.0,
    opset=23,
    note="3-D",
)
case(
    "RotaryEmbedding",
    f("x", 2, 3, 4, 8),
    f("c", 10, 4),
    f("s", 10, 4),
    np.arange(8).reshape(2, 4),
    opset=23,
)

ml = {"domain": "ai.onnx.ml"}
t = f("t", 9, 3)
case("Scaler", t, offset=[0.1, 0.2, 0.3], scale=[1.5, 2, 0.3], **ml)
for norm in ("MAX", "L1", "L2"):
    case("Normalizer", t, norm=norm, note=norm, defect=norm == "MAX", **ml)
case(
    "LinearRegressor",
    t,
    coefficients=[0.1, 0.2, 0.3, 1, 2, 3],
    intercepts=[0.1, 0.7],
    targets=2,
    **ml,
)
case(
    "LinearClassifier",
    t,
    coefficients=[0.1, 0.2, 0.3, 1, 2, 3, 0.1, 0.4, 2],
    intercepts=[0.1, 0.7, 0.2],
    classlabels_ints=[0, 1, 2],
    post_transform="SOFTMAX",
    multi_class=1,
    outputs=2,
    **ml,
)
tree = {
    "nodes_treeids": [0, 0, 0, 1, 1, 1],
    "nodes_nodeids": [0, 1, 2, 0, 1, 2],
    "nodes_featureids": [0, 0, 0, 1, 0, 0],
    "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"] * 2,
    "nodes_values": [0.1, 0, 0, -0.2, 0, 0],
    "nodes_truenodeids": [1, 0, 0, 1, 0, 0],
    "nodes_falsenodeids": [2, 0, 0, 2, 0, 0],
    "nodes_missing_value_tracks_true": [0] * 6,
}
leaves = {"treeids": [0, 0, 1, 1], "nodeids": [1, 2, 1, 2], "weights": [0.1, 0.7, 0.3, 0.4]}
for how in ("SUM", "AVERAGE", "MIN", "MAX"):
    case(
        "TreeEnsembleRegressor",
        t,
        n_targets=1,
        aggregate_function=how,
        target_ids=[0] * 4,
        note=how,
        exact=how in ("MIN", "MAX"),
        **tree,
        **{f"target_{k}": v for k, v in leaves.items()},
        **ml,
    )
case(
    "TreeEnsembleRegressor",
    t,
    n_targets=1,
    base_values=[0.5],
    aggregate_function="AVERAGE",
    target_ids=[0] * 4,
    note="AVERAGE with base",
    **tree,
    **{f"target_{k}": v for k, v in leaves.items()},
    **ml,
)
# Three classes: of two, ONNX Runtime 1.31 names neither label when both have votes (it gives 1).
votes = {
    "treeids": [0] * 6 + [1] * 6,
    "nodeids": [1, 1, 1, 2, 2, 2] * 2,
    "weights": [0.1, 0.9, 0.2, 0.7, 0.3, 0.8, 0.3, 0.6, 0.1, 0.4, 0.2, 0.5],
}
for how in ("NONE", "SOFTMAX", "LOGISTIC"):
    case(
        "TreeEnsembleClassifier",
        t,
        class_ids=[0, 1, 2] * 4,
        classlabels_int64s=[3, 5, 9],
        post_transform=how,
        outputs=2,
        note=how,
        **tree,
        **{f"class_{k}": v for k, v in votes.items()},
        **ml,
    )
for how in ("NONE", "LOGISTIC"):
    for note, weights in (("positive", [0.1, 0.7, 0.3, 0.45]), ("signed", [0.1, -0.7, 0.3, 0.4])):
        signed = {f"class_{k}": v for k, v in leaves.items()} | {"class_weights": weights}
        case(
            "TreeEnsembleClassifier",
            t,
            class_ids=[0] * 4,
            classlabels_int64s=[3, 5],
            post_transform=how,
            outputs=2,
            note=f"one column, {note}, {how}",
            **tree,
            **signed,
            **ml,
        )
case(
    "SVMRegressor",
    t,
    kernel_type="RBF",
    kernel_params=[0.5, 0.0, 3.0],
    n_supports=2,
    rho=[0.3],
    coefficients=[0.7, -0.4],
    support_vectors=[0.1, 0.2, 0.3, -1, 0.5, 0.7],
    **ml,
)
case("Binarizer", t, threshold=0.1, exact=True, **ml)
case(
    "Imputer",
    np.array([[1, np.nan]], np.float32),
    imputed_value_floats=[3.5],
    replaced_value_float=float("nan"),
    exact=True,
    **ml,
)
