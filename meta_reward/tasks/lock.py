"""One writer at a time of the task sets in a folder: whoever labels, and whoever adds to one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meta_reward import files


@contextmanager
def locked(taskset: Path) -> Iterator[None]:
    """Wait for, and hold, the lock of a task set: that of the folder it is in, which leaves no file behind.

    Not that of its own folder, in whose place another comes when it grows.
    """
    with files.writing(taskset):
        handle = os.open(taskset.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
