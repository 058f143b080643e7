"""Operators whose float results carry no rounding of their own: they move, choose or compare values."""

from __future__ import annotations

from onnx import NodeProto

EXACT = frozenset(
    {
        # Moving and choosing elements.
        *("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Concat", "Split"),
        *("Slice", "Gather", "GatherElements", "GatherND", "Expand", "Tile", "Pad", "Where"),
        *("DepthToSpace", "SpaceToDepth", "ReverseSequence", "Compress", "Trilu", "CenterCropPad"),
        *("ScatterND", "ScatterElements", "Scatter", "TensorScatter", "Unique", "TopK", "OneHot"),
        *("MaxPool", "GlobalMaxPool", "MaxRoiPool", "MaxUnpool", "Max", "Min", "Clip", "Relu"),
        *("ReduceMax", "ReduceMin", "Dropout", "Cast", "CastLike", "BitCast", "NonMaxSuppression"),
        # Sequences and optionals.
        *("SequenceConstruct", "SequenceAt", "SequenceInsert", "SequenceErase", "SequenceEmpty"),
        *("SplitToSequence", "ConcatFromSequence", "Optional", "OptionalGetElement"),
        # Values that are given, not computed.
        *("Constant", "ConstantOfShape", "EyeLike", "Shape", "Size", "Range"),
        *("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli"),
        # Exact in IEEE arithmetic.
        *("Abs", "Neg", "Sign", "Floor", "Ceil", "Round", "Hardmax", "ArrayFeatureExtractor"),
        *("ReorderInput", "ReorderOutput"),
    }
)


def is_exact(node: NodeProto) -> bool:
    """By name: fused domains call their exact operators as the standard does."""
    adds = any(a.name == "reduction" and a.s in (b"add", b"mul") for a in node.attribute)
    return node.op_type in EXACT and not adds
