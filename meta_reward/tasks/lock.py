"""One writer at a time for the task sets in a folder: a process that labels one or adds to it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meta_reward import files


@contextmanager
def locked(taskset: Path) -> Iterator[None]:
    """Wait for the lock of a task set and hold it in the block.

    The lock is on the parent folder, which leaves no file behind. A lock on the task set's own folder would not do,
    because that folder is replaced when the task set grows.
    """
    with files.writing(taskset):
        handle = os.open(taskset.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
