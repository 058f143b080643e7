"""A small server that speaks TensorFlow Serving's REST interface for a real SavedModel, called through its signatures.

There is no package of TensorFlow Serving itself; the shapes of requests, answers and errors are those of its documentation
(api_rest.md) and of its json_tensor.cc: NaN and infinities bare, bytes as {"b64": ...} where a name ends with `_bytes`.
Usage: python tf_server.py PORT WEIGHTS.json FOLDER
"""

import base64
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import tensorflow as tf


def make_model(weights, folder):
    """The perceptron of fixtures/models/tiny-mlp.onnx, and a signature of the types that JSON is bad at."""
    with open(weights) as file:
        w = {name: np.array(values, np.float32) for name, values in json.load(file).items()}

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 8], tf.float32, "x")])
        def classify(self, x):
            hidden = tf.nn.relu(x @ w["w1"].reshape(8, 16) + w["b1"])
            logits = hidden @ w["w2"].reshape(16, 4) + w["b2"]
            return {"logits": logits, "label": tf.argmax(logits, axis=1)}

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.int64, "n"),
                tf.TensorSpec([None], tf.float32, "x"),
                tf.TensorSpec([None], tf.string, "s"),
            ]
        )
        def kinds(self, n, x, s):
            return {
                "same": n,
                "log": tf.math.log(x),
                "text": s,
                "raw_bytes": s,
                "is_big": n > 5,
                "sum": tf.reduce_sum(n),
            }

    model = Model()
    tf.saved_model.save(
        model, folder, signatures={"serving_default": model.classify, "kinds": model.kinds}
    )


def info(spec):
    dims = [{"size": str(-1 if d is None else d), "name": ""} for d in spec.shape]
    return {
        "dtype": f"DT_{spec.dtype.name.upper().replace('FLOAT32', 'FLOAT').replace('FLOAT64', 'DOUBLE')}",
        "tensor_shape": {"dim": dims, "unknown_rank": False},
        "name": spec.name,
    }


def plain(name, value):
    """An array as JSON holds it."""
    array = value.numpy()
    if array.dtype != object:
        return array.tolist()
    wrap = (
        (lambda b: {"b64": base64.b64encode(b).decode()})
        if name.endswith("_bytes")
        else (lambda b: b.decode())
    )
    return [wrap(b) for b in array.ravel()]


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def place(self):
        found = re.fullmatch(
            r"/v1/models/(\w+)(?:/versions/(\d+))?(/metadata|:predict)?", self.path
        )
        if found is None or found[1] != "mlp" or found[2] not in (None, "1"):
            name, version = (found[1], found[2]) if found else ("?", None)
            self.answer(
                404,
                {
                    "error": f"Servable not found for request: {f'Specific({name}, {version})' if version else f'Latest({name})'}"
                },
            )
            return None
        return found[3]

    def do_GET(self):
        what = self.place()
        if what == "/metadata":
            signatures = {
                name: {
                    "inputs": {k: info(v) for k, v in f.structured_input_signature[1].items()},
                    "outputs": {k: info(v) for k, v in f.structured_outputs.items()},
                    "method_name": "tensorflow/serving/predict",
                }
                for name, f in MODEL.signatures.items()
            }
            spec = {"name": "mlp", "signature_name": "", "version": "1"}
            self.answer(
                200,
                {"model_spec": spec, "metadata": {"signature_def": {"signature_def": signatures}}},
            )
        elif self.path.startswith("/v1/models/mlp"):
            ok = {"error_code": "OK", "error_message": ""}
            self.answer(
                200,
                {"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": ok}]},
            )

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.place() != ":predict":
            return
        try:
            self.predict(body)
        except Exception as error:
            self.answer(400, {"error": str(error)})

    def predict(self, body):
        function = MODEL.signatures[body.get("signature_name") or "serving_default"]
        specs = function.structured_input_signature[1]
        is_rows = "instances" in body
        given = body["instances"] if is_rows else body["inputs"]
        if is_rows and isinstance(given[0], dict):
            given = {name: [row[name] for row in given] for name in given[0]}
        if not isinstance(given, dict):
            given = {next(iter(specs)): given}
        missing = [name for name in specs if name not in given]
        if missing:
            raise ValueError(f"Missing named input: {missing[0]} in 'inputs' object.")
        outputs = function(
            **{name: tf.constant(given[name], spec.dtype) for name, spec in specs.items()}
        )
        plains = {name: plain(name, value) for name, value in outputs.items()}
        if not is_rows:
            self.answer(
                200, {"outputs": plains if len(plains) > 1 else next(iter(plains.values()))}
            )
        elif len(plains) == 1:
            self.answer(200, {"predictions": next(iter(plains.values()))})
        else:
            names, columns = list(plains), list(plains.values())
            self.answer(200, {"predictions": [dict(zip(names, row)) for row in zip(*columns)]})


if __name__ == "__main__":
    make_model(sys.argv[2], sys.argv[3])
    MODEL = tf.saved_model.load(sys.argv[3])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
