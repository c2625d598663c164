"""How a harness behaves in the sandbox, on trajectories of no task set and against judges that try its patience.

A harness may refuse a reply that it cannot read by raising ValueError; every other failure is a
finding, and so is a reward that changes when the same trajectory is scored again, or when others are
scored before it. The judge of those runs is the simulated one: it answers in the form it is asked
for, and the same to the same question. What nothing speaks against is run once a process: a search validates its
seeds before it makes a run of them and again as its first candidates, and drafts once before and once after the
proposer has had its chance to mend them.
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
from meta_reward.harness.confinement import Level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.validate import fixtures
from meta_reward.harness.validate.probes import PROBES, ProbeJudge
from meta_reward.harness.validate.report import Finding, steady
from meta_reward.models.gateway import Gateway
from meta_reward.trajectory import Trajectory, trajectory_to_json

# ValueError itself, those of the standard library that say the same of a reply, and a prompt beyond the window of
# the made-up judge, which may fit the real one's.
_REFUSALS = frozenset({"ValueError", "JSONDecodeError", "StatisticsError", "PromptTooLong"})
_TOO_LONG = frozenset({"time-out", "cpu-time"})
_WINDOW_TOKENS = 100_000
_AT_A_TIME = 4  # so that each has time of its own
_MAX_SAID = 200
_MOST_PASSED = 100
_READ_WITH_CARE = "read replies with care: return 0 to 100, or raise ValueError where a reply cannot be read"
_ALWAYS = "mend this first: it fails whatever it is given"
_TAKE_ANY = "take any messages, calls and characters; where something cannot be done, do without it"
_SAME_AGAIN = "let a reward depend on the trajectory and the judge's replies alone: no clock, no chance, no memory"


@dataclass(frozen=True, slots=True)
class Run:
    """How scoring a trajectory ended. score: None where it raised. refused: it could not read the judge."""

    score: float | None
    error: CandidateError | None
    seconds: float

    @property
    def refused(self) -> bool:
        return self.error is not None and self.error.kind in _REFUSALS and bool(self.error.traceback)

    @property
    def outcome(self) -> tuple[float | None, str]:
        """What must be the same when it is done again."""
        return self.score, self.error.kind if self.error else ""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the runs showed. seconds: of the longest."""

    findings: list[Finding]
    notes: list[Finding]
    seconds: float


_Key = tuple[str, Level, Budget, tuple[str, ...], str]
_passed: dict[_Key, Behaviour] = {}


async def behaviour(source: str, sandbox: Sandbox, sample: Sequence[Trajectory] = ()) -> Behaviour:
    """Everything the runs show. sample: trajectories of a search split, to be scored in two orders."""
    key = _key(source, sandbox, sample)
    if key in _passed:
        return _passed[key]
    shown = await _shown(source, sandbox, sample)
    if not shown.findings:  # a finding may be the machine's doing, as one that took too long
        if len(_passed) >= _MOST_PASSED:
            del _passed[next(iter(_passed))]
        _passed[key] = shown
    return shown


def _key(source: str, sandbox: Sandbox, sample: Sequence[Trajectory]) -> _Key:
    """All that decides how a harness behaves."""
    digest = hashlib.sha256(files.canonical_json([trajectory_to_json(trajectory) for trajectory in sample]))
    return source, sandbox.level, sandbox.budget, sandbox.packages, digest.hexdigest()


async def _shown(source: str, sandbox: Sandbox, sample: Sequence[Trajectory]) -> Behaviour:
    trial = _Runner(source, sandbox)
    first = await trial.run(fixtures.PLAIN, PROBES[0])
    if first.error and first.error.kind in _TOO_LONG:  # the others would take as long
        return Behaviour(list(_failures({_against(PROBES[0]): first})), [], first.seconds)
    return await _every_run(trial, sample, first)


