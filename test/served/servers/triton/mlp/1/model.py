"""The perceptron of fixtures/models/tiny-mlp.onnx in numpy, for Triton's Python backend."""

import json
import os
import sys

# The backend's own interpreter knows no environment.
sys.path.insert(0, os.environ["MODEL_PACKAGES"])
import numpy as np
import triton_python_backend_utils as backend


class TritonPythonModel:
    def initialize(self, args):
        with open(os.environ["MODEL_WEIGHTS"]) as file:
            self.w = {
                name: np.array(values, np.float32) for name, values in json.load(file).items()
            }

    def execute(self, requests):
        return [
            self.answer(backend.get_input_tensor_by_name(request, "x").as_numpy())
            for request in requests
        ]

    def answer(self, x):
        w = self.w
        hidden = np.maximum(x @ w["w1"].reshape(8, 16) + w["b1"], 0)
        logits = hidden @ w["w2"].reshape(16, 4) + w["b2"]
        label = logits.argmax(axis=1).astype(np.int64)
        return backend.InferenceResponse(
            [backend.Tensor("logits", logits), backend.Tensor("label", label)]
        )
