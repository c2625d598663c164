"""One session of an optimizer, in its own process: `python -m meta_reward.propose.optimizers NAME JOB`.

Reads the job and the history that it names, asks the writing model, and leaves drafts in staging. Exits with 69 if the
model cannot be reached, since the next session would fail in the same way.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from meta_reward import files
from meta_reward.errors import JudgeUnavailable, MetaRewardError
from meta_reward.harness.validate import MAX_BYTES, docstring
from meta_reward.propose.optimizers.evidence import Tried, load_replies, load_tried
from meta_reward.propose.transcript import Transcript
from meta_reward.propose.writer import Writer, open_writer_gateway
from meta_reward.run.layout import HistoryLayout

UNAVAILABLE = 69
_REPLAYED = ("gepa",)
_QUESTIONS_FOR_EACH = 4  # more than 1, as a reply without a new program costs a question too


class Ask(Protocol):
    """Asks the writing model."""

    def __call__(self, prompt: str, system: str | None = None) -> str: ...


@dataclass(frozen=True, slots=True)
class Job:
    """What a session's process is told: `Assignment` and settings, as plain JSON."""

    view: str
    staging: str
    transcript: str
    iteration: int
    candidates: int
    seed: int
    instructions: str
    writer: str
    writer_settings: dict[str, Any] = field(default_factory=dict)
    max_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Task:
    """What an optimizer works on."""

    tried: Sequence[Tried]
    """All candidates so far, the baseline first."""
    instructions: str
    interface: str
    iteration: int
    candidates: int
    """The number of programs that are wanted."""
    seed: int

    @property
    def start(self) -> Tried:
        """The best of the seeds."""
        return max((one for one in self.tried if one.row and not one.row.iteration), key=lambda one: one.score)


@dataclass(frozen=True, slots=True)
class Written:
    """A new program, and the ids of the candidates that it was made from."""

    source: str
    parents: Sequence[str]
    name: str = ""
    """The name of its folder; if empty, the optimizer's name."""
    proposal: str = ""
    """The contents of `proposal.md`; if empty, it is made from the program's docstring."""


Optimizer = Callable[[Task, Ask], Sequence[Written]]


def main(name: str, path: str) -> int:
    job = Job(**files.load_json(Path(path)))
    try:
        run(import_module(f"meta_reward.propose.optimizers.{name}").propose, name, job)
    except MetaRewardError as error:
        print(f"{name}: {error}")
        return UNAVAILABLE if isinstance(error, JudgeUnavailable) else 1
    return 0


def run(propose: Optimizer, name: str, job: Job) -> None:
    """Run an optimizer on a job, and leave its programs as drafts. name: of the optimizer."""
    history = HistoryLayout(Path(job.view))
    task = Task(
        load_tried(history),
        job.instructions,
        files.read_text(history.interface),
        job.iteration,
        job.candidates,
        job.seed,
    )
    recorded = load_replies(history) if name in _REPLAYED else []
    for number, written in enumerate(propose(task, _asking(job, recorded)), 1):
        save_draft(Path(job.staging) / f"{written.name or name}-{number}", written)


def save_draft(folder: Path, written: Written) -> None:
    """Save a program as a draft."""
    source = written.source.encode()[: MAX_BYTES + 1].decode(errors="ignore")
    idea = ""
    with suppress(SyntaxError):
        idea = docstring(source)
    proposal = (
        written.proposal
        or f"---\nparents: [{', '.join(written.parents)}]\n---\n## Hypothesis\n\n{idea or 'None given.'}\n"
    )
    files.write_bytes(folder / "harness.py", source.encode())
    files.write_bytes(folder / "proposal.md", proposal.encode())


def _asking(job: Job, recorded: Sequence[str]) -> Ask:
    """A blocking function that asks the writing model; its calls run on an event loop in another thread."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    writer = Writer(
        open_writer_gateway(job.writer, job.writer_settings),
        Transcript(Path(job.transcript)),
        iteration=job.iteration,
        seed=job.seed,
        most=_QUESTIONS_FOR_EACH * job.candidates,
        max_usd=job.max_usd,
        recorded=recorded,
    )

    def ask(prompt: str, system: str | None = None) -> str:
        return asyncio.run_coroutine_threadsafe(writer.ask(prompt, system), loop).result()

    return ask