class _Runner:
    """A harness in the sandbox, a few runs at a time."""

    def __init__(self, source: str, sandbox: Sandbox) -> None:
        self._source, self._sandbox = source, sandbox
        self._slots = asyncio.Semaphore(_AT_A_TIME)

    async def run(self, trajectory: Trajectory, judge: Backend) -> Run:
        budget = self._sandbox.budget
        limits = {
            "max_calls": budget.judge_calls,
            "max_tokens": budget.judge_tokens,
            "max_bytes": budget.conversation_bytes,
        }
        session = Gateway(judge, cache=None).session("validator", **limits)
        score, error = None, None
        async with self._slots:
            began = time.monotonic()
            try:
                score = (await self._sandbox.score(self._source, trajectory_to_json(trajectory), session.ask)).score
            except CandidateError as failure:
                error = failure
        return Run(score, error, time.monotonic() - began)

    async def in_order(self, trajectories: Sequence[Trajectory], judge: Backend) -> list[Run]:
        return [await self.run(trajectory, judge) for trajectory in trajectories]


async def _every_run(trial: _Runner, sample: Sequence[Trajectory], first: Run) -> Behaviour:
    from meta_reward.offline.judge import simulated_judge

    judge = simulated_judge(window_tokens=_WINDOW_TOKENS)
    others, plain, again, odd, forward, backward = await asyncio.gather(
        asyncio.gather(*(trial.run(fixtures.PLAIN, probe) for probe in PROBES[1:])),
        trial.run(fixtures.PLAIN, judge),
        trial.run(fixtures.PLAIN, judge),
        asyncio.gather(*(trial.run(odd, judge) for odd in fixtures.ODDITIES.values())),
        trial.in_order(sample, judge),
        trial.in_order(sample[::-1], judge),
    )
    runs = dict(zip(map(_against, PROBES), [first, *others], strict=True))
    runs |= {"on a plain run": plain}
    runs |= dict(zip((f"on {what}" for what in fixtures.ODDITIES), odd, strict=True))
    real = {f"on run {number} of the search split": run for number, run in enumerate(forward, 1)}
    findings = [*_failures(runs), *_differences(plain, again, forward, backward[::-1])]
    # On a run of the search split a failure costs its pairs, and no more.
    notes = [] if findings else [*_failures(real), *_without_reward({**runs, **real})]
    every = [*runs.values(), again, *forward, *backward]
    return Behaviour(findings, notes, max(run.seconds for run in every))


def _differences(plain: Run, again: Run, forward: Sequence[Run], backward: Sequence[Run]) -> Iterator[Finding]:
    """Findings without the values: those differ from time to time, and a report must not."""
    if _differ(plain, again):
        yield Finding(
            "repeat", "scores the same trajectory otherwise a second time, with the same replies", _SAME_AGAIN
        )
    if any(map(_differ, forward, backward)):
        yield Finding("order", "scores trajectories otherwise in another order, with the same replies", _SAME_AGAIN)


def _differ(one: Run, other: Run) -> bool:
    """Whether a trajectory was scored otherwise; a run that took too long says more of the machine."""
    too_long = any(run.error is not None and run.error.kind in _TOO_LONG for run in (one, other))
    return not too_long and one.outcome != other.outcome


def _without_reward(runs: Mapping[str, Run]) -> Iterator[Finding]:
    if all(run.score is None for run in runs.values()):
        said = next((run.error.message for run in runs.values() if run.error), "")
        hint = "these judges are made up; see that a real one can keep to the form, and read it with tolerance"
        yield Finding("rewards", f"gave no reward in {len(runs)} runs: {said[:_MAX_SAID]}", hint)


def _against(probe: ProbeJudge) -> str:
    return f"against a judge that {probe.answers}"


def _failures(runs: Mapping[str, Run]) -> Iterator[Finding]:
    """A finding for each failure that is no refusal, with where it was first seen and how often."""
    where: dict[tuple[str, int | None], list[str]] = {}
    for what, run in runs.items():
        if run.error and not run.refused:
            lines = re.findall(rf'(?m)^  File "{SOURCE_NAME}", line ([0-9]+)', run.error.traceback)
            where.setdefault((steady(str(run.error)), int(lines[-1]) if lines else None), []).append(what)
    for (error, line), places in where.items():
        also = f" and in {len(places) - 1} more of {len(runs)} runs" if len(places) > 1 else ""
        hint = _ALWAYS if len(places) == len(runs) else _READ_WITH_CARE if "judge" in places[0] else _TAKE_ANY
        yield Finding("smoke", f"fails {places[0]}{also}: {error}", hint, line)
