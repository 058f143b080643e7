"""Operators that move, choose and interpolate."""

import numpy as np
from table import case, f

x = f("x", 3, 4, 5)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


case("GatherElements", x, np.array([[[0, 2], [-1, 1]]]), axis=2, exact=True, defect=True)
case(
    "GatherElements",
    f("x", 70, 3),
    np.arange(210).reshape(70, 3) % 70,
    exact=True,
    note="70 rows",
    defect=True,
)
case("Gather", x, np.array([[0, -1], [2, 1]]), axis=1, exact=True)
case("GatherND", x, np.array([[0, 1], [2, -1]]), exact=True)
case("GatherND", x, np.array([[[1]], [[3]], [[0]]]), batch_dims=1, exact=True, note="batch")
for reduction in ("none", "add", "mul", "max", "min"):
    exact = reduction in ("none", "max", "min")
    at = (
        np.array([[0, 1], [2, 3], [0, 1]])
        if reduction != "none"
        else np.array([[0, 1], [2, 3], [1, 1]])
    )
    case(
        "ScatterND", x, at, f("u", 3, 5), reduction=reduction, opset=18, exact=exact, note=reduction
    )
    at = (
        np.array([[0, 1, 1], [2, 0, 2]])
        if reduction != "none"
        else np.array([[0, 1, 2], [2, 0, 1]])
    )
    case(
        "ScatterElements",
        f("e", 2, 4),
        at,
        f("v", 2, 3),
        axis=1,
        reduction=reduction,
        opset=18,
        exact=exact,
        note=reduction,
    )
for largest in (0, 1):
    case(
        "TopK",
        x,
        ints(2),
        axis=1,
        largest=largest,
        outputs=2,
        exact=True,
        note=f"largest {largest}",
    )
    ties = np.array([[1, 3, 3, 2, 1, 1]], np.float32)
    case("TopK", ties, ints(4), largest=largest, outputs=2, exact=True, note=f"ties {largest}")
case("ArgMax", np.array([[1, 3, 3]], np.float32), axis=1)
case("ArgMax", np.array([[1, 3, 3]], np.float32), axis=1, select_last_index=1, note="last")
case("ArgMin", x, axis=2, keepdims=0)
case("Slice", x, ints(-1, 3), ints(-10, 0), ints(0, 2), ints(-1, -2), exact=True)
case("Pad", x, ints(0, 1, 2, 1, 0, -1), exact=True, defect=True)
for mode in ("reflect", "edge"):
    case("Pad", x, ints(0, 1, 2, 1, 0, 1), mode=mode, exact=True, note=mode)
case("Pad", x, ints(0, 1, 2, 1, 0, 1), mode="wrap", opset=19, exact=True, note="wrap")
case("Tile", x, ints(1, 2, 1), exact=True)
case("Expand", f("x", 3, 1), ints(2, 1, 4), exact=True)
case("Split", x, ints(1, 3), axis=1, outputs=2, exact=True)
case("Split", f("x", 7, 2), outputs=3, num_outputs=3, opset=18, exact=True, note="uneven")
case("Concat", x, f("y", 3, 2, 5), axis=-2, exact=True)
case("Reshape", x, ints(0, -1), exact=True)
case("Flatten", x, axis=-1, exact=True)
case("Transpose", x, exact=True)
for mode in ("DCR", "CRD"):
    case("DepthToSpace", f("x", 1, 8, 2, 3), blocksize=2, mode=mode, exact=True, note=mode)
case("SpaceToDepth", f("x", 1, 2, 4, 6), blocksize=2, exact=True)
case("ReverseSequence", f("x", 4, 3, 2), ints(4, 2, 1), exact=True)
case(
    "ReverseSequence",
    f("x", 3, 4, 2),
    ints(4, 2, 1),
    batch_axis=0,
    time_axis=1,
    exact=True,
    note="batch first",
)
for upper in (0, 1):
    case("Trilu", f("x", 2, 4, 5), np.array(1, np.int64), upper=upper, exact=True, note=str(upper))
