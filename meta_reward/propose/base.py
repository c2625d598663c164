"""The proposer's contract: files in, files out.

A proposer reads `history/` and leaves folders with `harness.py` and `proposal.md` in its staging
folder. What it leaves is untrusted: only regular files are collected, bounded in number and size.
"""

import os
import re
import stat
import tempfile
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from meta_reward import files, folders
from meta_reward.errors import UsageError
from meta_reward.harness.validate import MAX_BYTES
from meta_reward.propose.session_server import AnswerRequest

MAX_PROPOSAL_BYTES = 64 * 1024
_MAX_NOTES, _MAX_NAMES = 20, 5
_TAKEN = {"harness.py", "proposal.md", "validator.json"}  # the last is ours

PACKAGE = Path(__file__).parents[1]
"""Hidden from agents: with it they could build the simulated world, including its sealed splits."""

TryHarness = Callable[[Path, Sequence[str]], Awaitable[object]]
"""Runs a draft on the named pairs of the search split, or on a sample if none are named."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One session of a proposer, whose own folder is the parent of staging."""

    view: Path
    """The folder that it is shown, read only."""
    staging: Path
    """The only folder that it writes to."""
    iteration: int
    candidates: int
    """How many it may leave."""
    seed: int
    rejected: tuple[str, ...] = ()
    """Folders to fix, each with its findings in `validator.json`."""
    instructions: str = ""
    max_usd: float = 0.0
    """What it may spend, 0 for no limit."""
    is_spent: Callable[[], bool] = lambda: False
    """Whether the run's money is used up, which trying drafts uses as well."""
    try_harness: TryHarness | None = None
    """How an agent in this process tries a draft."""
    query: AnswerRequest | None = None
    """How an agent in this process asks about the history."""
    socket: Path | None = None
    """Where an agent in a jail asks for both."""
    hidden: tuple[Path, ...] = ()
    """Folders that no jail may show."""
    kind: str = "reward"
    """What programs the search is over."""

    @property
    def home(self) -> Path:
        """The agent's home folder: empty when a session begins, removed when it ends."""
        return self.staging.parent / "home"

    @property
    def transcript(self) -> Path:
        """The raw record of the session."""
        return self.staging.parent / "transcript.jsonl"


def check_variables(names: Sequence[str]) -> None:
    """Raise UsageError for a variable that a proposer is to be given but that is not set."""
    for name in names:
        if name not in os.environ:
            raise UsageError(f"--proposer-env {name}: it is not set", hint="set it, or leave it out")


class Proposer(Protocol):
    """Whatever writes candidates."""

    @property
    def repairs(self) -> bool:
        """Whether it can be asked to fix what the validator refused."""
        ...

    def check(self) -> None:
        """Raise UsageError if no session could start on this machine."""
        ...

    async def propose(self, assignment: Assignment) -> object:
        """Write candidates into staging, and events into the transcript. Raises ProposerError."""
        ...


def render_prompt(assignment: Assignment, *, view: Path, staging: Path, resumed: bool = False) -> str:
    """An agent's prompt, with its folders as it sees them. resumed: it has read its instructions already."""
    repairs = ""
    if assignment.rejected:
        names = "\n".join(f"- {staging / name}" for name in map(files.printable, assignment.rejected))
        repairs = (
            "The validator refused these candidates of this session; `validator.json` beside each harness says why. "
            f"Fix them in place, once, and change nothing else.\n\n{names}\n"
        )
    if resumed:
        return repairs
    return (
        f"{assignment.instructions.rstrip()}\n\n# This session\n\n"
        f"- The history is in {view}; it cannot be written to.\n"
        f"- Leave your candidates in {staging}, one folder each; nothing else can be written to.\n"
        f"- This is iteration {assignment.iteration}. Leave up to {assignment.candidates} "
        f"candidate{'s' if assignment.candidates != 1 else ''}, then end.\n" + (f"\n{repairs}" if repairs else "")
    )


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
    """The drafts in staging, and notes on what was left out. order: folder names; sorted by name without it."""
    drafts: list[Draft] = []
    notes: list[str] = []
    if staging.is_symlink() or not staging.is_dir():
        return [], ["the staging folder is gone"]
    for folder in order or sorted(entry.name for entry in os.scandir(staging)):
        path = staging / folder
        if not _is_utf8(folder):
            notes.append(f"{folder!r} is not a name in UTF-8: left out")
            continue
        if path.is_symlink() or not path.is_dir():
            notes.append(f"{folder!r} is not a folder: left out")
            continue
        source = _read(path / "harness.py", MAX_BYTES)
        if source is None:
            notes.append(f"{folder!r} holds no regular file harness.py: left out")
        elif len(drafts) == most:
            notes.append(f"{folder!r} is more than the {most} candidates asked for: left out")
        else:
            proposal = _read(path / "proposal.md", MAX_PROPOSAL_BYTES)
            drafts.append(Draft(folder, source, proposal or ""))
            if others := _others(path, _TAKEN if proposal is not None else _TAKEN - {"proposal.md"}):
                notes.append(f"{folder!r} holds {others} as well: left out")
    notes.sort(key=lambda note: "is not a folder" in note)  # notes on what was meant as a candidate come first
    if len(notes) > _MAX_NOTES:
        notes[_MAX_NOTES:] = [f"{len(notes) - _MAX_NOTES} more were left out"]
    return drafts, notes


def _is_utf8(name: str) -> bool:
    """Whether a file's name is valid UTF-8, so that it can be recorded."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _others(folder: Path, taken: Collection[str]) -> str:
    """The first few names of what else there is in a candidate's folder."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name not in taken)
    except OSError:  # a folder may be searchable but not readable
        return "what cannot be listed"
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(map(repr, names[:_MAX_NAMES])) + more


def keep_only(staging: Path, drafts: Sequence[Draft]) -> None:
    """Make staging hold the collected drafts and nothing else, whatever the session left there."""
    aside = Path(tempfile.mkdtemp(dir=staging.parent, prefix="left-"))
    if staging.is_symlink() or staging.exists():
        staging.rename(aside / staging.name)
    for draft in drafts:
        files.write_bytes(staging / draft.folder / "harness.py", draft.source.encode())
        files.write_bytes(staging / draft.folder / "proposal.md", draft.proposal.encode())
    staging.mkdir(exist_ok=True)
    folders.remove_folder(aside)


def _read(path: Path, most: int) -> str | None:
    """A regular file's text, None if there is none. Follows no link and waits for no pipe."""
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
    # One byte over the limit lets the validator recognise an oversized harness and keeps the record small.
    return data.decode(errors="replace").replace("\r\n", "\n")


def _read_up_to(handle: int, most: int) -> bytes:
    data = b""
    while len(data) < most and (chunk := os.read(handle, most - len(data))):
        data += chunk
    return data
