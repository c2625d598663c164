"""One writer per run: a file lock that the kernel releases when its holder dies."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from meta_reward import files
from meta_reward.errors import DataError, RunInUse
from meta_reward.run.layout import Layout

_PATIENCE_S = 1.0  # another process may hold the lock for a moment, to see if the run is in use


@contextmanager
def locked(layout: Layout, *, what: str = "run") -> Iterator[None]:
    """Hold the run's lock in the block. Raises RunInUse that names the holder. what: `run` or `study`, for messages."""
    with files.writing(layout.work):
        layout.work.mkdir(parents=True, exist_ok=True)
    from filelock import FileLock, Timeout

    lock = FileLock(layout.work / "lock")
    try:
        lock.acquire(timeout=_PATIENCE_S)
    except Timeout:
        raise RunInUse(layout.root.name, _holder(layout), what=what) from None
    try:
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        files.write_json(_holder_file(layout), {"pid": os.getpid(), "host": socket.gethostname(), "since": started})
        yield
    finally:
        _holder_file(layout).unlink(missing_ok=True)
        lock.release()


def is_locked(layout: Layout) -> bool:
    """Whether a process holds the run's lock."""
    try:
        with (layout.work / "lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # like FileLock, but without importing it
            return False
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True


def _holder_file(layout: Layout) -> Path:
    return layout.work / "holder.json"


def _holder(layout: Layout) -> str:
    try:
        held = files.load_json(_holder_file(layout))
        return f"process {held['pid']} on {held['host']} since {held['since']}"
    except (DataError, KeyError, TypeError):
        return "another process"
