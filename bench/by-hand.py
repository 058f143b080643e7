"""What one writes without onpar: export, run both on one input, compare. The peer of run.bench.js."""

import numpy as np
import onnxruntime
import torch
from digits_cnn import example_inputs, trained

model = trained()
image = example_inputs()["image"]
torch.onnx.export(model, (image,), "digits.onnx", dynamo=True)
with torch.no_grad():
    expected = model(image).numpy()
session = onnxruntime.InferenceSession("digits.onnx")
(actual,) = session.run(None, {session.get_inputs()[0].name: image.numpy()})
np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
