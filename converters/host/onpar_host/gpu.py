"""NVIDIA GPUs: what the driver says of them, and the answer where there is none.

Nothing here was verified on a machine with a GPU: docs/gpu.md.
"""

from __future__ import annotations

import subprocess
from typing import Any

from .errors import WorkerError

TF32_SINCE = 8.0
"""Compute capability from which tensor cores take float32 as TF32 (NVIDIA A100 Tensor Core GPU
Architecture, “TensorFloat-32”)."""


def unavailable(device: str, reason: str, fix: str) -> WorkerError:
    """`runtime-unavailable`: the place lacks something, whatever the model is."""
    return WorkerError("runtime-unavailable", f"`device: {device}`: {reason}", fix=fix)


def gpus() -> list[dict[str, Any]]:
    """`[{name, driver, computeCapability}]` of every GPU that nvidia-smi lists; empty without it."""
    try:
        asked = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[part.strip() for part in line.split(",")] for line in asked.stdout.splitlines()]
    return [
        {"name": row[0], "driver": row[1], "computeCapability": row[2]}
        for row in rows
        if len(row) == 3
    ]


def has_tf32(found: list[dict[str, Any]]) -> bool:
    """Whether one of the GPUs can compute in TF32; where the driver tells nothing, it is assumed."""
    capabilities = [capability(gpu["computeCapability"]) for gpu in found]
    return not capabilities or any(c is None or c >= TF32_SINCE for c in capabilities)


def capability(text: str) -> float | None:
    """`9.0` as a number; None for what is none (`[N/A]`)."""
    try:
        return float(text)
    except ValueError:
        return None
