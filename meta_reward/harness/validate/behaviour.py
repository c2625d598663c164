"""Tests how a program behaves in the sandbox: on made-up inputs, and against models that answer badly.

A program may refuse a reply that it cannot read by raising ValueError. Every other failure is a finding, and so is an
output that changes when a run is repeated, or made after other runs. A program without findings is tested once per
process, although a search validates seeds before it creates the run and again as its first candidates, and drafts
before and after the proposer has had a chance to fix them.
"""

import asyncio
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from meta_reward import files
from meta_reward.completion import Backend
from meta_reward.errors import CandidateError
from meta_reward.harness.budget import Budget
from meta_reward.harness.child import SOURCE_NAME
from meta_reward.harness.conversation import KILLED, TRIES_IF_KILLED
from meta_reward.harness.entries import MEMORY, Output, TooLong
from meta_reward.harness.level import Level
from meta_reward.harness.runtime import Comparison, Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.validate import fixtures
from meta_reward.harness.validate.probes import PROBES, ProbeJudge
from meta_reward.harness.validate.program import Chain, Program
from meta_reward.harness.validate.report import Finding, steady
from meta_reward.harness.validate.smoke_judge import SmokeJudge
from meta_reward.models.gateway import Gateway

# ValueError, its kin in the standard library, and a prompt beyond the window of the smoke judge, which may fit the
# real one's.
_REFUSALS = frozenset({"ValueError", "JSONDecodeError", "StatisticsError", "PromptTooLong"})
_TOO_LONG = frozenset({"time-out", "cpu-time"})
_WINDOW_TOKENS = 100_000
_AT_A_TIME = 4  # more would slow each other down
_MAX_MESSAGE_CHARS = 200
_MOST_PASSED = 100
_READ_WITH_CARE = "read replies with care, and raise ValueError where one cannot be read"
_FAILS_ALWAYS = "fix this first: it fails on every input"
_TAKE_ANY = "take any input, calls and characters; skip what is not possible"
_SAME_AGAIN = "let the output depend on the input and the replies alone: no clock, no randomness, no state"


@dataclass(frozen=True, slots=True)
class SmokeRun:
    """How a run ended."""

    outputs: tuple[Output, ...]
    """The outputs of all its calls; without the last if that failed."""
    error: CandidateError | None
    seconds: float

    @property
    def refused(self) -> bool:
        """Whether it refused a reply that it cannot read, or returned an endless one unchanged; both are allowed."""
        if self.error is None:
            return False
        return self.error.kind == TooLong.__name__ or (self.error.kind in _REFUSALS and bool(self.error.traceback))

    @property
    def outcome(self) -> tuple[tuple[object, ...], str]:
        """The part of a run that must not change when it is repeated."""
        return tuple(map(_value_of, self.outputs)), self.error.kind if self.error else ""


