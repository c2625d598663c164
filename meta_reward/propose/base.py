"""The contract of a proposer: files in, files out.

A proposer reads `history/` and writes candidates to its staging folder: folders with `harness.py` and `proposal.md`.
What it writes is untrusted: only regular files are collected, bounded in number and size.
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
_EXPECTED = {"harness.py", "proposal.md", "validator.json"}  # the search itself writes the last

PACKAGE = Path(__file__).parents[1]
"""Hidden from agents: with it they could build the simulated world, including its sealed splits."""

TryHarness = Callable[[Path, Sequence[str]], Awaitable[object]]
"""Tries a draft on pairs of the search split, named by id, task or category, or on a sample if none are named."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a proposer is to do in one session. The session's folder is the parent of `staging`."""

    view: Path
    """The folder with the history, read-only."""
    staging: Path
    """The folder for candidates, the only one that the proposer may write to."""
    iteration: int
    candidates: int
    """The most candidates that it may leave."""
    seed: int
    rejected: tuple[str, ...] = ()
    """Names of folders in staging to fix, each with the validator's findings in `validator.json`."""
    instructions: str = ""
    max_usd: float = 0.0
    """The most US dollars that it may spend; 0 for no limit."""
    is_spent: Callable[[], bool] = lambda: False
    """Whether the run's money is used up; trying drafts uses it too."""
    try_harness: TryHarness | None = None
    """How an agent in this process tries a draft."""
    query: AnswerRequest | None = None
    """How an agent in this process queries the history."""
    socket: Path | None = None
    """The socket on which an agent in a jail does both."""
    hidden: tuple[Path, ...] = ()
    """Folders that no jail may show."""
    kind: str = "reward"
    """The kind of programs that are searched for."""

    @property
    def home(self) -> Path:
        """The agent's home folder: empty when the session begins, removed when it ends."""
        return self.staging.parent / "home"

    @property
    def transcript(self) -> Path:
        """The raw record of the session."""
        return self.staging.parent / "transcript.jsonl"


def check_variables(names: Sequence[str]) -> None:
    """Raise UsageError if one of these environment variables, which a proposer is to get, is not set."""
    for name in names:
        if name not in os.environ:
            raise UsageError(f"--proposer-env {name}: it is not set", hint="set it, or leave it out")


class Proposer(Protocol):
    """Writes candidates, one session per iteration."""

    @property
    def repairs(self) -> bool:
        """Whether it can be asked to fix candidates that the validator refused."""
        ...

    def check(self) -> None:
        """Raise UsageError if no session could start on this machine."""
        ...

    async def propose(self, assignment: Assignment) -> object:
        """Write candidates to staging, and events to the transcript. Raises ProposerError."""
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
    """A candidate as a proposer left it. folder: the name of its folder in staging."""

    folder: str
    source: str
    proposal: str

    @property
    def name(self) -> str:
        return slug(self.folder)


def slug(text: str) -> str:
    """A text as part of a candidate's name: at most 40 lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].rstrip("-") or "candidate"


def collect(staging: Path, *, most: int, order: Sequence[str] = ()) -> tuple[list[Draft], list[str]]:
    """The drafts in staging, and notes on what was left out.

    most: drafts at most. order: names of the folders in order; if empty, all folders, sorted by name.
    """
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
            if others := _others(path, _EXPECTED if proposal is not None else _EXPECTED - {"proposal.md"}):
                notes.append(f"{folder!r} holds {others} as well: left out")
    notes.sort(key=lambda note: "is not a folder" in note)  # notes on folders first: those were meant as candidates
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


def _others(folder: Path, expected: Collection[str]) -> str:
    """The first few names of other files in a candidate's folder, as a text."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name not in expected)
    except OSError:  # a folder may be searchable but not readable
        return "what cannot be listed"
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(map(repr, names[:_MAX_NAMES])) + more


def keep_only(staging: Path, drafts: Sequence[Draft]) -> None:
    """Remove everything from staging except the collected drafts."""
    aside = Path(tempfile.mkdtemp(dir=staging.parent, prefix="left-"))
    if staging.is_symlink() or staging.exists():
        staging.rename(aside / staging.name)
    for draft in drafts:
        files.write_bytes(staging / draft.folder / "harness.py", draft.source.encode())
        files.write_bytes(staging / draft.folder / "proposal.md", draft.proposal.encode())
    staging.mkdir(exist_ok=True)
    folders.remove_folder(aside)


def _read(path: Path, most: int) -> str | None:
    """The text of a regular file, up to one byte more than `most`; None if there is none.

    Follows no link and does not block on a pipe.
    """
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
    # The extra byte lets the validator recognise an oversized harness, while the record stays small.
    return data.decode(errors="replace").replace("\r\n", "\n")


def _read_up_to(handle: int, most: int) -> bytes:
    data = b""
    while len(data) < most and (chunk := os.read(handle, most - len(data))):
        data += chunk
    return data
