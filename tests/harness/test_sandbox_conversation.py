"""The talk between a candidate and its parent: questions, replies, tools, and who is to blame when it breaks off."""

import asyncio
import time

import pytest

from meta_reward.completion import Completion, Request, Usage
from meta_reward.errors import CandidateError, JudgeUnavailable, LimitReached, PromptTooLong
from meta_reward.harness.budget import Budget
from meta_reward.harness.runtime import Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.session import Answer, Ask, RunTool
from meta_reward.trajectory import ToolCall
from tests.conftest import ASKING_HARNESS, LEVEL, WordJudge
from tests.harness.boxed import TRAJECTORY, ToolJudge, harness, score, score_all, session


def test_harness_sees_the_trajectory_asks_the_judge_and_is_rewarded() -> None:
    judge = WordJudge()
    assert score(ASKING_HARNESS, session(judge).ask) == Reward(90.0, "90", {})
    assert "I did GOOD." in judge.requests[0].messages[0].content


def test_everything_asked_and_answered_crosses_the_sandbox() -> None:
    asked: list[Ask] = []

    async def judge(ask: Ask, run_tool: RunTool) -> Answer:
        asked.append(ask)
        return Answer('{"score": 5}', "length", ("look",))

    body = """reply = await judge.ask(
        "Räte\\n", system="Be\\tstrict.", tools=[look], require=look, schema={"type": "object"}
    )
    return Reward(reply.data["score"], reply.text, {"stop": reply.stop_reason, "called": list(reply.tools_called)})"""
    reward = score(harness(body, "def look(id: str):\n    'Looks.'"), judge)
    assert reward == Reward(5.0, '{"score": 5}', {"stop": "length", "called": ["look"]})
    assert (asked[0].prompt, asked[0].system, asked[0].require) == ("Räte\n", "Be\tstrict.", "look")
    assert ([tool.name for tool in asked[0].tools], asked[0].schema) == (["look"], {"type": "object"})


def test_tool_that_the_judge_calls_runs_in_the_candidate() -> None:
    judge = ToolJudge(
        calls=[ToolCall("1", "look", {"id": "A"}), ToolCall("2", "later", {}), ToolCall("3", "count", {})]
    )
    top = """seen = []
def look(id: str) -> str:
    seen.append(id)
    return f"saw {id}"
async def later() -> dict:
    return {"b": 1}
def count() -> list:
    return [len(seen)]"""
    body = "reply = await judge.ask('a', tools=[look, later, count])\n    return Reward(len(seen), str(reply))"
    assert score(harness(body, top), session(judge).ask) == Reward(1.0, 'saw A {"b": 1} [1]')


def test_judge_is_told_when_a_tool_fails_or_does_not_exist() -> None:
    calls = [ToolCall("1", "look", {"x": 1}), ToolCall("2", "nothing", {}), ToolCall("3", "odd", {})]
    judge = ToolJudge(calls=calls)
    top = "def look(id: str) -> str: return id\ndef odd(): return object()"
    score(harness("await judge.ask('a', tools=[look, odd]); return 5", top), session(judge).ask)
    results = [m for m in judge.requests[-1].messages if m.role == "tool"]
    assert [m.is_error for m in results] == [True, True, True]
    assert "unexpected keyword argument 'x'" in results[0].content
    assert results[1].content == "there is no tool 'nothing'"
    assert "not JSON serializable" in results[2].content


def test_tool_may_itself_ask_the_judge() -> None:
    judge = ToolJudge(lambda *_: "", calls=[ToolCall("1", "second_look", {})])
    plain = WordJudge(lambda *_: "40")

    async def answer(ask: Ask, run_tool: RunTool) -> Answer:
        return await (first if ask.tools else second).ask(ask, run_tool)

    first, second = session(judge), session(plain)
    top = "asked = []\nasync def second_look() -> str:\n    return (await asked[0].ask('again')).text"
    body = "asked.append(judge)\n    return float((await judge.ask('a', tools=[second_look])).text)"
    assert score(harness(body, top), answer, Budget(active_s=2.0, wall_s=5.0)) == Reward(40.0)


