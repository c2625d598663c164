"""Running a program on examples: each example by itself, in random order.

The unit of work is one example, such as a trajectory. The caller gets each result as soon as it is finished and can
store it; results that were finished earlier are passed in and not repeated. If a candidate fails on an example, the
result holds the error. An outage of the model or a limit of the run stops everything and leaves the evaluation
unfinished. Every example gets a result, unless the caller chooses to give up on a candidate that fails on most of its
first examples. Examples that others come after, such as steps of training, are run first and in order; if one fails,
all that come after it fail too.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from meta_reward import files
from meta_reward.errors import CandidateError, MetaRewardError, WorldFailed, WorldUnavailable
from meta_reward.evaluation.outcome import Example
from meta_reward.evaluation.output_cache import KnownOutput, OutputCache, open_output_cache
from meta_reward.evaluation.records import Evaluation, Failure, Result, call_cost, call_record
from meta_reward.harness.conversation import KILLED, TRIES_IF_KILLED
from meta_reward.harness.entries import ENTRIES, MEMORY, Output
from meta_reward.harness.host import Host
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.gateway import Gateway
from meta_reward.models.session import Call, JudgeSession

_TRIALS = 1_000  # more than an evaluation is ever repeated
AFTER = "after"
"""The kind of failure if the example before this one failed."""
WORLD = "world"
"""The kind of failure if a world fails in every try of a program, but works otherwise."""
PROBATION = 8
MAX_LEARNED_CHARS = 100_000_000
"""The most characters that a program may return in all while it learns, because every state is kept for a resume."""


class Hosts(Protocol):
    """Makes hosts: what programs may ask besides the model, such as a corpus or a world."""

    digest: str
    """A digest of all data that hosts answer from."""
    draws_anew: bool
    """Whether hosts may answer the same question differently the next time; then no output comes from the cache."""

    def open(self, example: Example) -> Host:
        """The host for one run; `example.repeat` is different in every trial and repeat of the example."""
        ...

    async def works(self, example: Example) -> bool:
        """Whether the host of an example works at all; asked after it failed in every try of a program."""
        ...


async def evaluate(
    source: str,
    examples: Sequence[Example],
    *,
    gateway: Gateway,
    sandbox: Sandbox,
    hosts: Hosts | None = None,
    seed: int = 0,
    repeat: int = 0,
    finished: Mapping[str, Result] | None = None,
    give_up: bool = False,
    slots: asyncio.Semaphore | None = None,
    on_result: Callable[[Result], None] = lambda result: None,
) -> Evaluation:
    """Run a program on every example that is not finished yet.

    seed: of the order of examples. repeat: every number asks the model anew. finished: earlier results by example.
    give_up: stop after the first PROBATION examples if most of them fail; otherwise every example gets a result.
    slots: shared with other evaluations that run at the same time; by default, the gateway's concurrency. on_result:
    called with each result once it is finished.

    Raises JudgeUnavailable and LimitReached; unfinished results are then dropped, but the replies to calls already
    sent are stored.
    """
    results = dict(finished or {})
    runner = Runner(gateway, sandbox, _outputs(source, gateway, sandbox, hosts), hosts)
    slots = slots or asyncio.Semaphore(gateway.concurrency)
    chains = _chains(examples)
    order = _shuffled(examples, {example.id for chain in chains for example in chain}, seed)

    async def run(example: Example, learned: int = 0) -> None:
        async with slots:
            result = await runner.run_after(source, example, results.get(example.after), repeat=repeat)
        results[example.id] = result = _within_bounds(result, learned)
        on_result(result)

    async def run_in_order(chain: Sequence[Example]) -> None:
        learned = 0
        for example in chain:
            if example.id not in results:
                await run(example, learned)
            learned += len(results[example.id].text or "")

    broken = False
    try:
        await run_together(run_in_order(chain) for chain in chains)
        for part in (order[:PROBATION], order[PROBATION:]) if give_up else (order,):
            await _each([e for e in part if e.id not in results], run, limit=gateway.concurrency)
            if broken := give_up and _fails_on_most([results[e.id] for e in order[:PROBATION]]):
                break
    finally:
        await gateway.settle()
    done = [results[e.id] for e in examples if e.id in results]
    return Evaluation(done, broken, tuple(e.id for e in examples if e.id not in results))


def _within_bounds(result: Result, learned: int) -> Result:
    """The result, or a failure if the program returns too much. learned: how many characters it returned before."""
    if learned + len(result.text or "") <= MAX_LEARNED_CHARS:
        return result
    told = f"{result.entry}() has returned more than {MAX_LEARNED_CHARS:,} characters over its examples"
    return replace(result, output=None, error=Failure(MEMORY, told, ""))


def _shuffled(examples: Sequence[Example], without: Collection[str], seed: int) -> list[Example]:
    """The examples in an order that reveals nothing about labels. without: ids to leave out."""
    order = sorted((example for example in examples if example.id not in without), key=lambda example: example.id)
    random.Random(seed).shuffle(order)
    return order


def _outputs(source: str, gateway: Gateway, sandbox: Sandbox, hosts: Hosts | None) -> OutputCache:
    if hosts is not None and hosts.draws_anew:
        return OutputCache()
    return open_output_cache(source, gateway, sandbox, hosts=hosts.digest if hosts else "")


def _chains(examples: Sequence[Example]) -> list[list[Example]]:
    """The chains of examples that others come after, each in order. Raises ValueError if they form a cycle."""
    by_id = {example.id: example for example in examples}
    needed = {example.after for example in examples if example.after}
    followers = {by_id[id].after: id for id in needed if by_id[id].after}
    chains = []
    for id in sorted(id for id in needed if not by_id[id].after):
        chain = [id]
        while chain[-1] in followers:
            chain.append(followers[chain[-1]])
        chains.append([by_id[one] for one in chain])
    if sum(map(len, chains)) != len(needed):
        raise ValueError("examples that come after each other do not form chains")
    return chains


def _fails_on_most(results: Sequence[Result]) -> bool:
    return sum(result.error is not None for result in results) > len(results) / 2


async def _each(examples: Sequence[Example], work: Callable[[Example], Any], *, limit: int) -> None:
    """Do the work for every example, at most `limit` at a time. Raises the first error after stopping the others."""
    waiting = iter(examples)

    async def drain() -> None:
        for example in waiting:
            await work(example)

    await run_together(drain() for _ in range(min(limit, len(examples))))


async def run_together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all of the work concurrently. The first error stops it and is raised; ours take precedence over others."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except BaseExceptionGroup as errors:
        raise next((e for e in errors.exceptions if isinstance(e, MetaRewardError)), errors.exceptions[0]) from None


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs programs, one example at a time."""

    gateway: Gateway
    sandbox: Sandbox
    outputs: OutputCache = field(default_factory=OutputCache)
    """The cache in which the program's outputs are looked up and stored."""
    hosts: Hosts | None = None

    async def run_after(self, source: str, example: Example, before: Result | None, *, repeat: int = 0) -> Result:
        """The result on an example. Its `memory` is what the program returned for `before`. Raises like `evaluate`."""
        if not example.after and MEMORY not in ENTRIES[example.entry].parameters:
            return await self.run(source, example, repeat=repeat)
        if before is not None and before.error is not None:
            why = before.error
            told = why.message if why.kind == AFTER else f"`{before.entry}` failed on {before.example}: {why.kind}"
            return _result(example, None, Failure(AFTER, told, ""), [], "", [])
        memory = before.text if before is not None else ""
        return await self.run(source, replace(example, arguments={**example.arguments, MEMORY: memory}), repeat=repeat)

    async def run(self, source: str, example: Example, *, repeat: int = 0) -> Result:
        """The result on an example. Raises like `evaluate`."""
        hidden = [example.setting] if example.setting else []
        digest = files.digest([example.entry, example.arguments, *hidden])
        example = replace(example, repeat=repeat + example.repeat * _TRIALS)
        if known := self.outputs.find(digest, example.repeat, self.gateway):
            return _result(example, known.output, None, known.calls, known.printed, known.asked)
        for _ in range(TRIES_IF_KILLED):  # every try asks the same questions, which the cache then answers
            session = self.gateway.session(digest, repeat=example.repeat, **self.sandbox.budget.of_session)
            host = self.hosts.open(example) if self.hosts else None
            output, error, printed = await self._run_once(source, example, session, host)
            asked = host.record() if host else []
            if output is not None:
                known = KnownOutput(output, session.calls, printed, asked)
                self.outputs.keep(digest, example.repeat, example.entry, known)
            else:
                self.outputs.fail(digest)
            if error is None or error.kind not in (KILLED, WORLD):
                break
        if error is not None and error.kind == WORLD and self.hosts and not await self.hosts.works(example):
            raise WorldUnavailable(f"task {example.task}: {error.message}")
        return _result(example, output, error, session.calls, printed, asked)

    async def _run_once(
        self, source: str, example: Example, session: JudgeSession, host: Host | None
    ) -> tuple[Output | None, Failure | None, str]:
        """The output or the failure of one run in the sandbox, and what the program printed."""
        printed, output = [""], None
        try:
            try:
                output = await self.sandbox.run(
                    source,
                    example.entry,
                    example.arguments,
                    session.ask,
                    host=host,
                    waited_s=lambda: session.queue_time.seconds + (host.waited_s() if host else 0.0),
                    printed=printed.append,
                )
            finally:
                if host is not None:
                    await host.close(ended=output is not None)
        except CandidateError as failure:
            return None, Failure(failure.kind, failure.message, failure.traceback), printed[-1]
        except WorldFailed as failure:
            return None, Failure(WORLD, str(failure), ""), printed[-1]
        return output, None, printed[-1]


def _result(
    example: Example,
    output: Output | None,
    error: Failure | None,
    calls: Sequence[Call],
    printed: str,
    asked: list[Any],
) -> Result:
    records, costs = [call_record(call) for call in calls], [call_cost(call) for call in calls]
    return Result(example.id, example.task, output, error, records, costs, printed, example.entry, asked)
