"""pt2e quantisation with XNNPACK's quantiser: an exported program in int8."""

from __future__ import annotations

from typing import Any

from onpar_host.packages import require
from onpar_host.tensor import as_tensor
from onpar_pytorch.exporters.tracing import Traceable
from onpar_pytorch.tensors import to_torch


def quantised(program: Any, traceable: Traceable, asked: str, rows: list[dict[str, Any]]) -> Any:
    """The program's module with int8 weights per channel, ready to be exported again.

    `asked`: `dynamic-range` or `int8`, whose activations get the ranges that `rows` show. Raises
    what torchao raises.
    """
    torch = require("torch")
    pt2e = require("torchao.quantization.pt2e.quantize_pt2e")
    xnnpack = require("executorch.backends.xnnpack.quantizer.xnnpack_quantizer")
    config = xnnpack.get_symmetric_quantization_config(
        is_per_channel=True, is_dynamic=asked == "dynamic-range"
    )
    prepared = pt2e.prepare_pt2e(program.module(), xnnpack.XNNPACKQuantizer().set_global(config))
    call = traceable.call
    with torch.no_grad():
        # Observers that saw nothing have no range; dynamic ones are asked for none.
        for row in rows or [None]:
            tensors = (
                traceable.tensors
                if row is None
                else {name: to_torch(as_tensor(array)) for name, array in row.items()}
            )
            prepared(
                *(tensors[name].clone() for name in call.positional),
                **{p: tensors[name].clone() for p, name in call.keywords.items()},
            )
    return pt2e.convert_pt2e(prepared)
