"""A harness on trajectories: each is scored by itself, in random order.

The unit of work is one trajectory. Each result is handed to the caller as soon as it is finished, who can write
it down; results that were finished earlier are passed in and not repeated. A candidate's failure is a result
with an error. An outage of the judge or a limit of the run stops everything and leaves the evaluation
unfinished. Every rollout gets a result, unless the caller chooses to give up on a candidate that fails on most
of its first trajectories.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

from meta_reward import files
from meta_reward.errors import CandidateError, MetaRewardError
from meta_reward.evaluation.records import Evaluation, Failure, Result, call_cost, call_record
from meta_reward.evaluation.reward_cache import RewardCache, open_reward_cache
from meta_reward.harness.conversation import KILLED, TRIES_IF_KILLED
from meta_reward.harness.runtime import Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.gateway import Gateway
from meta_reward.models.session import Call, JudgeSession
from meta_reward.trajectory import Rollout, trajectory_to_json

PROBATION = 8


async def evaluate(
    source: str,
    rollouts: Sequence[Rollout],
    *,
    gateway: Gateway,
    sandbox: Sandbox,
    seed: int = 0,
    repeat: int = 0,
    finished: Mapping[str, Result] | None = None,
    give_up: bool = False,
    slots: asyncio.Semaphore | None = None,
    on_result: Callable[[Result], None] = lambda result: None,
) -> Evaluation:
    """Score every rollout that is not finished yet.

    repeat: each number asks the judge anew. give_up: stop after the first PROBATION trajectories if most of them
    fail; otherwise every rollout gets a result. slots: shared with other evaluations that run at the same time; the
    gateway's concurrency by default. on_result: called with each result as soon as it is finished.
    Raises JudgeUnavailable and LimitReached; unfinished results are then dropped, but the replies to calls that
    had already been sent are stored.
    """
    results, rewards = dict(finished or {}), open_reward_cache(source, gateway, sandbox)
    slots = slots or asyncio.Semaphore(gateway.concurrency)
    order = sorted(rollouts, key=lambda rollout: rollout.id)
    random.Random(seed).shuffle(order)

    async def score(rollout: Rollout) -> None:
        async with slots:
            result = await score_rollout(source, rollout, gateway, sandbox, repeat=repeat, rewards=rewards)
        on_result(result)
        results[rollout.id] = result

    broken = False
    try:
        for part in (order[:PROBATION], order[PROBATION:]) if give_up else (order,):
            await _each([r for r in part if r.id not in results], score, limit=gateway.concurrency)
            if broken := give_up and _fails_on_most([results[r.id] for r in order[:PROBATION]]):
                break
    finally:
        await gateway.settle()
    not_run = tuple(r.id for r in rollouts if r.id not in results)
    return Evaluation([results[r.id] for r in rollouts if r.id in results], broken, not_run)


def _fails_on_most(results: Sequence[Result]) -> bool:
    return sum(result.error is not None for result in results) > len(results) / 2


async def _each(rollouts: Sequence[Rollout], work: Callable[[Rollout], Any], *, limit: int) -> None:
    """Do the work for every rollout, at most `limit` at a time. Raises the first error after stopping the others."""
    waiting = iter(rollouts)

    async def drain() -> None:
        for rollout in waiting:
            await work(rollout)

    await run_together(drain() for _ in range(min(limit, len(rollouts))))


async def run_together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for all of the work; the first error stops all of it and is raised, our own before any other."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except BaseExceptionGroup as errors:
        raise next((e for e in errors.exceptions if isinstance(e, MetaRewardError)), errors.exceptions[0]) from None


async def score_rollout(
    source: str, rollout: Rollout, gateway: Gateway, sandbox: Sandbox, *, repeat: int, rewards: RewardCache
) -> Result:
    """Score one rollout. rewards: of this harness, where it is looked up and kept. Raises like `evaluate`."""
    sent = trajectory_to_json(rollout.trajectory)
    digest = files.digest(sent)
    if known := rewards.find(digest, repeat, gateway):
        return _result(rollout, known.reward, None, known.calls, known.printed)
    for _ in range(TRIES_IF_KILLED):  # each asks the same again, which the cache answers
        session = gateway.session(digest, repeat=repeat, **sandbox.budget.of_session)
        reward, error, printed = await _run(source, sent, session, sandbox)
        if reward is not None:
            rewards.keep(digest, repeat, reward, session.calls, printed)
        else:
            rewards.fail(digest)
        if error is None or error.kind != KILLED:
            break
    return _result(rollout, reward, error, session.calls, printed)


async def _run(
    source: str, sent: Mapping[str, object], session: JudgeSession, sandbox: Sandbox
) -> tuple[Reward | None, Failure | None, str]:
    """The reward or the failure of one run in the sandbox, and what it printed. sent: the trajectory."""
    printed = [""]
    try:
        result = await sandbox.score(
            source, sent, session.ask, waited_s=lambda: session.queue_time.seconds, printed=printed.append
        )
    except CandidateError as failure:
        return None, Failure(failure.kind, failure.message, failure.traceback), printed[-1]
    return Reward(result.score, result.reason, dict(result.findings)), None, printed[-1]


def _result(
    rollout: Rollout, reward: Reward | None, error: Failure | None, calls: Sequence[Call], printed: str
) -> Result:
    records, costs = [call_record(call) for call in calls], [call_cost(call) for call in calls]
    return Result(rollout.id, rollout.task, reward, error, records, costs, printed)
