"""Convolutions, pools, products, reductions and normalisations."""

import numpy as np
from table import case, f

# Convolutions: ranks, groups, strides, dilations, every padding.
for group, channels in ((1, 4), (2, 4), (4, 4)):
    w = f("w", 8, channels // group, 3, 3)
    case("Conv", f("x", 2, channels, 9, 8), w, f("b", 8), group=group, note=f"group {group}")
case("Conv", f("x", 1, 3, 11), f("w", 5, 3, 4), strides=[2], pads=[1, 2], note="1-D")
case("Conv", f("x", 1, 2, 5, 6, 7), f("w", 3, 2, 2, 3, 2), dilations=[2, 1, 2], note="3-D dilated")
case("Conv", f("x", 1, 2, 5, 6), f("w", 1, 2, 2, 2), f("b", 1), note="one channel out")
for auto in ("SAME_UPPER", "SAME_LOWER", "VALID"):
    for kernel in ((3, 3), (2, 4)):
        case(
            "Conv",
            f("x", 1, 2, 7, 9),
            f("w", 3, 2, *kernel),
            auto_pad=auto,
            strides=[2, 3],
            note=f"{auto} {kernel}",
        )
case(
    "ConvTranspose",
    f("x", 2, 4, 5, 6),
    f("w", 4, 3, 3, 3),
    f("b", 3),
    strides=[2, 2],
    pads=[1, 0, 1, 2],
)
case(
    "ConvTranspose",
    f("x", 2, 4, 5, 6),
    f("w", 4, 3, 3, 2),
    f("b", 6),
    group=2,
    strides=[2, 3],
    output_padding=[1, 2],
    note="groups",
    defect=True,
)
case(
    "ConvTranspose",
    f("x", 1, 4, 5),
    f("w", 4, 1, 3),
    f("b", 4),
    group=4,
    note="depthwise 1-D",
    defect=True,
)
case("ConvTranspose", f("x", 1, 2, 5, 4), f("w", 2, 3, 3, 3), dilations=[2, 1], note="dilated")
case("ConvTranspose", f("x", 1, 2, 3, 4, 3), f("w", 2, 2, 2, 2, 2), strides=[2, 1, 2], note="3-D")
for auto in ("SAME_UPPER", "SAME_LOWER"):
    case(
        "ConvTranspose",
        f("x", 1, 2, 5, 4),
        f("w", 2, 3, 4, 3),
        strides=[2, 2],
        auto_pad=auto,
        note=auto,
    )
case(
    "ConvTranspose",
    f("x", 1, 2, 5, 4),
    f("w", 2, 3, 3, 3),
    strides=[2, 2],
    output_shape=[10, 9],
    note="output_shape",
    defect=True,
)

# Pools.
x = f("x", 2, 3, 9, 8)
for op in ("MaxPool", "AveragePool", "LpPool"):
    exact = op == "MaxPool"
    case(op, x, kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1], exact=exact)
    for auto in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        case(
            op,
            x,
            kernel_shape=[3, 2],
            strides=[2, 3],
            auto_pad=auto,
            exact=exact,
            note=auto,
            defect=exact and auto == "SAME_LOWER",
        )
    case(op, f("x", 1, 2, 10), kernel_shape=[3], strides=[2], pads=[1, 1], exact=exact, note="1-D")
    case(op, f("x", 1, 2, 5, 6, 7), kernel_shape=[2, 3, 2], exact=exact, note="3-D")
for op in ("MaxPool", "AveragePool", "LpPool"):
    case(
        op,
        x,
        kernel_shape=[3, 3],
        strides=[2, 2],
        ceil_mode=1,
        opset=19,
        note="ceil_mode",
        exact=op == "MaxPool",
        defect=op == "LpPool",
    )
    case(
        op,
        x,
        kernel_shape=[2, 3],
        dilations=[2, 2],
        strides=[2, 1],
        opset=19,
        note="dilated",
        exact=op == "MaxPool",
    )
    case(
        op,
        x,
        kernel_shape=[3, 3],
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        ceil_mode=1,
        opset=19,
        note="ceil_mode, padded",
        exact=op == "MaxPool",
        defect=op == "LpPool",
    )
