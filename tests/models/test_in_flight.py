"""Calls over the line: tried until they answer, shared, never given up once sent, and all of them counted."""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from meta_reward.completion import Completion, Request, Usage
from meta_reward.errors import (
    JudgeError,
    JudgeMisconfigured,
    JudgeTransient,
    JudgeUnavailable,
    LimitReached,
    PromptTooLong,
    UsageError,
)
from meta_reward.models.billing import BillingLog, load_bill
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.models.meter import Meter
from meta_reward.models.retry import RetryPolicy
from meta_reward.models.session import Answer, Ask, Call
from meta_reward.models.usage import Spent
from meta_reward.trajectory import ToolCall
from tests.models.conftest import FaultyJudge, Hours

T = TypeVar("T")
THROTTLED = JudgeTransient("HTTP 429", status=429, throttled=True)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 20))


async def no_tools(call: ToolCall) -> tuple[str, bool]:
    raise AssertionError(call.name)


async def ask(gateway: Gateway, prompt: str = "a", digest: str = "t") -> tuple[Answer, list[Call]]:
    session = gateway.session(digest)
    return await session.ask(Ask(prompt), no_tools), session.calls


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("faults", "slept"),
    [
        ([], []),
        ([JudgeTransient("HTTP 500", status=500)], [1]),
        ([THROTTLED], [1]),
        ([JudgeTransient("HTTP 429", status=429, throttled=True, retry_after_s=7)], [8]),
        ([JudgeTransient("time-out"), JudgeTransient("refused"), JudgeTransient("cut")], [1, 2, 4]),
        ([THROTTLED] * 7, [1, 2, 4, 8, 16, 32, 60]),
    ],
)
def test_call_is_tried_until_it_answers_and_its_tries_are_on_record(
    hours: Hours, faults: list[Exception], slept: list[float]
) -> None:
    judge = FaultyJudge(list(faults))
    answer, (call,) = run(ask(Gateway(judge, None, clock=hours.clock())))
    assert (answer.text, call.tries, judge.asked, hours.slept) == ("a", len(faults) + 1, len(faults) + 1, slept)
    assert (call.cached, call.seconds) == (False, sum(slept))


@pytest.mark.parametrize(
    "fault", [JudgeUnavailable("down"), JudgeMisconfigured("HTTP 401", hint="set a key"), JudgeError("HTTP 400")]
)
def test_what_no_retry_helps_is_not_tried_again(hours: Hours, fault: Exception) -> None:
    judge = FaultyJudge([fault, fault])
    with pytest.raises(type(fault)) as raised:
        run(ask(Gateway(judge, None, clock=hours.clock())))
    probes = isinstance(fault, JudgeUnavailable)
    assert (raised.value, judge.asked, hours.slept) == (fault, 1 + probes, [])


def test_outage_longer_than_the_retries_is_one_and_leaves_nothing_behind(hours: Hours, tmp_path: Path) -> None:
    judge = FaultyJudge([JudgeTransient("HTTP 503")] * 9)
    account = BillingLog(tmp_path / "account.jsonl")
    cache = Cache(tmp_path / "cache")
    gateway = Gateway(judge, cache, retries=RetryPolicy(again=3), clock=hours.clock(), billing=account)
    with pytest.raises(JudgeUnavailable, match="failed 4 times in a row"):
        run(ask(gateway))
    assert gateway.spent == Spent()
    kinds = [set(line) & {"sent", "paid", "void"} for line in lines(tmp_path / "account.jsonl")]
    assert (kinds, judge.asked) == ([{"sent"}, {"sent"}, {"void"}, {"void"}], 5)  # the second of each is the probe's
    assert list(cache.folder.glob("*/*")) == []


def test_answered_call_is_no_longer_expected_when_it_is_paid() -> None:
    meter = Meter(FaultyJudge())
    meter.expect("k", Usage(500, 400))
    meter.sending("k")
    meter.answered("k", Request(()), Completion("80", Usage(100, 10)), 1)
    assert meter.spent == Spent(calls=1, tokens=110, misses=1, cost_usd=0.11)


