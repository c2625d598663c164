"""Scores for all trajectories of some files: one line of output for each, in order, in constant memory.

    {"n": 1, "place": FILE AND LINE, "id": ..., "task": ..., "score": 0 to 100 or null, "reason": ...,
     "findings": {...}, "error": null or why, "usage": {...}, "trajectory": DIGEST, "by": DIGEST}

The output is its own journal. A start reads the lines that an earlier one has written, checks that they belong to the
same trajectories, harness and judge, and continues after them; a torn last line is written again. Replies that were
paid for but not written yet are in the cache. Until a start finishes, a billing log adds up what all of them have
spent, so a limit in dollars holds for all together.
"""

import fcntl
import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import Tokens
from meta_reward.models.billing import BillingLog
from meta_reward.models.usage import Spent, dollars
from meta_reward.search.open import open_backend, open_bill
from meta_reward.trajectory import trajectory_to_json
from meta_reward.use.best import BestOf
from meta_reward.use.in_order import in_order
from meta_reward.use.loaded import Loaded
from meta_reward.use.scorer import Scored, Scorer, unreadable
from meta_reward.use.trajectories import Row, read_trajectories

_MOST_KINDS = 1000  # different errors that are counted


@dataclass(frozen=True, slots=True)
class Job:
    """What to score, with which harness, and where to write the scores."""

    loaded: Loaded
    paths: tuple[Path, ...]
    out: Path | None = None
    """None for standard output, which cannot be resumed."""
    best_of: str | None = None
    """The field that names the task, to pick the best trajectory of each task; `task` for the format's own field."""
    format: str | None = None
    """The format of all files; None to detect it for each."""
    task_key: str | None = None
    """The field that names the task, if not the format's own."""

    @property
    def best_path(self) -> Path | None:
        """The file for the best trajectory of each task."""
        return None if self.out is None else self.out.with_suffix(".best.jsonl")

    def rows(self) -> Iterator[Row]:
        """Every trajectory of the files, in order."""
        for path in self.paths:
            yield from read_trajectories(path, self.loaded.shared, task_key=self.task_field, format=self.format)

    @property
    def task_field(self) -> str | None:
        """The field that names the task; None for the format's own."""
        return self.task_key if self.best_of in (None, "task") else self.best_of


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the output."""

    n: int
    """Counted from 1."""
    place: str
    """Where the trajectory comes from, such as `runs.jsonl, line 17`."""
    id: str | None
    task: str | None
    score: float | None
    """From 0 to 100; None if there is none, and `error` says why."""
    reason: str
    findings: Mapping[str, Any]
    error: str | None
    usage: Tokens
    """Cached calls count in full, so that it is the same however often the command was stopped."""
    trajectory: str | None
    """Its digest; None if it could not be read."""
    by: str
    """Digest of harness, judge and budget."""


@dataclass(slots=True)
class Tally:
    """What has been done so far, for the progress display and the final summary."""

    lines: int = 0
    """Lines of the output, including those of earlier starts."""
    earlier_lines: int = 0
    """Lines that earlier starts have written."""
    failed: int = 0
    """Lines without a score."""
    errors: Counter[str] = field(default_factory=Counter)
    """How often each error occurred."""
    spent: Spent = field(default_factory=Spent)
    """What all starts have spent."""
    earlier: Spent = field(default_factory=Spent)
    """What earlier starts have spent."""
    simulated: bool = False
    best: BestOf = field(default_factory=BestOf)

    def add(self, row: Row, score: float | None, error: str | None) -> None:
        """Count one more line."""
        self.lines += 1
        self.best.add(self.lines, row.task, row.id, score)
        if score is None:
            self.failed += 1
            if len(self.errors) < _MOST_KINDS or error in self.errors:
                self.errors[str(error)] += 1


Watch = Callable[[Tally], None]
"""Called after each line."""


async def score_files(
    job: Job, *, watch: Watch = lambda tally: None, notice: Callable[[str], None] = lambda text: None
) -> Tally:
    """Score every row that has no line yet. watch: called after each line. notice: called with messages for people.

    Raises UsageError, DataError, JudgeUnavailable and LimitReached.
    """
    tally = Tally()
    with _output(job) as out, _bill(job) as (billing, earlier):
        tally.earlier = earlier
        async with Scorer(job.loaded, billing=billing, spent=earlier, notice=notice) as scorer:
            tally.simulated = scorer.gateway.backend.simulated
            tally.spent = scorer.spent
            try:
                await _score_rest(job, out, scorer, tally, watch)
            finally:
                tally.spent = scorer.spent
                if tally.lines and sys.exc_info()[0] is not None:
                    notice(_paid(tally))
    if job.best_of and job.best_path:
        files.write_lines(job.best_path, job_best(tally))
    return tally


def job_best(tally: Tally) -> Iterator[Any]:
    """The best trajectory of each task, one line each."""
    return iter(tally.best)


async def _score_rest(job: Job, out: IO[bytes], scorer: Scorer, tally: Tally, watch: Watch) -> None:
    rows = job.rows()
    left = _after_earlier_lines(job, rows, out, tally) if job.out else rows

    async def score(row: Row) -> Scored:
        if row.trajectory is None:
            return unreadable(row.problem)
        return await scorer.score_trajectory(row.trajectory)

    def emit(row: Row, scored: Scored) -> None:
        tally.add(row, scored.score, scored.error)
        with files.writing(job.out or Path("standard output")) if job.out else nullcontext():
            out.write(files.dump_line(_line(tally.lines, row, scored, job.loaded.digest)))
            out.flush()
        tally.spent = scorer.spent
        watch(tally)

    await in_order(left, score, emit, at_once=scorer.gateway.concurrency)


def _line(n: int, row: Row, scored: Scored, by: str) -> Line:
    return Line(
        *(n, row.place, row.id, row.task, scored.score, scored.reason, scored.findings, scored.error, scored.usage),
        trajectory=_digest(row),
        by=by,
    )


def _digest(row: Row) -> str | None:
    if row.trajectory is None:
        return None
    return files.digest(trajectory_to_json(row.trajectory))[:16]


def _after_earlier_lines(job: Job, rows: Iterator[Row], out: IO[bytes], tally: Tally) -> Iterator[Row]:
    """The rows after those that the output has lines for. Leaves the output positioned to write the next line."""
    for row in rows:
        start = out.tell()
        text = out.readline()
        if not text.endswith(b"\n"):  # the end, or a torn line
            out.truncate(start)
            out.seek(start)
            return itertools.chain([row], rows)
        line = _earlier(text)
        if (line.get("by"), line.get("trajectory", "")) != (job.loaded.digest, _digest(row)):
            what = f"{job.out}, line {tally.lines + 1}, is not the score of {row.place} by this harness and judge"
            raise UsageError(what, hint="choose another --out, or remove it")
        tally.add(row, line.get("score"), line.get("error"))
        tally.earlier_lines += 1
    if out.readline():
        raise UsageError(f"{job.out} has more lines than there are trajectories", hint="choose another --out")
    return iter(())


def _earlier(text: bytes) -> dict[str, Any]:
    try:
        line = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return line if isinstance(line, dict) else {}


@contextmanager
def _output(job: Job) -> Iterator[IO[bytes]]:
    """The output, open for reading and writing; a file is locked for this process."""
    if job.out is None:
        yield sys.stdout.buffer
        return
    if any(job.out.resolve() == path.resolve() for path in job.paths):
        raise UsageError(f"{job.out} is one of the files to score", hint="choose another --out")
    with files.writing(job.out):
        job.out.parent.mkdir(parents=True, exist_ok=True)
        job.out.touch()
        file = job.out.open("r+b")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{job.out} is being written by another process", hint="wait for it") from None
        yield file


def _bill(job: Job) -> AbstractContextManager[tuple[BillingLog, Spent]]:
    """A billing log that is kept until everything is scored, with what earlier starts spent; none if simulated."""
    backend = open_backend(job.loaded.config)
    where = [job.out] if job.out else job.paths
    of = [job.loaded.digest, *(str(path.resolve()) for path in where)]
    return open_bill(job.loaded.config, backend, "score", of)


def _paid(tally: Tally) -> str:
    paid = "" if tally.simulated else f", {dollars(tally.spent.usd, decimals=4)} is paid"
    return f"lines written: {tally.lines}{paid}; the same command goes on from there"