def test_judge_that_still_waits_for_a_tool_of_a_finished_candidate_is_told_so() -> None:
    judge = ToolJudge(calls=[ToolCall("1", "look", {})])
    asked = session(judge)
    top = "import asyncio\nasync def look(): await asyncio.sleep(60)"
    body = "asyncio.ensure_future(judge.ask('a', tools=[look])); await asyncio.sleep(0.1); return 5"
    assert score(harness(body, top), asked.ask) == Reward(5.0)
    assert [call.completion.text for call in asked.calls] == ["", "the harness has already answered"]


def test_asks_that_nobody_awaits_are_counted() -> None:
    asked = session(WordJudge())
    body = "asyncio.ensure_future(judge.ask('a')); await asyncio.sleep(0); return 5"
    assert score(harness(body, "import asyncio"), asked.ask) == Reward(5.0)
    assert [call.request.messages[0].content for call in asked.calls] == ["a"]


def test_asks_under_way_are_counted_when_the_candidate_fails() -> None:
    class Slow(WordJudge):
        async def complete(self, request: Request, *, draw: int) -> Completion:
            await asyncio.sleep(0.2 if request.messages[0].content == "slow" else 0)
            return Completion("", Usage(1, 1))

    asked = session(Slow())
    body = "asyncio.ensure_future(judge.ask('slow')); await judge.ask('fast'); return 1 / 0"
    with pytest.raises(CandidateError, match="ZeroDivisionError"):
        score(harness(body, "import asyncio"), asked.ask)
    assert [call.request.messages[0].content for call in asked.calls] == ["fast", "slow"]


def test_several_asks_at_once_are_answered_each_with_its_own() -> None:
    async def judge(ask: Ask, run_tool: RunTool) -> Answer:
        await asyncio.sleep(0.02 * (3 - int(ask.prompt)))
        return Answer(ask.prompt, "end")

    body = "return Reward(5, ' '.join(map(str, await asyncio.gather(*(judge.ask(str(n)) for n in range(3))))))"
    assert score(harness(body, "import asyncio"), judge) == Reward(5.0, "0 1 2")


def test_harness_may_give_up_waiting_for_a_reply() -> None:
    async def judge(ask: Ask, run_tool: RunTool) -> Answer:
        await asyncio.sleep(0.2 if ask.prompt == "slow" else 0)
        return Answer(ask.prompt, "end")

    body = """try: await asyncio.wait_for(judge.ask("slow"), 0.05)
    except TimeoutError: pass
    await asyncio.sleep(0.3)
    return Reward(5, (await judge.ask("fast")).text)"""
    assert score(harness(body, "import asyncio"), judge, Budget(active_s=5.0)) == Reward(5.0, "fast")


@pytest.mark.parametrize("caught", ["PromptTooLong", "JudgeError"])
def test_prompt_that_is_too_long_may_be_caught(caught: str) -> None:
    def window(prompt: str, draw: int) -> str:
        if len(prompt) > 100:
            raise PromptTooLong(len(prompt), 100)
        return "60"

    body = f"""try: reply = await judge.ask("x" * 101)
    except {caught}: reply = await judge.ask("x" * 99)
    return float(reply.text)"""
    assert score(harness(body), session(WordJudge(window)).ask) == Reward(60.0)


def test_prompt_that_is_too_long_and_not_caught_fails_the_candidate() -> None:
    def window(prompt: str, draw: int) -> str:
        raise PromptTooLong(900, 100)

    with pytest.raises(CandidateError, match="PromptTooLong: prompt of about 900 tokens"):
        score(harness("await judge.ask('a')"), session(WordJudge(window)).ask)