def test_reply_that_cannot_be_kept_is_on_the_account_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    gateway = Gateway(FaultyJudge(), Cache(tmp_path / "cache"), billing=BillingLog(tmp_path / "account.jsonl"))
    with pytest.raises(UsageError, match="cannot be written"):
        run(ask(gateway))
    assert (gateway.spent.misses, load_bill(tmp_path / "account.jsonl").spent.cost_usd) == (1, 0.11)


def test_user_is_told_now_and_then_that_the_judge_fails(hours: Hours) -> None:
    told: list[str] = []
    run(ask(Gateway(FaultyJudge([THROTTLED] * 8), None, clock=hours.clock(), notice=told.append)))
    assert told == [
        "the judge fails, and is tried again in 1 s: HTTP 429",
        "the judge fails, and is tried again in 60 s: HTTP 429",
        "the judge fails, and is tried again in 60 s: HTTP 429",
    ]


def test_request_that_the_judge_refuses_is_on_record_with_its_tries_and_costs_nothing(hours: Hours) -> None:
    async def work() -> tuple[list[Call], Spent]:
        gateway = Gateway(FaultyJudge([THROTTLED, THROTTLED, PromptTooLong(9, 5)]), None, clock=hours.clock())
        session = gateway.session("t")
        with pytest.raises(PromptTooLong):
            await session.ask(Ask("too long"), no_tools)
        await session.ask(Ask("short"), no_tools)
        return session.calls, gateway.spent

    calls, spent = run(work())
    assert [(type(c.error), c.tries, c.completion.text, c.cost_usd) for c in calls] == [
        (PromptTooLong, 3, "", 0.0),
        (type(None), 1, "short", 0.11),
    ]
    assert spent == Spent(calls=2, tokens=110, misses=1, cost_usd=0.11)


def test_time_of_tries_that_failed_is_not_the_candidates(hours: Hours) -> None:
    class Sluggish(FaultyJudge):
        async def complete(self, request: Request, *, draw: int) -> Completion:
            hours.now_s += 5
            return await FaultyJudge.complete(self, request, draw=draw)

    async def work() -> float:
        session = Gateway(Sluggish([JudgeTransient("time-out")] * 2), None, clock=hours.clock()).session("t")
        await session.ask(Ask("a"), no_tools)
        return session.queue_time.seconds

    assert run(work()) == (5 + 1) + (
        5 + 2
    )  # each try that failed with the wait after it, and not the one that answered


class Slow(FaultyJudge):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def complete(self, request: Request, *, draw: int) -> Completion:
        self.asked += 1
        await self.let.wait()
        return Completion(request.messages[0].content, Usage(100, 10))


def test_two_that_ask_the_same_at_the_same_time_share_one_call(tmp_path: Path) -> None:
    async def work() -> tuple[list[bool], int, Spent]:
        judge = Slow()
        gateway = Gateway(judge, Cache(tmp_path))
        both = asyncio.gather(ask(gateway), ask(gateway))
        await asyncio.sleep(0.01)
        judge.let.set()
        return [calls[0].cached for _, calls in await both], judge.asked, gateway.spent

    cached, asked, spent = run(work())
    assert (sorted(cached), asked) == ([False, True], 1)
    assert (spent.calls, spent.misses, spent.cost_usd) == (2, 1, 0.11)


