"""Whether CUDA may compute float32 products in TF32: switches of the process, in two generations.

Newer versions of PyTorch name them by library and operator (`fp32_precision`). The older switches
(`allow_tf32`) raise RuntimeError once the newer ones were touched, by a model's own code for
instance, so they are asked only where there are no newer ones. Both were read and written with
PyTorch 2.14 without a GPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from onpar_host.packages import require


def allowed() -> dict[str, bool]:
    """`{matmul, cudnn}`: products of cuBLAS; convolutions and recurrent layers of cuDNN."""
    switches, on, _ = _switches()
    matmul, *cudnn = [getattr(*switch) == on for switch in switches]
    return {"matmul": matmul, "cudnn": any(cudnn)}


@contextmanager
def setting(tf32: bool | None) -> Iterator[None]:
    """All switches on or off for a while; None leaves them as they are."""
    switches, on, off = _switches()
    before = [getattr(*switch) for switch in switches]
    if tf32 is not None:
        for switch in switches:
            setattr(*switch, on if tf32 else off)
    try:
        yield
    finally:
        if tf32 is not None:
            for switch, value in zip(switches, before, strict=True):
                setattr(*switch, value)


def _switches() -> tuple[list[tuple[Any, str]], Any, Any]:
    """The switches, matmul first, and what they hold for yes and no."""
    backends = require("torch").backends
    matmul, cudnn = backends.cuda.matmul, backends.cudnn
    if hasattr(cudnn, "conv") and hasattr(cudnn.conv, "fp32_precision"):
        parts = (matmul, cudnn.conv, cudnn.rnn)
        return [(part, "fp32_precision") for part in parts], "tf32", "ieee"
    return [(part, "allow_tf32") for part in (matmul, cudnn)], True, False
