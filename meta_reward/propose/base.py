"""The proposer's contract: files in, files out.

A proposer reads `history/` and leaves folders with `harness.py` and `proposal.md` in its staging
folder. What is left is collected with suspicion: regular files only, bounded in number and size.
"""

import os
import re
import stat
import tempfile
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from meta_reward import files, folders
from meta_reward.errors import UsageError
from meta_reward.harness.validate import MAX_BYTES
from meta_reward.propose.session_server import AnswerRequest

MAX_PROPOSAL_BYTES = 64 * 1024
_MAX_NOTES, _MAX_NAMES = 20, 5
_TAKEN = {"harness.py", "proposal.md", "validator.json"}  # the last is ours


PACKAGE = Path(__file__).parents[1]
"""Hidden from agents: the simulated world could be built from it, sealed splits and all."""

TryHarness = Callable[[Path, Sequence[str]], Awaitable[dict[str, Any]]]
"""Runs a draft on pairs of the search split that it names; none named means a sample."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One session of a proposer, whose own folder is the parent of staging.

    view: the folder it is shown, read only. staging: the only place it writes to. candidates: how many
    it may leave. rejected: folders to mend, each with its findings in `validator.json`. instructions:
    what it is told. max_usd: what it may spend, 0 for no limit. is_spent: whether the run's money is used up by now,
    which its trials share. try_harness, query: how an agent of this process tries a draft, and asks about the
    history; socket: where one in a jail asks for the same. hidden: folders that no jail may show.
    """

    view: Path
    staging: Path
    iteration: int
    candidates: int
    seed: int
    rejected: tuple[str, ...] = ()
    instructions: str = ""
    max_usd: float = 0.0
    is_spent: Callable[[], bool] = lambda: False
    try_harness: TryHarness | None = None
    query: AnswerRequest | None = None
    socket: Path | None = None
    hidden: tuple[Path, ...] = ()

    @property
    def home(self) -> Path:
        """The agent's home folder: empty when a session begins, gone with it."""
        return self.staging.parent / "home"

    @property
    def transcript(self) -> Path:
        """The raw record of the session."""
        return self.staging.parent / "transcript.jsonl"


def check_variables(names: Sequence[str]) -> None:
    """Raise UsageError for a variable that a proposer is to be given, and that there is not."""
    for name in names:
        if name not in os.environ:
            raise UsageError(f"--proposer-env {name}: there is no such variable", hint="set it, or leave it out")


class Proposer(Protocol):
    """Whatever writes candidates."""

    @property
    def repairs(self) -> bool:
        """Whether it is worth calling again with what the validator refused."""
        ...

    def check(self) -> None:
        """Raise UsageError where no session could begin on this machine."""
        ...

    async def propose(self, assignment: Assignment) -> object:
        """Write candidates into staging, and what happens into the transcript. Raises ProposerError."""
        ...


def render_prompt(assignment: Assignment, *, view: Path, staging: Path, resumed: bool = False) -> str:
    """What an agent is told, with its folders as it sees them. resumed: it knows its instructions already."""
    repairs = ""
    if assignment.rejected:
        names = "\n".join(f"- {staging / name}" for name in map(files.printable, assignment.rejected))
        repairs = (
            "The validator refused these candidates of this session; `validator.json` beside each harness says why. "
            f"Mend them where they are, once, and change nothing else.\n\n{names}\n"
        )
    if resumed:
        return repairs
    return (
        f"{assignment.instructions.rstrip()}\n\n# This session\n\n"
        f"- The history is in {view}; it cannot be written to.\n"
        f"- Leave your candidates in {staging}, a folder each; nothing else can be written to.\n"
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
    """The drafts in staging and notes on what was left out. order: folder names; else sorted by name."""
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
    notes.sort(key=lambda note: "is not a folder" in note)  # what was meant as a candidate says more
    if len(notes) > _MAX_NOTES:
        notes[_MAX_NOTES:] = [f"{len(notes) - _MAX_NOTES} more were left out"]
    return drafts, notes


def _is_utf8(name: str) -> bool:
    """Whether a file's name is text, which can be written down; the system allows any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _others(folder: Path, taken: Collection[str]) -> str:
    """The first few names of what else there is in a candidate's folder."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name not in taken)
    except OSError:  # a folder may be entered and not be listed
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
