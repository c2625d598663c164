"""Claims on questions: of several processes that want the same reply, one asks, and the others wait for it.

    <folder>/claims      an empty file; a question is a byte of it, and a claim is a lock on that byte

The kernel releases the locks of a process when it dies, so a claim never outlives its owner. One open file serves any
number of claims. Where the file system has no locks, every claim is granted: the worst is that both processes ask.
"""

import fcntl
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

_OFFSET_DIGITS = 15  # of a key: 60 bits, so that two keys share a byte by chance about never


class Claims:
    """The claims of this process in a folder. Get it from `claims_in`: a process may open the file only once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._held: set[str] = set()

    def take(self, key: str) -> bool:
        """Claim a question; False if somebody else holds it, in this process or in another."""
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
        """Give up a claim; nothing happens to one that is not held."""
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
    """The claims of this process in a folder. Never closed: that would release those of others in this process."""
    return Claims(folder / "claims")


def _offset(key: str) -> int:
    return int(key[:_OFFSET_DIGITS], 16)