@pytest.mark.parametrize("error", [JudgeUnavailable("down"), LimitReached("max-calls", 5, 5)])
@pytest.mark.parametrize(
    "body", ["await judge.ask('a')", "asyncio.ensure_future(judge.ask('a')); await asyncio.sleep(0); return 5"]
)
def test_outage_or_limit_is_nobodys_fault_and_passes_through(error: Exception, body: str) -> None:
    async def fail(ask: Ask, run_tool: RunTool) -> Answer:
        raise error

    with pytest.raises(type(error), match=str(error)):
        score(harness(f"try: {body}\n    except BaseException: return 5", "import asyncio"), fail)


def test_outage_weighs_more_than_a_failure_of_the_candidate_at_the_same_moment() -> None:
    both = asyncio.Event()

    async def fail(ask: Ask, run_tool: RunTool) -> Answer:
        if ask.prompt == "b":
            both.set()
            await asyncio.sleep(0)
            raise JudgeUnavailable("down")
        await both.wait()
        raise CandidateError("judge-calls", "too many")

    source = harness("await asyncio.gather(judge.ask('a'), judge.ask('b'))", "import asyncio")
    with pytest.raises(JudgeUnavailable, match="down"):
        score(source, fail)


def test_replies_that_a_candidate_did_not_wait_for_disturb_no_other_trajectory() -> None:
    top = "import asyncio\nasync def first(judge):\n    return (await judge.ask('x')).text[10**9]\n"
    hasty = harness("await asyncio.gather(*(first(judge) for i in range(4)))", top)
    honest = harness("return len((await judge.ask('x')).text) / 10_000")

    async def answer(ask: Ask, run_tool: RunTool) -> Answer:
        return Answer("long" * 100_000, "end")

    async def work() -> list[str | float]:
        async with Sandbox(Budget(active_s=10), level=LEVEL) as sandbox:

            async def one(source: str) -> str | float:
                try:
                    return (await sandbox.score(source, TRAJECTORY, answer)).score
                except CandidateError as error:
                    return error.kind

            return await asyncio.gather(*(one(source) for source in [hasty, honest] * 20))

    assert asyncio.run(work()) == ["IndexError", 40.0] * 20


def test_reply_that_comes_when_the_candidate_has_answered_does_not_lose_its_answer() -> None:
    first_sent = asyncio.Event()

    async def answer(ask: Ask, run_tool: RunTool) -> Answer:
        if ask.prompt == "second":
            await first_sent.wait()
            await asyncio.sleep(0)
            time.sleep(0.3)  # noqa: ASYNC251 the candidate answers meanwhile, and nobody here has heard it yet
        else:
            first_sent.set()
        return Answer("long" * 1000, "end")

    body = "await asyncio.wait([asyncio.ensure_future(judge.ask(p)) for p in ('first', 'second')], return_when=FIRST)"
    source = harness(f"{body}\n    return 5", "import asyncio\nFIRST = asyncio.FIRST_COMPLETED")
    assert score(source, answer) == Reward(5.0)


def test_thread_where_one_can_be_started_wakes_the_harness_that_waits_for_it() -> None:
    body = "return await asyncio.to_thread(lambda: time.sleep(0.2) or 9)"
    assert score_all(harness(body, "import asyncio, time"), level="none") == [Reward(9.0)]


def test_cancelled_restart_of_a_dead_zygote_ends_cleanly() -> None:
    """As an interrupt from the keyboard does, which reaches the zygote too."""

    async def main() -> None:
        async with Sandbox(Budget(), level=LEVEL) as sandbox:
            source = harness("return 70")
            assert (await sandbox.score(source, TRAJECTORY, _never)).score == 70
            assert sandbox._zygote is not None
            sandbox._zygote._process.kill()
            sandbox._zygote._process.wait()
            again = asyncio.create_task(sandbox.score(source, TRAJECTORY, _never))
            await asyncio.sleep(0)
            again.cancel()
            with pytest.raises(asyncio.CancelledError):
                await again

    asyncio.run(main())


async def _never(ask: Ask, run_tool: RunTool) -> Answer:
    raise AssertionError("nothing is asked")
