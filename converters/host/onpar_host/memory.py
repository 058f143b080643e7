"""Peak memory of this process, since a mark where the system can do that."""

from __future__ import annotations

import re
import sys


def mark_peak() -> None:
    """Starts a new peak (Linux); elsewhere the peak is that of the process's life."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        return


def peak_bytes() -> int | None:
    """Bytes of resident memory at the peak, or None where it cannot be told."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            found = re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.MULTILINE)
        if found:
            return int(found.group(1)) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
