"""MLServer runtimes: the perceptron of fixtures/models/tiny-mlp.onnx, and what JSON has no numbers for."""

import os

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse, ResponseOutput


class Mlp(MLModel):
    async def load(self):
        self.session = onnxruntime.InferenceSession(os.environ["MODEL_FILE"])
        return True

    async def predict(self, payload):
        feeds = {tensor.name: NumpyCodec.decode_input(tensor) for tensor in payload.inputs}
        logits, label = self.session.run(None, feeds)
        # NumpyCodec makes [n, 1] of a vector, which the metadata does not say.
        outputs = [
            NumpyCodec.encode_output("logits", logits),
            ResponseOutput(
                name="label", shape=list(label.shape), datatype="INT64", data=label.tolist()
            ),
        ]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)


class Reshaping(Mlp):
    """As most people write it: with the codec for both outputs."""

    async def predict(self, payload):
        feeds = {tensor.name: NumpyCodec.decode_input(tensor) for tensor in payload.inputs}
        outputs = [
            NumpyCodec.encode_output(n, v)
            for n, v in zip(("logits", "label"), self.session.run(None, feeds))
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)


class Specials(MLModel):
    """log(x): minus infinity and NaN, beside an integer beyond 2^53."""

    async def load(self):
        return True

    async def predict(self, payload):
        x = NumpyCodec.decode_input(payload.inputs[0])
        with np.errstate(all="ignore"):
            outputs = [NumpyCodec.encode_output("y", np.log(x))]
        outputs.append(ResponseOutput(name="n", shape=[1], datatype="INT64", data=[2**53 + 1]))
        return InferenceResponse(model_name=self.name, outputs=outputs)
