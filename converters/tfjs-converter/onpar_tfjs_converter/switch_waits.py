"""Loops written as Switch and Merge, so that TensorFlow.js can run them."""

from __future__ import annotations

from typing import Any


def drop_switch_waits(topology: dict[str, Any]) -> int:
    """Takes control inputs from a Switch out of a GraphDef in JSON, in place; returns how many.

    TensorFlow runs a node behind `^switch` once the Switch has run. TensorFlow.js 4.22 waits for the
    Switch's first output instead, which does not exist in a loop's body: the loop never ends, and
    every call fails with "Cannot compute the outputs" (Keras' LSTM and GRU). The frame's pivot, an
    Identity of the output that does exist, orders the same nodes: an input goes only where one of
    those, or any other, remains.
    """
    nodes = topology.get("node", [])
    waits = {f"^{node['name']}" for node in nodes if node["op"] == "Switch"}
    dropped = 0
    for node in nodes:
        inputs = node.get("input", [])
        kept = [name for name in inputs if name not in waits]
        if kept and len(kept) < len(inputs):
            dropped += len(inputs) - len(kept)
            node["input"] = kept
    return dropped
