"""How many terms an ATen operator sums for each element of its result."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

SumArguments = tuple[Any, ...]


def _last_axis(args: SumArguments, result: Any) -> int:
    return args[0].shape[-1]


def _last_axis_and_addend(args: SumArguments, result: Any) -> int:
    return args[1].shape[-1] + 1


def _reduced(args: SumArguments, result: Any) -> int:
    return math.ceil(args[0].numel() / max(result.numel(), 1))


def _convolution(args: SumArguments, result: Any) -> int:
    weight, transposed, groups = args[1], args[6], args[8]
    # Transposed: (in, out / groups, *kernel), of which stride leaves out some: an upper bound.
    taps = math.prod(weight.shape[2:])
    summed = weight.shape[0] // groups if transposed else weight.shape[1]
    return summed * taps + 1


def _pool(args: SumArguments, result: Any) -> int:
    axes = _spatial_axes(args[0], result)
    kernel = list(args[1])
    return math.prod(kernel if len(kernel) == len(axes) else kernel * len(axes))


def _adaptive_pool(args: SumArguments, result: Any) -> int:
    axes = _spatial_axes(args[0], result)
    return math.prod(args[0].shape[a] // max(result.shape[a], 1) + 2 for a in axes)


def _spatial_axes(tensor: Any, result: Any) -> range:
    # Batch, where there is one, and channels come first.
    return range(-(3 if tensor.dim() == 5 else 2), 0)


def _scan(args: SumArguments, result: Any) -> int:
    return args[0].shape[args[1]] if args[0].dim() else 1


def _scattered(args: SumArguments, result: Any) -> int:
    return args[2].shape[args[1]] + 1 if args[2].dim() else 2


TERMS: dict[str, Callable[[SumArguments, Any], int]] = {
    "mm": _last_axis,
    "bmm": _last_axis,
    "mv": _last_axis,
    "dot": _last_axis,
    "vdot": _last_axis,
    "matmul": _last_axis,
    "linear": lambda args, result: args[0].shape[-1] + 1,
    "addmm": _last_axis_and_addend,
    "addmv": _last_axis_and_addend,
    "baddbmm": _last_axis_and_addend,
    "addbmm": lambda args, result: args[1].shape[0] * args[1].shape[-1] + 1,
    "convolution": _convolution,
    "_convolution": _convolution,
    "sum": _reduced,
    "nansum": _reduced,
    "mean": _reduced,
    "trace": lambda args, result: min(args[0].shape),
    "cumsum": _scan,
    "avg_pool2d": _pool,
    "avg_pool3d": _pool,
    "adaptive_avg_pool2d": _adaptive_pool,
    "_adaptive_avg_pool2d": _adaptive_pool,
    "adaptive_avg_pool3d": _adaptive_pool,
    "_adaptive_avg_pool3d": _adaptive_pool,
    "index_add": _scattered,
    "scatter_add": _scattered,
}
"""Operator → terms n of each element. The operator applied to absolute values gives Σ|terms|."""

DECOMPOSED = frozenset(
    [
        "_softmax",
        "_log_softmax",
        "_safe_softmax",
        "native_layer_norm",
        "native_group_norm",
        "native_batch_norm",
        "_native_batch_norm_legit",
        "_native_batch_norm_legit_no_training",
        "_native_batch_norm_legit_functional",
        "_batch_norm_no_update",
        "var",
        "std",
        "var_mean",
        "std_mean",
        "linalg_vector_norm",
        "norm",
        "logsumexp",
        "_fused_rms_norm",
        "upsample_bilinear2d",
        "upsample_bicubic2d",
        "upsample_linear1d",
        "upsample_trilinear3d",
        "grid_sampler_2d",
        "mse_loss",
        "_weight_norm_interface",
        "dist",
        "renorm",
        "addr",
        "_scaled_dot_product_flash_attention_for_cpu",
    ]
)
"""Operators with sums inside: taken apart by PyTorch's own decompositions, so that each sum is met."""

