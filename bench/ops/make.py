"""Writes ONNX's own backend node tests as files: a model each, and what goes in and comes out of it.

python make.py OUT [NAME ...]: `OUT/<name>/model.onnx`, `inputs-<n>.safetensors`, `outputs-<n>.safetensors` and
`OUT/cases.json`. Cases of an opset that no released runtime reads are lowered to `READABLE` by onnx's own version
converter where it can; `loweredFrom` says so, and their inputs and outputs stay what they were.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper, version_converter
from onnx.backend.test.case.node import collect_testcases
from onpar_host.containers import flattened
from onpar_host.safetensors import write_tensors
from onpar_host.tensor import DtypeError, Tensor, as_tensor
from onpar_onnx.runtimes.onnx_reference import kind_of

READABLE = 26
"""The newest opset that ONNX Runtime 1.30 and 1.31 read."""
READABLE_IR = 13


def main(out: str, names: list[str]) -> None:
    cases = [case for case in collect_testcases(None) if not names or case.name in names]
    lacking = set(names) - {case.name for case in cases}
    if lacking:
        raise SystemExit(f"onnx {onnx.__version__} has no test called {', '.join(sorted(lacking))}")
    written = [_write(os.path.join(out, case.name), case) for case in cases]
    with open(os.path.join(out, "cases.json"), "w", encoding="utf-8") as file:
        json.dump({"onnx": onnx.__version__, "cases": written}, file, indent=1)


def _write(folder: str, case: Any) -> dict[str, Any]:
    os.makedirs(folder, exist_ok=True)
    model, lowered = _lowered(case.model)
    about: dict[str, Any] = {
        "name": case.name,
        "operators": sorted({node.op_type for node in model.graph.node}),
        "rtol": case.rtol,
        "atol": case.atol,
        **lowered,
    }
    onnx.save(model, os.path.join(folder, "model.onnx"))
    sets = []
    try:
        for index, (inputs, outputs) in enumerate(case.data_sets):
            for side, declared, values in (
                ("inputs", model.graph.input, inputs),
                ("outputs", model.graph.output, outputs),
            ):
                path = os.path.join(folder, f"{side}-{index}.safetensors")
                write_tensors(path, _tensors(declared, values))
            sets.append(index)
    except DtypeError as error:
        about["unsupported"] = str(error)
    return {**about, "sets": sets}


def _lowered(model: onnx.ModelProto) -> tuple[onnx.ModelProto, dict[str, Any]]:
    declared = next((each.version for each in model.opset_import if each.domain == ""), 0)
    if declared <= READABLE:
        return model, {}
    try:
        lower = version_converter.convert_version(model, READABLE)
    except (RuntimeError, ValueError):
        # What changed since has no older form.
        return model, {}
    lower.ir_version = min(lower.ir_version, READABLE_IR)
    return lower, {"loweredFrom": declared}


def _tensors(declared: Any, values: Any) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for spec, value in zip(declared, values, strict=True):
        container, _ = kind_of(spec.type)
        if container is None:
            tensors[spec.name] = _tensor(value, spec.type.tensor_type.elem_type)
        else:
            tensors.update(flattened(spec.name, value, container))
    return tensors


def _tensor(value: Any, elem_type: int) -> Tensor:
    array = numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)
    name = onnx.helper.tensor_dtype_to_np_dtype(elem_type).name
    if elem_type != TensorProto.STRING and array.dtype.name != name:
        # Stored as bits, or as a wider type that holds the same values.
        same_bits = array.dtype.kind in "ui" and array.dtype.itemsize == np.dtype(name).itemsize
        array = array.view(name) if same_bits and name == "bfloat16" else array.astype(name)
    return as_tensor(array)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
