"""The gateway: draws, budgets, tools, and a record of every call; nothing is asked twice."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from meta_reward.completion import Completion, Request, Usage
from meta_reward.errors import CandidateError, JudgeUnavailable, LimitReached, PromptTooLong
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.models.session import Answer, Ask, JudgeSession
from meta_reward.models.usage import Spent
from meta_reward.trajectory import Message, Tool, ToolCall
from tests.conftest import WordJudge

T = TypeVar("T")
LOOK = Tool("look", "Look up an order.")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def no_tools(call: ToolCall) -> tuple[str, bool]:
    raise AssertionError(f"the judge calls {call.name}")


def counting_judge() -> WordJudge:
    return WordJudge(lambda prompt, draw: f"{prompt} #{draw}")


@dataclass(slots=True)
class ToolJudge(WordJudge):
    """Asks for tools in its first turns, then answers with the last result."""

    turns: list[list[ToolCall]] = field(default_factory=list)

    async def complete(self, request: Request, *, draw: int) -> Completion:
        self.requests.append(request)
        turn = sum(message.role == "assistant" for message in request.messages)
        if turn < len(self.turns):
            return Completion("", Usage(1, 1), tuple(self.turns[turn]), "tool")
        return Completion(request.messages[-1].content, Usage(1, 1))


async def ask_all(gateway: Gateway, *prompts: str, digest: str = "t", **budget: int) -> list[str]:
    session = gateway.session(digest, **budget)
    return [(await session.ask(Ask(prompt), no_tools)).text for prompt in prompts]


def test_asking_the_same_again_is_another_draw_and_asking_something_else_is_not() -> None:
    gateway = Gateway(counting_judge(), None)
    assert run(ask_all(gateway, "a", "a", "b", "a")) == ["a #0", "a #1", "b #0", "a #2"]


def test_every_trajectory_draws_anew() -> None:
    gateway = Gateway(counting_judge(), None)
    assert [run(ask_all(gateway, "a", digest=digest)) for digest in "xy"] == [["a #0"], ["a #0"]]


def test_second_time_everything_comes_from_the_cache_and_counts_nominally(tmp_path: Path) -> None:
    judge = counting_judge()
    first, second = (Gateway(judge, Cache(tmp_path)) for _ in range(2))
    assert run(ask_all(first, "aaaa", "aaaa")) == run(ask_all(second, "aaaa", "aaaa")) == ["aaaa #0", "aaaa #1"]
    assert len(judge.requests) == 2
    assert first.spent == Spent(calls=2, tokens=6, misses=2, cost_usd=2e-6)
    assert second.spent == Spent(calls=2, tokens=6, misses=0, cost_usd=0.0)


def test_cache_never_serves_one_trajectory_what_was_asked_of_another(tmp_path: Path) -> None:
    gateway = Gateway(WordJudge(), Cache(tmp_path))
    for digest in "xy":
        run(ask_all(gateway, "a", digest=digest))
    assert gateway.spent.misses == 2


def test_changed_judge_is_asked_anew(tmp_path: Path) -> None:
    replies = [
        run(ask_all(Gateway(WordJudge(lambda *_, n=n: str(n), settings={"seed": n}), Cache(tmp_path)), "a"))
        for n in (1, 2, 1)
    ]
    assert replies == [["1"], ["2"], ["1"]]


def test_calls_are_on_record_in_the_order_of_the_asks_whatever_the_order_of_the_replies() -> None:
    class Slow(WordJudge):
        async def complete(self, request: Request, *, draw: int) -> Completion:
            await asyncio.sleep(0.03 if request.messages[0].content == "first" else 0)
            return Completion(request.messages[0].content, Usage(4, 2))

    async def both() -> list[tuple[int, int, int, str, bool, float | None]]:
        session = Gateway(Slow(), None).session("t")
        await asyncio.gather(*(session.ask(Ask(prompt), no_tools) for prompt in ("first", "second")))
        return [(c.ask, c.turn, c.draw, c.completion.text, c.cached, c.cost_usd) for c in session.calls]

    assert run(both()) == [(1, 1, 0, "first", False, 4e-6), (2, 1, 0, "second", False, 4e-6)]


def test_request_carries_everything_that_was_asked() -> None:
    judge = WordJudge()
    ask = Ask("Rate.", "Be strict.", (LOOK,), "look", {"type": "object"})
    run(Gateway(judge, None).session("t").ask(ask, no_tools))
    assert judge.requests == [Request((Message("user", "Rate."),), "Be strict.", (LOOK,), "look", {"type": "object"})]


def test_judge_gets_the_results_of_the_tools_it_calls_and_then_answers() -> None:
    calls = [ToolCall("1", "look", {"id": "A"}), ToolCall("2", "look", {"id": "B"}), ToolCall("3", "fail", {})]
    judge = ToolJudge(turns=[calls[:2], calls[2:]])

    async def run_tool(call: ToolCall) -> tuple[str, bool]:
        return (f"saw {call.arguments.get('id')}", call.name == "fail")

    answer = run(Gateway(judge, None).session("t").ask(Ask("Rate.", tools=(LOOK,), require="look"), run_tool))
    assert answer == Answer("saw None", "end", ("look", "look", "fail"))
    assert judge.requests[-1].messages == (
        Message("user", "Rate."),
        Message("assistant", "", tuple(calls[:2])),
        Message("tool", "saw A", tool_call_id="1"),
        Message("tool", "saw B", tool_call_id="2"),
        Message("assistant", "", (calls[2],)),
        Message("tool", "saw None", tool_call_id="3", is_error=True),
    )
    assert [request.require for request in judge.requests] == ["look", None, None]


def test_conversation_with_tools_is_cached_turn_by_turn_and_its_tools_run_again(tmp_path: Path) -> None:
    judge, ran = ToolJudge(turns=[[ToolCall("1", "look", {})]]), []

    async def run_tool(call: ToolCall) -> tuple[str, bool]:
        ran.append(call.name)
        return "seen", False

    gateway = Gateway(judge, Cache(tmp_path))
    answers = [run(gateway.session("t").ask(Ask("Rate.", tools=(LOOK,)), run_tool)) for _ in range(2)]
    assert answers == [Answer("seen", "end", ("look",))] * 2
    assert (len(judge.requests), ran, gateway.spent.calls, gateway.spent.misses) == (2, ["look", "look"], 4, 2)


def test_calls_beyond_the_budget_are_the_candidates_fault_and_are_not_made() -> None:
    judge = WordJudge()
    with pytest.raises(CandidateError, match="judge-calls: more than 2 judge calls on one trajectory"):
        run(ask_all(Gateway(judge, None), "a", "b", "c", max_calls=2))
    assert len(judge.requests) == 2


def test_turns_with_tools_count_as_calls() -> None:
    endless = ToolJudge(turns=[[ToolCall("1", "look", {})]] * 100)

    async def run_tool(call: ToolCall) -> tuple[str, bool]:
        return "seen", False

    with pytest.raises(CandidateError, match="judge-calls: more than 5"):
        run(Gateway(endless, None).session("t", max_calls=5).ask(Ask("Rate."), run_tool))
    assert len(endless.requests) == 5


def test_tokens_beyond_the_budget_are_the_candidates_fault_whether_cached_or_not(tmp_path: Path) -> None:
    gateway = Gateway(WordJudge(), Cache(tmp_path))
    for _ in range(2):
        with pytest.raises(CandidateError, match="judge-tokens: more than 100 judge tokens on one trajectory"):
            run(ask_all(gateway, "a" * 396, "b" * 396, max_tokens=100))
    assert (gateway.spent.calls, gateway.spent.misses) == (2, 1)


def test_prompts_that_are_refused_count_as_tokens_and_come_to_an_end() -> None:
    def refuse(prompt: str, draw: int) -> str:
        raise PromptTooLong(len(prompt) // 4, 50)

    async def work(session: JudgeSession) -> None:
        for draw in range(100):
            with suppress(PromptTooLong):
                await session.ask(Ask(f"{draw:03}" + "a" * 393), no_tools)

    judge = WordJudge(refuse)
    session = Gateway(judge, None).session("t", max_tokens=250)
    with pytest.raises(CandidateError, match="judge-tokens: more than 250 judge tokens on one trajectory"):
        run(work(session))
    assert len(judge.requests) == len(session.calls) == 3


def test_bytes_of_a_conversation_are_bounded_also_for_questions_at_the_same_time() -> None:
    async def work(session: JudgeSession) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(session.ask(Ask(f"{number}" + "é" * 1000), no_tools))

    session = Gateway(WordJudge(), None).session("t", max_bytes=10_000)
    with pytest.raises(ExceptionGroup) as raised:
        run(work(session))
    assert raised.group_contains(CandidateError, match="judge-bytes: more than 10000 bytes asked of the judge")
    assert len(session.calls) <= 4


def test_each_turn_with_tools_counts_the_whole_conversation() -> None:
    endless = ToolJudge(turns=[[ToolCall("1", "look", {})]] * 100)

    async def run_tool(call: ToolCall) -> tuple[str, bool]:
        return "x" * 100, False

    session = Gateway(endless, None).session("t", max_bytes=20_000)
    with pytest.raises(CandidateError, match=r"judge-bytes: .*each turn counts the whole conversation"):
        run(session.ask(Ask("Rate." * 200), run_tool))
    assert 5 < len(endless.requests) < 15


def test_limit_is_checked_before_a_call_is_made() -> None:
    judge = WordJudge()

    def check(spent: Spent) -> None:
        if spent.calls >= 2:
            raise LimitReached("max-calls", spent.calls, 2)

    gateway = Gateway(judge, None)
    gateway.limit(check)
    with pytest.raises(LimitReached, match="limit reached: max-calls 2 of 2"):
        run(ask_all(gateway, "a", "b", "c"))
    assert len(judge.requests) == 2


def test_outage_passes_through_and_is_neither_counted_nor_cached(tmp_path: Path) -> None:
    def fail(prompt: str, draw: int) -> str:
        raise JudgeUnavailable("down")

    gateway = Gateway(WordJudge(fail), Cache(tmp_path))
    with pytest.raises(JudgeUnavailable, match="down"):
        run(ask_all(gateway, "a"))
    assert gateway.spent == Spent()
    assert list(tmp_path.glob("*/*")) == []


def test_no_more_calls_are_under_way_at_once_than_allowed() -> None:
    @dataclass(slots=True)
    class Busy(WordJudge):
        now: int = 0
        most: int = 0

        async def complete(self, request: Request, *, draw: int) -> Completion:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.005)
            self.now -= 1
            return Completion("", Usage(1, 1))

    async def many() -> int:
        judge = Busy()
        session = Gateway(judge, None, concurrency=3).session("t")
        await asyncio.gather(*(session.ask(Ask("a"), no_tools) for _ in range(10)))
        return judge.most

    assert run(many()) == 3


def test_unknown_price_is_unknown_on_record_and_nothing_in_the_sum() -> None:
    class Free(WordJudge):
        def cost_usd(self, usage: Usage) -> float | None:
            return None

    async def one() -> tuple[float | None, float]:
        gateway = Gateway(Free(), None)
        session = gateway.session("t")
        await session.ask(Ask("a"), no_tools)
        return session.calls[0].cost_usd, gateway.spent.cost_usd

    assert run(one()) == (None, 0.0)
