"""How a harness behaves in the sandbox: on made-up trajectories, and against judges that answer badly.

A harness may refuse a reply that it cannot read by raising ValueError; every other failure is a finding,
and so is a reward that changes when the same trajectory is scored again, or after others. A harness without
findings is run once per process: a search validates its seeds before it creates the run and again as its
first candidates, and drafts before and after the proposer has had a chance to fix them.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from meta_reward import files
from meta_reward.completion import Backend
from meta_reward.errors import CandidateError
from meta_reward.harness.budget import Budget
from meta_reward.harness.child import SOURCE_NAME
from meta_reward.harness.conversation import KILLED, TRIES_IF_KILLED
from meta_reward.harness.level import Level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.validate import fixtures
from meta_reward.harness.validate.probes import PROBES, ProbeJudge
from meta_reward.harness.validate.report import Finding, steady
from meta_reward.harness.validate.smoke_judge import SmokeJudge
from meta_reward.models.gateway import Gateway
from meta_reward.trajectory import Trajectory, trajectory_to_json

# ValueError, its kin in the standard library, and a prompt beyond the window of the smoke judge, which may fit the
# real one's.
_REFUSALS = frozenset({"ValueError", "JSONDecodeError", "StatisticsError", "PromptTooLong"})
_TOO_LONG = frozenset({"time-out", "cpu-time"})
_WINDOW_TOKENS = 100_000
_AT_A_TIME = 4  # more would slow each other down
_MAX_MESSAGE_CHARS = 200
_MOST_PASSED = 100
_READ_WITH_CARE = "read replies with care: return 0 to 100, or raise ValueError where a reply cannot be read"
_FAILS_ALWAYS = "fix this first: it fails on every input"
_TAKE_ANY = "take any messages, calls and characters; skip what is not possible"
_SAME_AGAIN = "let a reward depend on the trajectory and the judge's replies alone: no clock, no randomness, no state"


@dataclass(frozen=True, slots=True)
class SmokeRun:
    """How scoring one trajectory ended."""

    score: float | None
    """None if it failed."""
    error: CandidateError | None
    seconds: float

    @property
    def refused(self) -> bool:
        """Whether the harness said that it cannot read a reply, which is allowed."""
        return self.error is not None and self.error.kind in _REFUSALS and bool(self.error.traceback)

    @property
    def outcome(self) -> tuple[float | None, str]:
        """What must not change when it is scored again."""
        return self.score, self.error.kind if self.error else ""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the runs showed."""

    findings: list[Finding]
    notes: list[Finding]
    seconds: float
    """How long the longest of them took."""


_Key = tuple[str, Level, Budget, tuple[str, ...], str]
_passed: dict[_Key, Behaviour] = {}


async def behaviour(source: str, sandbox: Sandbox, sample: Sequence[Trajectory] = ()) -> Behaviour:
    """Everything the runs show. sample: trajectories of a search split, to be scored in two orders."""
    key = _key(source, sandbox, sample)
    if key in _passed:
        return _passed[key]
    shown = await _observe(source, sandbox, sample)
    if not shown.findings:  # a finding may be the machine's fault, such as a time-out
        if len(_passed) >= _MOST_PASSED:
            del _passed[next(iter(_passed))]
        _passed[key] = shown
    return shown


def _key(source: str, sandbox: Sandbox, sample: Sequence[Trajectory]) -> _Key:
    """Everything that determines how a harness behaves."""
    digest = hashlib.sha256(files.canonical_json([trajectory_to_json(trajectory) for trajectory in sample]))
    return source, sandbox.level, sandbox.budget, sandbox.packages, digest.hexdigest()


async def _observe(source: str, sandbox: Sandbox, sample: Sequence[Trajectory]) -> Behaviour:
    runner = _Runner(source, sandbox)
    first = await runner.run(fixtures.PLAIN, PROBES[0])
    if first.error and first.error.kind in _TOO_LONG:  # the other runs would take as long
        return Behaviour(list(_failures({_against(PROBES[0]): first})), [], first.seconds)
    return await _every_run(runner, sample, first)


