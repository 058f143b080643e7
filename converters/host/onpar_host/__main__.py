"""`python -m onpar_host --toolchain /abs/converters/<name> [--warm]`."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import importlib.util
import io
import os
import sys


def main() -> int:
    """Serves until stdin ends. Exit code 2: started without a channel or a toolchain."""
    # `-m` puts the scratch folder first on sys.path; nothing may be imported from there.
    if sys.path and os.path.abspath(sys.path[0] or ".") == os.getcwd():
        sys.path.pop(0)
    arguments = _arguments()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    faulthandler.enable()
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

    from .channel import Channel, refuse_all

    try:
        channel = Channel()
    except OSError as error:
        print(f"onpar_host: file descriptor 3 is no channel ({error})", file=sys.stderr)
        return 2
    if importlib.util.find_spec("numpy") is None:
        refuse_all(channel, f"the environment {sys.prefix} lacks numpy", "pip install numpy there")
        return 0

    from .dependencies import install_audit_hook
    from .local_modules import install_fresh_imports
    from .native_readers import install_reader_hooks
    from .packages import require
    from .toolchain import Toolchain
    from .worker import Worker, serve

    install_audit_hook()
    install_reader_hooks()
    install_fresh_imports()
    worker = Worker(Toolchain(arguments.toolchain))
    if arguments.warm:
        # What is missing is answered by the request that needs it.
        with contextlib.suppress(Exception):
            require(worker.toolchain.framework)
    serve(worker, channel)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="onpar_host", description=__doc__)
    parser.add_argument("--toolchain", required=True, help="a folder with a toolchain.json")
    parser.add_argument(
        "--warm", action="store_true", help="import the framework before the first request"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
