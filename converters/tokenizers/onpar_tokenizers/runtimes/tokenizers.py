"""The Rust library behind Transformers, from a tokenizer.json."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError, failing_as
from onpar_host.model import Model
from onpar_host.packages import package_version, require
from onpar_host.session import Session
from onpar_host.tensor import Tensor, as_tensor

PAD = -1
"""Behind the end of a shorter row: no token has this id."""


def version() -> str:
    """The package's version."""
    return package_version("tokenizers")


def open_model(model: Model, options: dict[str, Any], inputs: list[TensorSpec]) -> Session:
    """Raises WorkerError `model-load-failed` for what is no tokenizer.json."""
    package = require("tokenizers")
    with failing_as(
        "model-load-failed",
        model.shown,
        model.root,
        fix="name the tokenizer.json that save_pretrained or Tokenizer.save wrote",
    ):
        tokenizer = package.Tokenizer.from_file(model.path)
    return TokenizerSession(tokenizer, options)


class TokenizerSession(Session):
    """Texts in; ids, tokens, masks and the text again out, rows filled up to the longest.

    Truncation and padding are those of the file. Outputs: `ids` int64 [batch, tokens] (-1 behind the
    end), `attention_mask` and `type_ids` int64, `tokens` text, `decoded` text [batch].
    """

    def __init__(self, tokenizer: Any, options: dict[str, Any]) -> None:
        rows: list[Any] = ["batch", "tokens"]
        outputs = [
            TensorSpec("ids", "int64", rows),
            TensorSpec("attention_mask", "int64", rows),
            TensorSpec("type_ids", "int64", rows),
            TensorSpec("tokens", "string", rows),
            TensorSpec("decoded", "string", ["batch"]),
        ]
        if options["offsets"]:
            outputs.append(TensorSpec("offsets", "int64", [*rows, 2]))
        contract = Contract([TensorSpec("text", "string", ["batch"])], outputs, "declared")
        facts = {
            "model": type(tokenizer.model).__name__,
            "vocabulary": tokenizer.get_vocab_size(with_added_tokens=True),
            "specialTokens": options["specialTokens"],
            "truncation": tokenizer.truncation,
            "padding": tokenizer.padding,
            "inputRoles": {"text": {"role": "text", "because": "a tokenizer takes text"}},
        }
        super().__init__(contract, facts)
        self._tokenizer = tokenizer
        self._options = options

    def prepare(self, inputs: dict[str, Tensor]) -> list[str]:
        text = inputs["text"]
        if text.array.ndim != 1:
            raise WorkerError(
                "input-mismatch", f"text has {text.array.ndim} axes", fix="give one axis: the batch"
            )
        return [str(each) for each in text.array]

    def execute(self, feed: list[str]) -> tuple[list[Any], list[str]]:
        special = self._options["specialTokens"]
        encoded = self._tokenizer.encode_batch(feed, add_special_tokens=special)
        decoded = [self._tokenizer.decode(e.ids, skip_special_tokens=False) for e in encoded]
        return encoded, decoded

    def collect(self, result: tuple[list[Any], list[str]]) -> dict[str, Tensor]:
        encoded, decoded = result
        made = {
            "ids": _filled([e.ids for e in encoded], PAD),
            "attention_mask": _filled([e.attention_mask for e in encoded], 0),
            "type_ids": _filled([e.type_ids for e in encoded], 0),
            "tokens": as_tensor(_rows([e.tokens for e in encoded], "")),
            "decoded": as_tensor(np.array(decoded, dtype=object)),
        }
        if self._options["offsets"]:
            made["offsets"] = _filled([e.offsets for e in encoded], (PAD, PAD))
        return made


def _rows(rows: list[list[Any]], filler: Any) -> Any:
    longest = max((len(row) for row in rows), default=0)
    filled = [[*row, *[filler] * (longest - len(row))] for row in rows]
    return np.array(filled, dtype=object).reshape(len(rows), longest)


def _filled(rows: list[list[Any]], filler: Any) -> Tensor:
    longest = max((len(row) for row in rows), default=0)
    shape = (len(rows), longest, 2) if isinstance(filler, tuple) else (len(rows), longest)
    filled = [[*row, *[filler] * (longest - len(row))] for row in rows]
    return Tensor(np.array(filled, dtype=np.int64).reshape(shape), "int64")
