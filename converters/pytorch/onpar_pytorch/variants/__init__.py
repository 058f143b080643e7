"""A module run otherwise than deployed (docs/worker-protocol.md, `open`, variant)."""
