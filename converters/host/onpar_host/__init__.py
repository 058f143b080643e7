"""The Python side of onpar's worker protocol (docs/worker-protocol.md). Needs numpy and nothing else."""

PROTOCOL = 1
HOST = "onpar_host"