EXACT = frozenset(
    [
        "abs",
        "neg",
        "sign",
        "sgn",
        "relu",
        "relu6",
        "clamp",
        "clamp_min",
        "clamp_max",
        "hardtanh",
        "threshold",
        "where",
        "masked_fill",
        "masked_scatter",
        "masked_select",
        "maximum",
        "minimum",
        "fmax",
        "fmin",
        "max",
        "min",
        "amax",
        "amin",
        "aminmax",
        "median",
        "nanmedian",
        "mode",
        "kthvalue",
        "cummax",
        "cummin",
        "argmax",
        "argmin",
        "topk",
        "sort",
        "msort",
        "floor",
        "ceil",
        "round",
        "trunc",
        "frac",
        "fix",
        "nan_to_num",
        "copysign",
        "isnan",
        "real",
        "imag",
        "cat",
        "stack",
        "hstack",
        "vstack",
        "clone",
        "copy",
        "_copy_from",
        "_to_copy",
        "contiguous",
        "to",
        "type_as",
        "_unsafe_view",
        "_reshape_alias",
        "reshape",
        "unsafe_split",
        "unsafe_split_with_sizes",
        "unsafe_chunk",
        "split_with_sizes_copy",
        "repeat",
        "tile",
        "expand_copy",
        "flip",
        "fliplr",
        "flipud",
        "roll",
        "rot90",
        "tril",
        "triu",
        "diag",
        "diag_embed",
        "diagonal_scatter",
        "slice_scatter",
        "select_scatter",
        "as_strided_scatter",
        "index",
        "index_select",
        "index_put",
        "_index_put_impl",
        "_unsafe_index",
        "_unsafe_index_put",
        "index_fill",
        "index_copy",
        "gather",
        "scatter",
        "take",
        "take_along_dim",
        "put",
        "embedding",
        "one_hot",
        "constant_pad_nd",
        "reflection_pad1d",
        "reflection_pad2d",
        "reflection_pad3d",
        "replication_pad1d",
        "replication_pad2d",
        "replication_pad3d",
        "pixel_shuffle",
        "pixel_unshuffle",
        "channel_shuffle",
        "im2col",
        "max_pool1d",
        "max_pool2d",
        "max_pool3d",
        "max_pool2d_with_indices",
        "max_pool3d_with_indices",
        "adaptive_max_pool2d",
        "adaptive_max_pool3d",
        "max_unpool2d",
        "max_unpool3d",
        "upsample_nearest1d",
        "upsample_nearest2d",
        "upsample_nearest3d",
        "_upsample_nearest_exact1d",
        "_upsample_nearest_exact2d",
        "_upsample_nearest_exact3d",
        "zeros",
        "ones",
        "full",
        "empty",
        "empty_strided",
        "empty_like",
        "zeros_like",
        "ones_like",
        "full_like",
        "new_zeros",
        "new_ones",
        "new_full",
        "new_empty",
        "new_empty_strided",
        "scalar_tensor",
        "arange",
        "eye",
        "zero",
        "fill",
        "lift",
        "lift_fresh",
        "lift_fresh_copy",
        "native_dropout",
        "dropout",
        "alias",
        "detach_",
        "resize_",
        "set_",
        "unique_consecutive",
        "_unique2",
        "nonzero",
        "meshgrid",
        "permute_copy",
        "transpose_copy",
        "view_copy",
        "squeeze_copy",
        "unsqueeze_copy",
        "complex",
        "view_as_real_copy",
        "bernoulli",
        "rand",
        "randn",
        "rand_like",
        "randn_like",
        "randint",
        "randperm",
        "uniform",
        "normal",
        "fmod",
        "remainder",
        "result_type",
        "_local_scalar_dense",
        "item",
        "equal",
    ]
)
"""Operators that choose, move or make values without rounding them. Noise on the result of floor()
or arange() would be a fault, not rounding."""