def _value_of(output: Output) -> object:
    """The part of an output that decides, without reasons."""
    match output:
        case Reward(score):
            return score
        case Comparison(scores):
            return tuple(scores)
    return output


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The results of the runs."""

    findings: list[Finding]
    notes: list[Finding]
    seconds: float
    """Seconds that the longest run took."""


_Key = tuple[str, Level, Budget, tuple[str, ...], tuple[str, ...], str]
_passed: dict[_Key, Behaviour] = {}


async def behaviour(
    source: str,
    sandbox: Sandbox,
    sample: Sequence[Chain] = (),
    *,
    program: Program = fixtures.REWARD,
    defined: Collection[str] = (),
) -> Behaviour:
    """Make all runs of a program; returns what they show.

    sample: runs on the search split, made in two orders. defined: the optional functions that the program defines.
    """
    key = _key(source, sandbox, sample, program)
    if key in _passed:
        return _passed[key]
    shown = await _observe(_Runner(source, sandbox, program, defined), sample)
    if not shown.findings:  # a finding may be the machine's fault, such as a time-out
        if len(_passed) >= _MOST_PASSED:
            del _passed[next(iter(_passed))]
        _passed[key] = shown
    return shown


def _key(source: str, sandbox: Sandbox, sample: Sequence[Chain], program: Program) -> _Key:
    """Everything that determines how a program behaves."""
    digest = files.digest([[[step.entry, step.arguments] for step in chain] for chain in sample])
    return source, sandbox.level, sandbox.budget, sandbox.packages, program.required, digest


async def _observe(runner: "_Runner", sample: Sequence[Chain]) -> Behaviour:
    first = await runner.run(runner.program.plain, PROBES[0])
    if first.error and first.error.kind in _TOO_LONG:  # the other runs would take as long
        return Behaviour(list(_failures({_against(PROBES[0]): first})), [], first.seconds)
    return await _every_run(runner, sample, first)


class _Runner:
    """A program in the sandbox, a few runs at a time."""

    def __init__(self, source: str, sandbox: Sandbox, program: Program, defined: Collection[str]) -> None:
        self.program = program
        self._source, self._sandbox, self._entries = source, sandbox, {*program.required, *defined}
        self._slots = asyncio.Semaphore(_AT_A_TIME)

    async def run(self, chain: Chain, judge: Backend) -> SmokeRun:
        for _ in range(TRIES_IF_KILLED):
            shown = await self._run_once(chain, judge)
            if shown.error is None or shown.error.kind != KILLED:
                break
        return shown

    async def _run_once(self, chain: Chain, judge: Backend) -> SmokeRun:
        session = Gateway(judge, cache=None).session("validator", **self._sandbox.budget.of_session)
        outputs, error = list[Output](), None
        async with self._slots:
            began = time.monotonic()
            try:
                for step in (step for step in chain if step.entry in self._entries):
                    given = {**step.arguments, **({MEMORY: outputs[-1]} if outputs else {})}
                    host = self.program.host() if self.program.host else None  # made up, so that none needs closing
                    outputs.append(await self._sandbox.run(self._source, step.entry, given, session.ask, host=host))
            except CandidateError as failure:
                error = failure
        return SmokeRun(tuple(outputs), error, time.monotonic() - began)

    async def in_order(self, chains: Sequence[Chain], judge: Backend) -> list[SmokeRun]:
        return [await self.run(chain, judge) for chain in chains]


async def _every_run(runner: _Runner, sample: Sequence[Chain], first: SmokeRun) -> Behaviour:
    judge, plain_run, oddities = SmokeJudge(_WINDOW_TOKENS), runner.program.plain, runner.program.odd
    others, plain, again, odd, forward, backward = await asyncio.gather(
        asyncio.gather(*(runner.run(plain_run, probe) for probe in PROBES[1:])),
        runner.run(plain_run, judge),
        runner.run(plain_run, judge),
        asyncio.gather(*(runner.run(odd, judge) for odd in oddities.values())),
        runner.in_order(sample, judge),
        runner.in_order(sample[::-1], judge),
    )
    runs = dict(zip(map(_against, PROBES), [first, *others], strict=True))
    runs |= {"on a plain run": plain}
    runs |= dict(zip((f"on {what}" for what in oddities), odd, strict=True))
    whole = [run for run in forward if run.error is None or run.error.kind != KILLED]
    real = {f"on run {number} of the search split": run for number, run in enumerate(whole, 1)}
    findings = [*_failures(runs), *_differences(plain, again, forward, backward[::-1])]
    # A failure on a trajectory of the search split only costs its pairs, so it is a note.
    notes = [] if findings else [*_failures(real), *_without_output({**runs, **real}, runner.program.output)]
    every = [*runs.values(), again, *forward, *backward]
    return Behaviour(findings, notes, max(run.seconds for run in every))


def _differences(
    plain: SmokeRun, again: SmokeRun, forward: Sequence[SmokeRun], backward: Sequence[SmokeRun]
) -> Iterator[Finding]:
    """Findings without values, since values differ between runs and a report must not."""
    if _differ(plain, again):
        yield Finding(
            "repeat", "gives something else when the same run is repeated, with the same replies", _SAME_AGAIN
        )
    if any(map(_differ, forward, backward)):
        yield Finding(
            "order", "gives something else when runs come in another order, with the same replies", _SAME_AGAIN
        )


def _differ(one: SmokeRun, other: SmokeRun) -> bool:
    """Whether two scorings of a trajectory differ. A time-out or a kill from outside may be the machine's fault."""
    from_outside = {*_TOO_LONG, KILLED}
    disturbed = any(run.error is not None and run.error.kind in from_outside for run in (one, other))
    return not disturbed and one.outcome != other.outcome


def _without_output(runs: Mapping[str, SmokeRun], output: str) -> Iterator[Finding]:
    if all(run.error is not None for run in runs.values()):
        message = next((run.error.message for run in runs.values() if run.error), "")
        hint = "these judges are made up; make sure that a real judge can follow the format, and read it with tolerance"
        yield Finding("rewards", f"never gave {output} in {len(runs)} runs: {message[:_MAX_MESSAGE_CHARS]}", hint)


def _against(probe: ProbeJudge) -> str:
    return f"against a judge that {probe.answers}"


def _failures(runs: Mapping[str, SmokeRun]) -> Iterator[Finding]:
    """A finding for each kind of failure other than a refusal, with its first run and how many runs have it."""
    where: dict[tuple[str, int | None], list[str]] = {}
    for what, run in runs.items():
        if run.error and not run.refused:
            lines = re.findall(rf'(?m)^  File "{SOURCE_NAME}", line ([0-9]+)', run.error.traceback)
            where.setdefault((steady(str(run.error)), int(lines[-1]) if lines else None), []).append(what)
    for (error, line), places in where.items():
        also = f" and in {len(places) - 1} more of {len(runs)} runs" if len(places) > 1 else ""
        hint = _FAILS_ALWAYS if len(places) == len(runs) else _READ_WITH_CARE if "judge" in places[0] else _TAKE_ANY
        yield Finding("smoke", f"fails {places[0]}{also}: {error}", hint, line)
