"""Reads a draft in a staging folder at the request of an agent that may write there.

The path and the folder are untrusted: only a regular file of bounded size below the folder is read, and no
link is followed on the way to it.
"""

import os
import stat
from pathlib import Path

from meta_reward.errors import ProposerError
from meta_reward.harness.validate import MAX_BYTES

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


def read_draft(staging: Path, path: str) -> str:
    """The source of a draft; the path of a folder means the `harness.py` in it. Raises ProposerError."""
    names = _names(staging, path)
    try:
        data = _read_below(staging, names)
        if data is None:
            data = _read_below(staging, [*names, "harness.py"])
    except OSError as error:
        raise ProposerError(f"draft {path!r} cannot be read: {_reason(error)}") from None
    if data is None or len(data) > MAX_BYTES:
        raise ProposerError(f"draft {path!r} is not a regular file of at most {MAX_BYTES // 1024} KB")
    try:
        return data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ProposerError(f"draft {path!r} is not UTF-8 text (byte {error.start})") from None


def path_below(staging: Path, path: str) -> str:
    """A draft's path relative to the staging folder. Raises ProposerError for one outside of it."""
    return "/".join(_names(staging, path)) or "."


def _names(staging: Path, path: str) -> list[str]:
    """The names of the path from the staging folder down to the draft. Raises ProposerError."""
    whole = Path(os.path.normpath(staging / path))  # resolves no link
    if "\0" in path or not whole.is_relative_to(staging):
        raise ProposerError(f"draft {path!r} is not in the staging folder: name a file below it")
    return list(whole.relative_to(staging).parts)


def _read_below(folder: Path, names: list[str]) -> bytes | None:
    """The contents of a regular file at this path, up to one byte more than allowed; None if it is anything else."""
    here = os.open(folder, _FOLDER)
    try:
        for name in names:
            is_last = name is names[-1]
            there = os.open(name, _FILE if is_last else _FOLDER, dir_fd=here)
            os.close(here)
            here = there
        kind = os.fstat(here)
        if not stat.S_ISREG(kind.st_mode) or kind.st_nlink > 1:
            return None
        with os.fdopen(os.dup(here), "rb") as file:
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(here)


def _reason(error: OSError) -> str:
    return "a link is on the way" if error.strerror == "Too many levels of symbolic links" else error.strerror or "?"