case(
    "AveragePool",
    x,
    kernel_shape=[3, 3],
    pads=[1, 1, 1, 1],
    count_include_pad=1,
    note="padding counts",
)
case(
    "AveragePool",
    x,
    kernel_shape=[3, 3],
    strides=[2, 2],
    pads=[1, 1, 1, 1],
    count_include_pad=1,
    ceil_mode=1,
    opset=19,
    note="padding counts, ceil_mode",
)
case("LpPool", x, kernel_shape=[3, 3], p=3, note="p 3")
case("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], outputs=2, exact=True, note="indices")
case(
    "MaxPool",
    x,
    kernel_shape=[3, 2],
    pads=[1, 1, 1, 0],
    outputs=2,
    storage_order=1,
    exact=True,
    note="indices by column",
    defect=True,
)
case("GlobalAveragePool", x)
case("GlobalMaxPool", x, exact=True)
case("GlobalLpPool", x, p=2, defect=True)

# Products.
case("MatMul", f("a", 2, 3, 4), f("b", 4, 5))
case("MatMul", f("a", 4), f("b", 3, 4, 5), note="vector")
case("Gemm", f("a", 4, 3), f("b", 5, 4), f("c", 5), alpha=0.7, beta=-1.3, transA=1, transB=1)
case("Gemm", f("a", 3, 4), f("b", 4, 5), note="no c")
for equation, shapes in {
    "bij,bjk->bik": ((2, 3, 4), (2, 4, 5)),
    "...ij,...jk": ((2, 3, 4), (2, 4, 5)),
    "ii->i": ((4, 4),),
    "ij,ij->": ((3, 4), (3, 4)),
    "bhid,bhjd->bhij": ((2, 2, 3, 4), (2, 2, 5, 4)),
    "i,j->ij": ((3,), (4,)),
}.items():
    arrays = [f(f"e{i}", *shape) for i, shape in enumerate(shapes)]
    case("Einsum", *arrays, equation=equation, note=equation, exact=equation == "ii->i")

# Reductions.
positive = np.abs(f("p", 3, 4, 5)) + np.float32(0.1)
for op in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"):
    exact = op in ("Max", "Min")
    case(f"Reduce{op}", positive, axes=[1], keepdims=0, opset=11, exact=exact)
    axes = np.array([0, -1], np.int64)
    case(f"Reduce{op}", positive, axes, opset=18, fixed=(1,), exact=exact)
    case(f"Reduce{op}", positive, opset=18, exact=exact, note="all")
case("ReduceLogSumExp", f("x", 3, 4, scale=300), axes=[1], opset=13, note="large", exact=True)
case(
    "ReduceSum",
    positive,
    np.zeros(0, np.int64),
    noop_with_empty_axes=1,
    opset=13,
    fixed=(1,),
    exact=True,
)
case("ReduceMean", np.arange(-7, 5, dtype=np.int32).reshape(3, 4), axes=[1], opset=13, note="int32")
case("Sum", f("a", 3, 4), f("b", 4), f("c", 3, 1))
case("Mean", f("a", 3, 4), f("b", 4), f("c", 3, 1))
for exclusive in (0, 1):
    for reverse in (0, 1):
        case(
            "CumSum",
            f("x", 3, 5),
            np.array(1, np.int64),
            exclusive=exclusive,
            reverse=reverse,
            note=f"{exclusive}{reverse}",
        )
case("CumSum", f("x", 3, 5), np.array([-1], np.int64), note="axis in a list", defect=True)

# Normalisations and softmax.
n = f("x", 2, 6, 5, 4)
case("BatchNormalization", n, f("s", 6), f("b", 6), f("m", 6), np.abs(f("v", 6)), epsilon=1e-3)
case("InstanceNormalization", n, f("s", 6), f("b", 6))
case("LRN", n, size=3, alpha=0.1, note="odd", defect=True)
case("LpNormalization", n, axis=1, p=1, defect=True)
case("LpNormalization", n, axis=-1, p=2)
case("MeanVarianceNormalization", n, opset=13)
for axis in (-1, 1, 2):
    shape = n.shape[axis:]
    case(
        "LayerNormalization",
        n,
        f("s", *shape),
        f("b", *shape),
        axis=axis,
        outputs=3,
        note=f"axis {axis}",
    )
case("RMSNormalization", n, f("s", 5, 4), axis=2, opset=23)
case("GroupNormalization", n, f("s", 3), f("b", 3), num_groups=3, opset=18)
case("GroupNormalization", n, f("s", 6), f("b", 6), num_groups=3, opset=21)
for op in ("Softmax", "LogSoftmax", "Hardmax"):
    case(op, f("x", 2, 3, 4), opset=13, exact=op == "Hardmax")
    case(op, f("x", 2, 3, 4), axis=1, opset=13, exact=op == "Hardmax", note="axis 1")
    case(op, f("x", 2, 3, 4), opset=11, exact=op == "Hardmax", defect=True)
    case(op, f("x", 2, 3, 4), axis=2, opset=11, exact=op == "Hardmax", note="axis 2")