def test_one_of_two_that_share_a_call_may_leave(tmp_path: Path) -> None:
    async def work() -> str:
        judge = Slow()
        gateway = Gateway(judge, None)
        first, second = (asyncio.create_task(ask(gateway)) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        judge.let.set()
        return (await second)[0].text

    assert run(work()) == "a"


def test_call_that_was_sent_ends_and_is_kept_though_nobody_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "account.jsonl"

    async def work() -> tuple[int, Spent]:
        judge = Slow()
        gateway = Gateway(judge, Cache(tmp_path / "cache"), concurrency=2, billing=BillingLog(path))
        asked = [asyncio.create_task(ask(gateway, prompt)) for prompt in "abcd"]
        await asyncio.sleep(0.01)
        for task in asked:
            task.cancel()
        await asyncio.wait(asked)
        asyncio.get_running_loop().call_later(0.05, judge.let.set)
        await gateway.settle()
        return judge.asked, gateway.spent

    asked, spent = run(work())
    assert (asked, spent) == (
        2,
        Spent(calls=2, tokens=220, misses=2, cost_usd=0.22),
    )
    assert (load_bill(path).spent.misses, load_bill(path).open) == (2, ())
    again = Gateway(FaultyJudge(), Cache(tmp_path / "cache"))
    assert run(ask(again, "a"))[1][0].cached


def test_settling_for_one_leaves_the_calls_of_another_alone() -> None:
    async def work() -> tuple[str, str, int]:
        judge = Slow()
        gateway = Gateway(judge, None, concurrency=1)
        gone, sent, queued = (asyncio.create_task(ask(gateway, prompt)) for prompt in "abc")
        await asyncio.sleep(0.01)
        gone.cancel()
        await asyncio.wait([gone])
        asyncio.get_running_loop().call_later(0.02, judge.let.set)
        await gateway.settle()
        return (await sent)[0].text, (await queued)[0].text, judge.asked

    assert run(work()) == ("b", "c", 3)


def test_call_that_waits_for_its_turn_is_dropped_with_whoever_asked_and_may_be_asked_again() -> None:
    async def work() -> tuple[str, int, Spent]:
        judge = Slow()
        gateway = Gateway(judge, None, concurrency=1)
        first, queued = (asyncio.create_task(ask(gateway, prompt)) for prompt in "ab")
        await asyncio.sleep(0.01)
        queued.cancel()
        await asyncio.sleep(0)
        again = asyncio.create_task(ask(gateway, "b"))
        await asyncio.sleep(0.01)
        pending = gateway.spent.pending_calls
        judge.let.set()
        await first
        return (await again)[0].text, pending, gateway.spent

    text, pending, spent = run(work())
    assert (text, pending) == ("b", 2)
    assert spent == Spent(calls=2, tokens=220, misses=2, cost_usd=0.22)


def test_settling_does_not_wait_for_retries(hours: Hours) -> None:
    async def never(seconds: float) -> None:
        await asyncio.sleep(60)

    async def work() -> Spent:
        gateway = Gateway(FaultyJudge([THROTTLED] * 3), None, clock=replace(hours.clock(), sleep=never))
        asked = asyncio.create_task(ask(gateway))
        await asyncio.sleep(0.02)
        asked.cancel()
        await asyncio.wait([asked])
        await gateway.settle()
        return gateway.spent

    assert run(work()) == Spent()


def test_limit_counts_calls_under_way_at_what_they_are_expected_to_cost() -> None:
    async def work() -> tuple[int, Spent]:
        judge = Slow()

        def check(spent: Spent) -> None:
            if spent.cost_usd + spent.pending_usd >= 1.0:
                raise LimitReached("max-usd", spent.cost_usd + spent.pending_usd, 1.0)

        gateway = Gateway(judge, None)
        gateway.limit(check)
        asked = [asyncio.create_task(ask(gateway, prompt)) for prompt in "abcdef"]
        await asyncio.sleep(0.01)
        judge.let.set()
        results = await asyncio.gather(*asked, return_exceptions=True)
        return sum(isinstance(result, LimitReached) for result in results), gateway.spent

    refused, spent = run(work())
    assert refused == 3  # 401 tokens are expected of each, at a dollar a thousand
    assert spent == Spent(calls=3, tokens=330, misses=3, cost_usd=pytest.approx(0.33))  # type: ignore[arg-type]


def test_price_that_is_not_known_is_not_zero(tmp_path: Path) -> None:
    gateway = Gateway(FaultyJudge(price=None), None, billing=BillingLog(tmp_path / "account.jsonl"))
    run(ask(gateway))
    paid = load_bill(tmp_path / "account.jsonl").spent
    assert (gateway.spent.usd, gateway.spent.unpriced, paid.unpriced, paid.cost_usd) == (None, 1, 1, 0.0)


def test_outage_is_told_when_it_begins_and_when_it_is_over(hours: Hours) -> None:
    told: list[str] = []
    judge = FaultyJudge([JudgeTransient("HTTP 503", status=503)] * 5)
    gateway = Gateway(judge, None, clock=hours.clock(), outage=told.append)
    run(ask(gateway))
    assert told == ["HTTP 503", ""]


def test_call_that_fails_twice_is_no_outage(hours: Hours) -> None:
    told: list[str] = []
    judge = FaultyJudge([JudgeTransient("HTTP 503", status=503)] * 2)
    run(ask(Gateway(judge, None, clock=hours.clock(), outage=told.append)))
    assert told == []
