"""Starts an agent's program with a clean environment, in its own process session; it dies with its parent.

Run as `python -I launch.py PIDFILE NAMES PROGRAM ARGUMENT...`: keeps only the environment variables in NAMES, separated
by commas (one that ends with `*` is a prefix), writes its process id to PIDFILE, and becomes PROGRAM. Needs only the
standard library, since it runs without installed packages.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def main(pidfile: str, names: str, program: str, *arguments: str) -> None:
    """Become the program."""
    kept = [name for name in names.split(",") if name]
    prefixes = tuple(name[:-1] for name in kept if name.endswith("*"))
    environment = {k: v for k, v in os.environ.items() if k in kept or (prefixes and k.startswith(prefixes))}
    if os.getpid() != os.getpgrp():
        os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    Path(pidfile).write_text(str(os.getpid()))
    os.execve(program, [program, *arguments], environment)


if __name__ == "__main__":
    main(*sys.argv[1:])
