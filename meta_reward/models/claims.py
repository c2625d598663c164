"""Claims on questions: if several processes want the same reply, one of them asks and the others wait.

    <folder>/claims      an empty file; every question has a byte in it, and a claim is a lock on that byte

The kernel releases the locks of a process when it dies, so a claim never outlives its owner. One open file serves any
number of claims. On a file system without locks, every claim is granted; at worst, both processes ask.
"""

import fcntl
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

_OFFSET_DIGITS = 15  # hexadecimal digits of a key: 60 bits, so two keys practically never share a byte


class Claims:
    """The claims of this process in a folder. Use `claims_in` to get it: a process must open the file only once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._held: set[str] = set()

    def take(self, key: str) -> bool:
        """Claim a question. Returns False if it is already claimed, by this process or another."""
        if key in self._held:
            return False
        try:
            fcntl.lockf(self._open(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _offset(key))
        except (BlockingIOError, PermissionError):  # either may say that it is locked
            if self._file is not None:
                return False
        except OSError:
            pass  # no locks here
        self._held.add(key)
        return True

    def release(self, key: str) -> None:
        """Release a claim; does nothing if it is not held."""
        if key in self._held:
            self._held.remove(key)
            with suppress(OSError):
                fcntl.lockf(self._open(), fcntl.LOCK_UN, 1, _offset(key))

    def _open(self) -> int:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._file


@cache
def claims_in(folder: Path) -> Claims:
    """The claims of this process in a folder. The file is never closed: that would release all of its claims."""
    return Claims(folder / "claims")


def _offset(key: str) -> int:
    return int(key[:_OFFSET_DIGITS], 16)
