"""An MLflow flavour of our own: the perceptron of fixtures/models/tiny-mlp.onnx behind `/invocations`."""

import numpy as np
import onnxruntime


class Mlp:
    """Answers with both outputs by name."""

    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def predict(self, data, params=None):
        """Rows of 8 numbers, as a DataFrame or an array -> logits [rows, 4] float32, label [rows] int64."""
        logits, label = self.session.run(None, {"x": np.asarray(data, dtype=np.float32)})
        return {"logits": logits, "label": label}


def _load_pyfunc(path):
    return Mlp(path)
