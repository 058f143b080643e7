"""What a Transformers model takes, from its configuration and the signature of its forward."""

from __future__ import annotations

import inspect
from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.model import Model

TEXT: list[Any] = ["batch", "sequence"]
DECODED: list[Any] = ["batch", "decoder_sequence"]

Roles = dict[str, dict[str, Any]]
"""Input name → `{role, range?, because}` as the engine reads it from `facts.inputRoles`."""


def inputs_of(module: Any, model: Model) -> tuple[list[TensorSpec], Roles]:
    """Token ids and masks of a text model (with a decoder: of both sides), pixels of an image model.

    Raises WorkerError `model-load-failed` for other kinds, naming what they take.
    """
    config = module.config
    parameters = list(inspect.signature(module.forward).parameters)
    main = getattr(module, "main_input_name", parameters[0] if parameters else None)
    if main == "pixel_values":
        return _pixels(config), {"pixel_values": {"role": "image", "because": "pixel_values"}}
    if main != "input_ids":
        raise WorkerError(
            "model-load-failed",
            f"{model.shown}: {type(module).__name__} takes {main}, "
            "and onpar knows text (input_ids) and images (pixel_values)",
            fix="write a Python file that builds the module, with `inputs:` in the suite",
        )
    return _text(config, parameters)


def _text(config: Any, parameters: list[str]) -> tuple[list[TensorSpec], Roles]:
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    words = int(text.vocab_size)
    ids = {"role": "token-ids", "range": [0, words - 1], "because": f"vocab_size {words}"}
    mask = {"role": "mask", "because": "attention_mask"}
    specs = [TensorSpec("input_ids", "int64", TEXT)]
    roles: Roles = {"input_ids": ids}
    if "attention_mask" in parameters:
        specs.append(TensorSpec("attention_mask", "int64", TEXT))
        roles["attention_mask"] = mask
    kinds = int(getattr(text, "type_vocab_size", 0) or 0)
    if "token_type_ids" in parameters and kinds > 1:
        specs.append(TensorSpec("token_type_ids", "int64", TEXT))
        because = f"type_vocab_size {kinds}"
        roles["token_type_ids"] = {"role": "index", "range": [0, kinds - 1], "because": because}
    if getattr(config, "is_encoder_decoder", False):
        specs.append(TensorSpec("decoder_input_ids", "int64", DECODED))
        roles["decoder_input_ids"] = ids
    return specs, roles


def _pixels(config: Any) -> list[TensorSpec]:
    size = config.image_size
    height, width = size if isinstance(size, (list, tuple)) else (size, size)
    shape: list[Any] = ["batch", int(config.num_channels), int(height), int(width)]
    return [TensorSpec("pixel_values", "float32", shape)]