case(
    "OneHot",
    np.array([[0, 2], [-1, 5]]),
    np.array(4),
    np.array([0.5, 2], np.float32),
    axis=1,
    exact=True,
)
case("Unique", np.array([2, 1, 1, 3, 4, 3], np.float32), outputs=4, exact=True)
case(
    "Unique",
    np.array([2, 1, 1, 3, 4, 3], np.float32),
    outputs=4,
    sorted=0,
    exact=True,
    note="unsorted",
)
case("NonZero", np.array([[1, 0], [2, 3]], np.float32))
case("Where", np.array([True, False, True]), f("a", 2, 3), f("b", 3), exact=True)
case("Compress", x, np.array([True, False, True]), axis=0, exact=True)
case("CenterCropPad", x, ints(5, 2), axes=[0, 1], opset=18, exact=True)
boxes = np.abs(f("boxes", 1, 12, 4))
boxes[..., 2:] += boxes[..., :2]
case(
    "NonMaxSuppression",
    boxes,
    np.abs(f("scores", 1, 2, 12)),
    ints(4),
    np.array([0.3], np.float32),
    np.array([0.2], np.float32),
)
rois = np.array([[0, 0, 6, 6], [1, 2, 5, 7]], np.float32)
for mode in ("avg", "max"):
    for how in ("half_pixel", "output_half_pixel"):
        case(
            "RoiAlign",
            f("x", 1, 2, 9, 9),
            rois,
            ints(0, 0),
            mode=mode,
            output_height=3,
            output_width=2,
            sampling_ratio=2,
            spatial_scale=0.7,
            coordinate_transformation_mode=how,
            note=f"{mode} {how}",
        )
grid = np.tanh(f("g", 1, 4, 5, 2)) * np.float32(1.2)
for mode in ("bilinear", "nearest", "bicubic"):
    for padding in ("zeros", "border", "reflection"):
        for aligned in (0, 1):
            case(
                "GridSample",
                f("x", 1, 2, 6, 7),
                grid,
                mode=mode,
                padding_mode=padding,
                align_corners=aligned,
                opset=16,
                note=f"{mode} {padding} {aligned}",
                exact=mode == "nearest",
                tolerance=2e-5,
                defect=mode != "nearest",
            )
volume = np.tanh(f("g", 1, 3, 4, 5, 3)) * np.float32(1.2)
case(
    "GridSample", f("x", 1, 2, 4, 6, 7), volume, mode="linear", opset=20, note="3-D", tolerance=2e-5
)
image = f("x", 1, 2, 6, 5)
for how in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"):
    for mode in ("nearest", "linear", "cubic"):
        for scale in (0.6, 2.0, 1.7):
            scales = np.array([1, 1, scale, scale], np.float32)
            case(
                "Resize",
                image,
                None,
                scales,
                mode=mode,
                coordinate_transformation_mode=how,
                opset=13,
                note=f"{mode} {how} {scale}",
                exact=mode == "nearest",
                fixed=(2,),
                tolerance=2e-5,
                defect=how == "align_corners"
                and (scale == 0.6 or (scale == 1.7 and mode != "nearest")),
            )
for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
    for how in ("half_pixel", "asymmetric"):
        case(
            "Resize",
            image,
            None,
            None,
            ints(1, 2, 9, 3),
            mode="nearest",
            nearest_mode=rounding,
            coordinate_transformation_mode=how,
            opset=13,
            note=f"sizes {rounding} {how}",
            exact=True,
            fixed=(3,),
        )
case(
    "Resize",
    image,
    None,
    np.array([1, 1, 0.5, 0.6], np.float32),
    mode="linear",
    antialias=1,
    opset=18,
    note="antialias",
    fixed=(2,),
    tolerance=2e-5,
)
case("Upsample", image, np.array([1, 1, 2, 3], np.float32), opset=9, exact=True, fixed=(1,))
case(
    "Upsample",
    image,
    np.array([1, 1, 2, 3], np.float32),
    mode="linear",
    opset=9,
    note="linear",
    fixed=(1,),
    defect=True,
)