class _Runner:
    """A harness in the sandbox, a few runs at a time."""

    def __init__(self, source: str, sandbox: Sandbox) -> None:
        self._source, self._sandbox = source, sandbox
        self._slots = asyncio.Semaphore(_AT_A_TIME)

    async def run(self, trajectory: Trajectory, judge: Backend) -> SmokeRun:
        for _ in range(TRIES_IF_KILLED):
            shown = await self._run_once(trajectory, judge)
            if shown.error is None or shown.error.kind != KILLED:
                break
        return shown

    async def _run_once(self, trajectory: Trajectory, judge: Backend) -> SmokeRun:
        session = Gateway(judge, cache=None).session("validator", **self._sandbox.budget.of_session)
        score, error = None, None
        async with self._slots:
            began = time.monotonic()
            try:
                score = (await self._sandbox.score(self._source, trajectory_to_json(trajectory), session.ask)).score
            except CandidateError as failure:
                error = failure
        return SmokeRun(score, error, time.monotonic() - began)

    async def in_order(self, trajectories: Sequence[Trajectory], judge: Backend) -> list[SmokeRun]:
        return [await self.run(trajectory, judge) for trajectory in trajectories]


async def _every_run(runner: _Runner, sample: Sequence[Trajectory], first: SmokeRun) -> Behaviour:
    judge = SmokeJudge(_WINDOW_TOKENS)
    others, plain, again, odd, forward, backward = await asyncio.gather(
        asyncio.gather(*(runner.run(fixtures.PLAIN, probe) for probe in PROBES[1:])),
        runner.run(fixtures.PLAIN, judge),
        runner.run(fixtures.PLAIN, judge),
        asyncio.gather(*(runner.run(odd, judge) for odd in fixtures.ODDITIES.values())),
        runner.in_order(sample, judge),
        runner.in_order(sample[::-1], judge),
    )
    runs = dict(zip(map(_against, PROBES), [first, *others], strict=True))
    runs |= {"on a plain run": plain}
    runs |= dict(zip((f"on {what}" for what in fixtures.ODDITIES), odd, strict=True))
    whole = [run for run in forward if run.error is None or run.error.kind != KILLED]
    real = {f"on run {number} of the search split": run for number, run in enumerate(whole, 1)}
    findings = [*_failures(runs), *_differences(plain, again, forward, backward[::-1])]
    # A failure on a trajectory of the search split costs its pairs and nothing else, so it is a note.
    notes = [] if findings else [*_failures(real), *_without_reward({**runs, **real})]
    every = [*runs.values(), again, *forward, *backward]
    return Behaviour(findings, notes, max(run.seconds for run in every))


def _differences(
    plain: SmokeRun, again: SmokeRun, forward: Sequence[SmokeRun], backward: Sequence[SmokeRun]
) -> Iterator[Finding]:
    """Findings name no values: those differ between runs, and a report must not."""
    if _differ(plain, again):
        yield Finding(
            "repeat", "scores the same trajectory differently when repeated, with the same replies", _SAME_AGAIN
        )
    if any(map(_differ, forward, backward)):
        yield Finding("order", "scores trajectories differently in another order, with the same replies", _SAME_AGAIN)


def _differ(one: SmokeRun, other: SmokeRun) -> bool:
    """Whether two scorings of a trajectory differ. A time-out or a kill from outside may be the machine's fault."""
    from_outside = {*_TOO_LONG, KILLED}
    disturbed = any(run.error is not None and run.error.kind in from_outside for run in (one, other))
    return not disturbed and one.outcome != other.outcome


def _without_reward(runs: Mapping[str, SmokeRun]) -> Iterator[Finding]:
    if all(run.score is None for run in runs.values()):
        message = next((run.error.message for run in runs.values() if run.error), "")
        hint = "these judges are made up; make sure that a real judge can follow the format, and read it with tolerance"
        yield Finding("rewards", f"gave no reward in {len(runs)} runs: {message[:_MAX_MESSAGE_CHARS]}", hint)


def _against(probe: ProbeJudge) -> str:
    return f"against a judge that {probe.answers}"


def _failures(runs: Mapping[str, SmokeRun]) -> Iterator[Finding]:
    """A finding for each kind of failure other than a refusal, with where it was first seen and how often."""
    where: dict[tuple[str, int | None], list[str]] = {}
    for what, run in runs.items():
        if run.error and not run.refused:
            lines = re.findall(rf'(?m)^  File "{SOURCE_NAME}", line ([0-9]+)', run.error.traceback)
            where.setdefault((steady(str(run.error)), int(lines[-1]) if lines else None), []).append(what)
    for (error, line), places in where.items():
        also = f" and in {len(places) - 1} more of {len(runs)} runs" if len(places) > 1 else ""
        hint = _FAILS_ALWAYS if len(places) == len(runs) else _READ_WITH_CARE if "judge" in places[0] else _TAKE_ANY
        yield Finding("smoke", f"fails {places[0]}{also}: {error}", hint, line)
