"""The device that a module runs on, and how CUDA computes there.

The paths of a GPU were not verified on one (docs/gpu.md); what happens without one is tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from onpar_host.errors import WorkerError
from onpar_host.gpu import TF32_SINCE, unavailable
from onpar_host.packages import require
from onpar_host.variant import Variant

from . import tf32


@dataclass(frozen=True)
class Device:
    """`cpu` or `cuda:n`; `tf32`: asked for (or against), None where PyTorch's own defaults hold."""

    name: str
    tf32: bool | None
    deterministic: bool

    @property
    def on_gpu(self) -> bool:
        """Whether it is a GPU."""
        return self.name != "cpu"

    def put(self, value: Any) -> Any:
        """A tensor or module on this device."""
        return value.to(self.name) if self.on_gpu else value

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Around a run: the switches, which belong to the process and serve other sessions too."""
        if not self.on_gpu:
            yield
            return
        torch = require("torch")
        cudnn = torch.backends.cudnn
        before = (cudnn.benchmark, cudnn.deterministic)
        # Timing kernels picks another one from run to run.
        cudnn.benchmark = False
        cudnn.deterministic = self.deterministic
        try:
            with tf32.setting(self.tf32):
                yield
                # Kernels run behind the call: only now are their errors and their time known.
                torch.cuda.synchronize(self.name)
        finally:
            cudnn.benchmark, cudnn.deterministic = before

    def facts(self, module: Any) -> dict[str, Any]:
        """`{device, gpu, tf32, deterministic, computesIn, declaredPrecision}`; nothing for the CPU."""
        if not self.on_gpu:
            return {}
        torch = require("torch")
        properties = torch.cuda.get_device_properties(self.name)
        able = properties.major + properties.minor / 10 >= TF32_SINCE
        with tf32.setting(self.tf32):
            allowed = tf32.allowed()
        in_tf32 = able and (allowed["matmul"] or (allowed["cudnn"] and _uses_cudnn(module)))
        return {
            "device": self.name,
            "gpu": {
                "name": properties.name,
                "computeCapability": f"{properties.major}.{properties.minor}",
                "cuda": torch.version.cuda,
                "cudnn": torch.backends.cudnn.version(),
            },
            "tf32": allowed,
            "deterministic": {
                "cudnn": self.deterministic,
                "algorithms": torch.are_deterministic_algorithms_enabled(),
            },
            "computesIn": "tf32" if in_tf32 and _in_float32(module) else None,
            "declaredPrecision": "tf32" if self.tf32 else None,
        }


def device_of(options: dict[str, Any], variant: Variant | None) -> Device:
    """Raises WorkerError `runtime-unavailable` where CUDA, or a GPU of this number, is not there, and
    `bad-request` for options of CUDA without it.

    The float64 twin of a model runs on the CPU: it stands for exact arithmetic, whatever the device.
    """
    kind = options.get("device", "cpu")
    wanted, deterministic = options.get("tf32"), bool(options.get("deterministic"))
    if kind == "cpu":
        if wanted is not None or deterministic:
            raise WorkerError(
                "bad-request",
                "torch has no `tf32` and no `deterministic` with `device: cpu`",
                fix="leave them out, or ask for `device: cuda`",
            )
        return Device("cpu", None, False)
    torch = require("torch")
    if torch.version.cuda is None:
        raise unavailable(
            kind,
            f"PyTorch {torch.__version__} here was built without CUDA",
            "name an environment with a CUDA build of PyTorch (`python:`, or the .venv beside the suite), "
            "or leave `device` out",
        )
    if not torch.cuda.is_available():
        raise unavailable(
            kind,
            f"PyTorch {torch.__version__} (CUDA {torch.version.cuda}) finds no NVIDIA GPU and driver",
            "run it on a machine with an NVIDIA GPU and a driver for that CUDA (nvidia-smi), "
            "or leave `device` out",
        )
    number, count = options.get("deviceId") or 0, torch.cuda.device_count()
    if number >= count:
        raise unavailable(kind, f"there is no GPU {number}, only {count}", "mend `deviceId`")
    if variant is not None and variant.float64:
        return Device("cpu", None, False)
    return Device(f"{kind}:{number}", wanted, deterministic)


def _in_float32(module: Any) -> bool:
    torch = require("torch")
    return any(weight.dtype == torch.float32 for weight in module.parameters())


def _uses_cudnn(module: Any) -> bool:
    """Convolutions and recurrent layers, told by their weights: scripted modules have no classes left."""
    return any(
        weight.dim() >= 3 or ".weight_ih" in f".{name}"
        for name, weight in module.named_parameters()
    )
