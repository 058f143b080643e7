"""onpar's plug-ins for OpenVINO."""

import sys

# OpenVINO's Python tools and NNCF report their use over the network without asking first.
# Without this package they fall back to stubs of their own that send nothing.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
