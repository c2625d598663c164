"""The proposer's contract: files in, files out.

A proposer reads `history/` and leaves folders with `harness.py` and `proposal.md` in its staging
folder. What is left is collected with suspicion: regular files only, bounded in number and size.
"""

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from meta_reward.harness.validate import MAX_BYTES

MAX_PROPOSAL_BYTES = 64 * 1024
_MAX_NOTES = 20


@dataclass(frozen=True, slots=True)
class Assignment:
    """One session of a proposer. candidates: how many it may leave. rejected: folders to mend."""

    history: Path
    staging: Path
    iteration: int
    candidates: int
    seed: int
    rejected: tuple[str, ...] = ()


class Proposer(Protocol):
    """Whatever writes candidates."""

    @property
    def repairs(self) -> bool:
        """Whether it is worth calling again with what the validator refused."""
        ...

    async def propose(self, assignment: Assignment) -> str:
        """Write candidates into staging; returns the log of the session. Raises ProposerError."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate as a proposer left it. folder: its name in staging."""

    folder: str
    source: str
    proposal: str

    @property
    def name(self) -> str:
        return slug(self.folder)


def slug(text: str) -> str:
    """A text as part of a candidate's name: short, lower case, letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].rstrip("-") or "candidate"


def collect(staging: Path, *, most: int, order: Sequence[str] = ()) -> tuple[list[Draft], list[str]]:
    """The drafts in staging and notes on what was left out. order: folder names; else sorted by name."""
    drafts: list[Draft] = []
    notes: list[str] = []
    if not staging.is_dir():
        return [], ["the staging folder is gone"]
    for folder in order or sorted(entry.name for entry in os.scandir(staging)):
        path = staging / folder
        if path.is_symlink() or not path.is_dir():
            notes.append(f"{folder!r} is not a folder: left out")
            continue
        source = _read(path / "harness.py", MAX_BYTES)
        if source is None:
            notes.append(f"{folder!r} holds no regular file harness.py: left out")
        elif len(drafts) == most:
            notes.append(f"{folder!r} is more than the {most} candidates asked for: left out")
        else:
            drafts.append(Draft(folder, source, _read(path / "proposal.md", MAX_PROPOSAL_BYTES) or ""))
    if len(notes) > _MAX_NOTES:
        notes[_MAX_NOTES:] = [f"{len(notes) - _MAX_NOTES} more were left out"]
    return drafts, notes


def _read(path: Path, most: int) -> str | None:
    """A regular file's text, None where there is none. Follows no link and waits for no pipe."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        data = _read_up_to(handle, most + 1)
    finally:
        os.close(handle)
    # One byte too many keeps an oversized harness recognisable to the validator, and the record small.
    return data.decode(errors="replace").replace("\r\n", "\n")


def _read_up_to(handle: int, most: int) -> bytes:
    data = b""
    while len(data) < most and (chunk := os.read(handle, most - len(data))):
        data += chunk
    return data
