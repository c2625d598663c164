"""A harness on trajectories: each scored by itself, in an order that tells nothing.

The unit of work is one trajectory. Finished results are handed over one by one, so that the caller
can write each down before the next is waited for; results finished earlier are handed in and not
redone. A candidate's failure is a result with an error. A judge's outage or a limit of the run stops
everything and leaves the evaluation unfinished. Every rollout gets its result, unless the caller chooses to
give up on a candidate that fails on most of its first trajectories.
"""

import asyncio
import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_reward import files
from meta_reward.completion import request_to_json
from meta_reward.errors import CandidateError, MetaRewardError
from meta_reward.evaluation.metrics import Tokens
from meta_reward.evaluation.reward_cache import RewardCache, open_reward_cache
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.gateway import Gateway
from meta_reward.models.session import Call
from meta_reward.trajectory import Rollout, tool_call_to_json, trajectory_to_json

PROBATION = 8


@dataclass(frozen=True, slots=True)
class Result:
    """One trajectory scored by one harness: its reward or its error, every judge call, and what each took.

    reward: {score, reason, findings}. error: {kind, message, traceback}. Exactly one is not None.
    printed: the end of what the harness has printed.
    """

    trajectory: str
    task: str
    reward: dict[str, Any] | None
    error: dict[str, Any] | None
    calls: list[dict[str, Any]]
    costs: list[dict[str, Any]]
    printed: str = ""

    @property
    def score(self) -> float | None:
        return None if self.reward is None else self.reward["score"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results of an evaluation, in the order of its rollouts. broken: given up, since the candidate failed on most
    of its first trajectories. not_run: the trajectories that it was therefore not run on."""

    results: list[Result]
    broken: bool = False
    not_run: tuple[str, ...] = ()

    @property
    def rewards(self) -> dict[str, float | None]:
        return {result.trajectory: result.score for result in self.results}

    @property
    def tokens(self) -> Tokens:
        return tokens_of(cost for result in self.results for cost in result.costs)


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
    on_result: Callable[[Result], None] = lambda result: None,
) -> Evaluation:
    """Score every rollout that is not finished yet. on_result: called with each result as soon as it is done.

    repeat: another number asks the judge anew. give_up: stop after the first PROBATION trajectories when most of them
    fail; otherwise there is one result a rollout. Raises JudgeUnavailable and LimitReached after the results
    under way were dropped, and the calls of theirs that had been sent were kept.
    """
    results, kept = dict(finished or {}), open_reward_cache(source, gateway, sandbox)
    order = sorted(rollouts, key=lambda rollout: rollout.id)
    random.Random(seed).shuffle(order)

    async def score(rollout: Rollout) -> None:
        result = await _score(source, rollout, gateway, sandbox, repeat, kept)
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
    """Do the work for every rollout, at most `limit` at a time; the first error stops all."""
    waiting = iter(rollouts)

    async def drain() -> None:
        for rollout in waiting:
            await work(rollout)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(limit, len(rollouts))):
                group.create_task(drain())
    except BaseExceptionGroup as errors:
        raise next((e for e in errors.exceptions if isinstance(e, MetaRewardError)), errors.exceptions[0]) from None


async def _score(
    source: str, rollout: Rollout, gateway: Gateway, sandbox: Sandbox, repeat: int, kept: RewardCache
) -> Result:
    sent = trajectory_to_json(rollout.trajectory)
    digest = hashlib.sha256(files.canonical_json(sent)).hexdigest()
    if known := kept.find(digest, repeat, gateway):
        return _result(rollout, known.reward, None, known.calls, known.printed)
    session = gateway.session(
        digest,
        repeat=repeat,
        max_calls=sandbox.budget.judge_calls,
        max_tokens=sandbox.budget.judge_tokens,
        max_bytes=sandbox.budget.conversation_bytes,
    )
    reward = error = None
    printed = [""]
    try:
        result = await sandbox.score(
            source, sent, session.ask, waited_s=lambda: session.queue_time.seconds, printed=printed.append
        )
        reward = {"score": result.score, "reason": result.reason, "findings": dict(result.findings)}
        kept.keep(digest, repeat, reward, session.calls, printed[-1])
    except CandidateError as failure:
        error = {"kind": failure.kind, "message": failure.message, "traceback": failure.traceback}
        kept.fail(digest)
    return _result(rollout, reward, error, session.calls, printed[-1])


def _result(
    rollout: Rollout,
    reward: dict[str, Any] | None,
    error: dict[str, Any] | None,
    calls: Sequence[Call],
    printed: str,
) -> Result:
    said, took = [_call_record(call) for call in calls], [_call_cost(call) for call in calls]
    return Result(rollout.id, rollout.task, reward, error, said, took, printed)


def _call_record(call: Call) -> dict[str, Any]:
    """The part of a call that is the same wherever and whenever it is made."""
    completion = call.completion
    return {
        "ask": call.ask,
        "turn": call.turn,
        "draw": call.draw,
        **request_to_json(call.request),
        "reply": completion.text,
        "tool_calls": [tool_call_to_json(made) for made in completion.tool_calls],
        "stop_reason": completion.stop_reason,
        **({"error": f"{type(call.error).__name__}: {call.error}"} if call.error else {}),
    }


def _call_cost(call: Call) -> dict[str, Any]:
    """The part of a call that is counted."""
    usage = call.completion.usage
    return {
        "ask": call.ask,
        "turn": call.turn,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cost_usd": call.cost_usd,
        "cached": call.cached,
        "tries": call.tries,
        "error": type(call.error).__name__ if call.error else None,
        "seconds": round(call.seconds, 4),
    }


def tokens_of(costs: Any) -> Tokens:
    """The nominal tokens and price of calls, from what each took."""
    costs = list(costs)
    prices = [cost["cost_usd"] for cost in costs]
    return Tokens(
        judge_calls=len(costs),
        input_tokens=sum(cost["input_tokens"] for cost in costs),
        output_tokens=sum(cost["output_tokens"] for cost in costs),
        cost_usd=None if None in prices else sum(prices),
    )
