"""ONNX Runtime's execution providers: what is asked for, and whether the session really has it.

The GPU paths were not verified on a GPU (docs/gpu.md). What happens without one was: a session of
onnxruntime-gpu 1.31.1 falls back to the CPU with a line in its log, and answers as if nothing were amiss.
"""

from __future__ import annotations

from typing import Any

from onpar_host.errors import WorkerError
from onpar_host.gpu import gpus, has_tf32, unavailable

from .header import OnnxHeader

CPU = "CPUExecutionProvider"
PROVIDERS = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}
PACKAGE = (
    "put onnxruntime-gpu in place of onnxruntime into the .venv beside the suite (or the one that is "
    "active; with `to: same` and `artifact:` also `python:`), on a machine with an NVIDIA GPU, "
    "or leave `device` out"
)
LIBRARIES = {
    "cuda": "it needs an NVIDIA driver and the CUDA and cuDNN libraries of its version "
    "(pip install onnxruntime-gpu[cuda,cudnn]); the log has the library that failed",
    "tensorrt": "it needs an NVIDIA driver, CUDA and TensorRT's libraries "
    "(pip install tensorrt, on LD_LIBRARY_PATH); the log has the library that failed",
}

TF32_OPERATORS = {
    "Attention",
    "Conv",
    "ConvTranspose",
    "Einsum",
    "Gemm",
    "GRU",
    "LSTM",
    "MatMul",
    "MultiHeadAttention",
    "RNN",
    # Their bodies may hold any of these.
    "If",
    "Loop",
    "Scan",
}
"""Operators that cuBLAS and cuDNN may compute in TF32; the others stay in float32."""


def check_options(options: dict[str, Any]) -> None:
    """Raises WorkerError `bad-request` for options that the device does not have."""
    device = options["device"]
    wrong = None
    if options["tf32"] is not None and device != "cuda":
        # TensorRT's provider has no switch of its own (TensorRT-ExecutionProvider, Configurations).
        wrong = ("tf32", "cuda")
    elif options["precision"] != "float32" and device != "tensorrt":
        wrong = ("precision", "tensorrt")
    elif not options["cpuFallback"] and device == "cpu":
        wrong = ("cpuFallback", "cuda or tensorrt")
    if wrong is not None:
        raise WorkerError(
            "bad-request",
            f"onnxruntime has no `{wrong[0]}` with `device: {device}`",
            fix=f"leave `{wrong[0]}` out, or ask for `device: {wrong[1]}`",
        )


def wanted(ort: Any, options: dict[str, Any]) -> list[Any]:
    """What `InferenceSession` takes as providers; the CPU last, for operators that the GPU lacks.

    Raises WorkerError `bad-request`, or `runtime-unavailable` where the package was built without it.
    """
    check_options(options)
    device = options["device"]
    if device == "cpu":
        return [CPU]
    available = ort.get_available_providers()
    if PROVIDERS[device] not in available:
        raise unavailable(
            device,
            f"ONNX Runtime {ort.__version__} here was built with {', '.join(available)} alone",
            PACKAGE,
        )
    # Libraries out of NVIDIA's own wheels; there since onnxruntime 1.21, and harmless where they are not.
    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()
    cuda = {"device_id": str(options["deviceId"])}
    if options["tf32"] is not None:
        cuda["use_tf32"] = str(int(options["tf32"]))
    if device == "cuda":
        return [(PROVIDERS["cuda"], cuda), CPU]
    tensorrt = {
        "device_id": str(options["deviceId"]),
        "trt_fp16_enable": str(options["precision"] == "float16"),
        "trt_int8_enable": str(options["precision"] == "int8"),
        # An engine that an earlier run built, of other weights or settings, is not this model.
        "trt_engine_cache_enable": "False",
        "trt_timing_cache_enable": "False",
    }
    return [(PROVIDERS["tensorrt"], tensorrt), (PROVIDERS["cuda"], cuda), CPU]


def check_used(session: Any, options: dict[str, Any]) -> None:
    """Raises WorkerError `runtime-unavailable` for a session that fell back to another provider."""
    device = options["device"]
    used = session.get_providers()
    if device != "cpu" and PROVIDERS[device] not in used:
        raise unavailable(device, f"ONNX Runtime fell back to {', '.join(used)}", LIBRARIES[device])


def device_facts(session: Any, header: OnnxHeader, options: dict[str, Any]) -> dict[str, Any]:
    """`{device, gpus, tf32, providerOptions, computesIn, declaredPrecision}`; nothing for the CPU.

    `computesIn`: `tf32` where the provider may use it and the model has an operator for it; with
    TensorRT the precision that was asked for, which each layer may take or not.
    """
    device = options["device"]
    if device == "cpu":
        return {}
    found = gpus()
    precision = options["precision"]
    # On unless switched off, in CUDA's provider and in TensorRT's builder alike.
    tf32 = options["tf32"] is not False and has_tf32(found)
    multiplies = bool(TF32_OPERATORS & header.operators)
    declared = precision if precision != "float32" else "tf32" if options["tf32"] else None
    return {
        "device": f"{device}:{options['deviceId']}",
        "gpus": found,
        "tf32": tf32,
        "providerOptions": session.get_provider_options().get(PROVIDERS[device], {}),
        "computesIn": precision
        if precision != "float32"
        else "tf32"
        if tf32 and multiplies
        else "float32",
        "declaredPrecision": declared,
    }
