"""The sandbox: every failure of a candidate is its own, and nothing carries over to the next trajectory."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from meta_reward.completion import Completion, Request, Usage
from meta_reward.errors import (
    CandidateError,
    JudgeUnavailable,
    LimitReached,
    MetaRewardError,
    PromptTooLong,
    UsageError,
)
from meta_reward.harness.budget import Budget
from meta_reward.harness.confinement import Level, package_paths, time_zones
from meta_reward.harness.runtime import Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.judge.gateway import Answer, Ask, Gateway, RunTool, Session
from meta_reward.trajectory import ToolCall, trajectory_to_json
from tests.conftest import ASKING_HARNESS, LEVEL, WordJudge, make_trajectory
from tests.harness.attacks.arena import LEVELS

QUICK = Budget(active_s=0.5, wall_s=20.0)
TRAJECTORY = trajectory_to_json(make_trajectory("I did GOOD."))
KILLER = """
import os, time

async def reward(trajectory, judge):
    parent = os.getppid()
    if "meta_reward.harness.worker" in open(f"/proc/{parent}/cmdline").read():
        os.kill(parent, 9)
    time.sleep(60)
"""
Judge = Callable[[Ask, RunTool], Awaitable[Answer]]


def harness(body: str, top: str = "") -> str:
    """A harness of this body, at this indentation; `top` stands above it."""
    return f"from meta_reward.harness import *\n{top}\nasync def reward(trajectory, judge):\n    {body}\n"


def session(judge: WordJudge | None = None) -> Session:
    return Gateway(judge or WordJudge(), None).session("t")


def score_all(
    *sources: str, judge: Judge | None = None, budget: Budget = QUICK, level: Level = LEVEL
) -> list[Reward | str]:
    """Each source's reward or the kind of its failure, one after the other in one sandbox."""

    async def work() -> list[Reward | str]:
        results: list[Reward | str] = []
        async with Sandbox(budget, level=level) as sandbox:
            for source in sources:
                try:
                    results.append(await sandbox.score(source, TRAJECTORY, judge or session().ask))
                except CandidateError as error:
                    results.append(error.kind)
        return results

    return asyncio.run(work())


def score(source: str, judge: Judge | None = None, budget: Budget = QUICK) -> Reward:
    """The reward of one source; raises what the sandbox raises."""

    async def work() -> Reward:
        async with Sandbox(budget, level=LEVEL) as sandbox:
            return await sandbox.score(source, TRAJECTORY, judge or session().ask)

    return asyncio.run(work())


@dataclass(slots=True)
class ToolJudge(WordJudge):
    """Calls these tools, one a turn, then answers with all results."""

    calls: list[ToolCall] = field(default_factory=list)

    async def complete(self, request: Request, *, draw: int) -> Completion:
        self.requests.append(request)
        results = [m.content for m in request.messages if m.role == "tool"]
        if len(results) < len(self.calls):
            return Completion("", Usage(1, 1), (self.calls[len(results)],), "tool")
        return Completion(" ".join(results), Usage(1, 1))


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


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("return 1 / 0", "ZeroDivisionError", "division by zero (line 4)"),
        ("raise SystemExit(3)", "SystemExit", "3 (line 4)"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", ""),
        ("return None", "ValueError", "reward() returned NoneType"),
        ("return float('nan')", "ValueError", "score nan lies outside 0 to 100"),
        ("return 100.5", "ValueError", "score 100.5 lies outside"),
        ("return 10 ** 400", "ValueError", "lies outside"),
        ("return Reward(5, findings={'a': float('nan')})", "ValueError", "JSON"),
        ("return Reward(5, findings={'a': object()})", "ValueError", "findings cannot be written as JSON"),
        ("return (_ for _ in ()).throw(ValueError('x'))", "ValueError", "x"),
        ("return Reward('a' * 10 ** 10)", "MemoryError", ""),
        ("return (lambda f: f(f))(lambda f: f(f))", "RecursionError", ""),
        ("import os; os._exit(3)", "exit", "the process ended (exit code 3) without an answer"),
        ("import os; os._exit(0)", "exit", "the process ended (exit code 0) without an answer"),
        ("import os; os.abort()", "crash", "the process ended (signal 11) without an answer"),
        ("import ctypes; ctypes.string_at(0)", "crash", "the process ended (signal 11)"),
        ("import os; os.kill(os.getpid(), 9)", "PermissionError", "Operation not permitted (line 4)"),
        ("import asyncio; await asyncio.sleep(60)", "time-out", "no answer within 0.5 s of its own time"),
        ("while True: pass", "time-out", "no answer within 0.5 s of its own time"),
        ("await judge.ask(5)", "TypeError", "prompt and system of judge.ask() must be text"),
        ("await judge.ask('a', require='look')", "ValueError", "require names 'look', which is not among the tools"),
        ("await judge.ask('a', schema={'a': object()})", "TypeError", "JSON"),
        ("await judge.ask('\\ud800')", "protocol", "unreadable frame"),
        ("import numpy", "ModuleNotFoundError", "No module named 'numpy'"),
        ("import orjson", "ModuleNotFoundError", "No module named 'orjson'"),
        ("import meta_reward.files", "ModuleNotFoundError", "No module named 'meta_reward.files'"),
        ("import meta_reward.harness.sandbox", "ModuleNotFoundError", "No module named 'meta_reward.harness.sandbox'"),
    ],
)
def test_failure_of_a_candidate_is_named(body: str, kind: str, message: str) -> None:
    with pytest.raises(CandidateError) as raised:
        score(harness(body))
    assert raised.value.kind == kind
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def reward(", "SyntaxError"),
        ("reward = 5", "TypeError"),
        ("def reward(trajectory, judge): return 5", "TypeError"),
        ("async def reward(): return 5", "TypeError"),
        ("raise RuntimeError('at import')", "RuntimeError"),
        ("", "TypeError"),
    ],
)
def test_program_that_is_no_harness_fails_as_one(source: str, kind: str) -> None:
    assert score_all(source) == [kind]


def test_traceback_shows_the_candidates_own_lines_alone() -> None:
    with pytest.raises(CandidateError) as raised:
        score(harness("return helper()", "def helper():\n    return {}['key']"))
    lines = [line.strip() for line in raised.value.traceback.splitlines() if "^" not in line]
    assert lines == [
        'File "harness.py", line 5, in reward',
        "return helper()",
        'File "harness.py", line 3, in helper',
        "return {}['key']",
    ]


def test_used_up_processor_time_ends_a_candidate() -> None:
    assert score_all(harness("while True: pass"), budget=Budget(cpu_s=1, active_s=10.0)) == ["cpu-time"]


@pytest.mark.parametrize("body", ["return Reward(5, reason='x' * 20_000)", "await judge.ask('x' * 20_000)"])
def test_too_much_output_at_once_is_refused(body: str) -> None:
    with pytest.raises(CandidateError, match=r"output: 20... bytes at once, more than 10000"):
        score(harness(body), budget=Budget(output_bytes=10_000))


@pytest.mark.parametrize(
    "body", ["return Reward(5, findings={'a': nested})", "await judge.ask('a', schema={'a': nested}); return 5"]
)
def test_nesting_that_cannot_be_written_down_is_the_candidates_fault(body: str) -> None:
    top = "import json\nnested = json.loads('[' * 500 + ']' * 500)"
    with pytest.raises(CandidateError):
        score(harness(body, top))


def test_timeout_kills_the_candidate_and_keeps_the_others() -> None:
    async def work() -> list[Any]:
        async with Sandbox(QUICK, level=LEVEL) as sandbox:
            sources = [harness("return 1"), harness("while True: pass"), harness("return 3")]
            scores = (sandbox.score(source, TRAJECTORY, session().ask) for source in sources)
            return await asyncio.gather(*scores, return_exceptions=True)

    first, stuck, third = asyncio.run(work())
    assert (first, third) == (Reward(1.0), Reward(3.0))
    assert isinstance(stuck, CandidateError)
    assert stuck.kind == "time-out"


def test_process_of_a_candidate_that_timed_out_is_gone() -> None:
    judge = WordJudge()

    async def work() -> bool:
        async with Sandbox(QUICK, level="none") as sandbox:
            source = harness("await judge.ask(str(os.getpid()))\n    while True: pass", "import os")
            with pytest.raises(CandidateError, match="time-out"):
                await sandbox.score(source, TRAJECTORY, session(judge).ask)
            for _ in range(100):
                if not os.path.exists(f"/proc/{judge.requests[0].messages[0].content}"):  # noqa: ASYNC240, PTH110
                    return True
                await asyncio.sleep(0.01)
        return False

    assert asyncio.run(work())


@pytest.mark.parametrize(
    "body",
    [
        "await judge.ask('a')\n    import asyncio; await asyncio.sleep(60)",
        "await judge.ask('a')\n    import time; time.sleep(60)",
    ],
)
def test_own_time_runs_after_the_judge_has_answered_too(body: str) -> None:
    began = time.monotonic()
    with pytest.raises(CandidateError, match=r"time-out: no answer within 0\.5 s of its own time"):
        score(harness(body), budget=Budget(active_s=0.5, wall_s=5.0))
    assert time.monotonic() - began < 3


def test_tool_that_hangs_is_the_candidates_own_time() -> None:
    judge = ToolJudge(calls=[ToolCall("1", "look", {})])
    source = harness("await judge.ask('a', tools=[look])\n    return 5", "import time\ndef look():\n    time.sleep(60)")
    with pytest.raises(CandidateError, match=r"time-out: no answer within 0\.5 s of its own time"):
        score(source, session(judge).ask, Budget(active_s=0.5, wall_s=5.0))


def test_waiting_for_the_judge_is_not_the_candidates_time() -> None:
    async def slow(ask: Ask, run_tool: RunTool) -> Answer:
        await asyncio.sleep(0.8)
        return Answer("7", "end")

    source = harness("return float((await judge.ask('a')).text)")
    assert score(source, slow) == Reward(7.0)


def test_all_of_it_has_a_cap_also_while_the_judge_is_asked() -> None:
    async def never(ask: Ask, run_tool: RunTool) -> Answer:
        await asyncio.sleep(60)
        raise AssertionError

    with pytest.raises(CandidateError, match=r"time-out: no answer within 0\.4 s in all"):
        score(harness("await judge.ask('a')"), never, Budget(wall_s=0.4))


def test_waiting_for_an_endpoint_that_is_down_is_on_nobodys_budget() -> None:
    began = time.monotonic()

    async def slow(ask: Ask, run_tool: RunTool) -> Answer:
        await asyncio.sleep(0.6)
        return Answer("7", "end")

    async def work() -> Reward:
        async with Sandbox(Budget(wall_s=0.3), level=LEVEL) as sandbox:
            source = harness("return float((await judge.ask('a')).text)")
            return await sandbox.score(source, TRAJECTORY, slow, waited_s=lambda: time.monotonic() - began)

    assert asyncio.run(work()) == Reward(7.0)


def test_endless_asking_ends_at_the_budget_of_calls() -> None:
    judge = WordJudge()
    gateway = Gateway(judge, None)
    with pytest.raises(CandidateError, match="judge-calls: more than 20"):
        score(harness("while True: await judge.ask('a')"), gateway.session("t", max_calls=20).ask)
    assert len(judge.requests) == 20


def test_candidate_that_kills_its_zygote_fails_and_the_next_one_gets_another() -> None:
    assert score_all(KILLER, harness("return 5"), KILLER, harness("return 6"), level="none") == [
        "killed",
        Reward(5.0),
        "killed",
        Reward(6.0),
    ]


def test_many_that_kill_their_zygote_at_once_all_fail_as_candidates() -> None:
    async def work() -> list[str | Reward]:
        async with Sandbox(QUICK, level="none") as sandbox:

            async def some() -> list[str]:
                kinds = []
                for _ in range(4):
                    with pytest.raises(CandidateError) as raised:
                        await sandbox.score(KILLER, TRAJECTORY, session().ask)
                    kinds.append(raised.value.kind)
                return kinds

            kinds = [kind for part in await asyncio.gather(*(some() for _ in range(6))) for kind in part]
            return [*kinds, await sandbox.score(harness("return 5"), TRAJECTORY, session().ask)]

    assert asyncio.run(asyncio.wait_for(work(), 15)) == ["killed"] * 24 + [Reward(5.0)]


def test_those_under_way_when_a_zygote_dies_fail_although_another_takes_its_place_at_once() -> None:
    async def work() -> list[Reward | BaseException]:
        async with Sandbox(QUICK, level="none") as sandbox:
            zygote = int(
                (
                    await sandbox.score(
                        harness("return Reward(5, str(os.getppid()))", "import os"), TRAJECTORY, session().ask
                    )
                ).reason
            )
            under_way = asyncio.create_task(
                sandbox.score(harness("time.sleep(60)", "import time"), TRAJECTORY, session().ask)
            )
            await asyncio.sleep(0.1)
            os.kill(zygote, 9)
            time.sleep(0.1)  # noqa: ASYNC251 the loop is busy and has not heard of it
            after = await sandbox.score(harness("return 6"), TRAJECTORY, session().ask)
            return [after, *await asyncio.gather(asyncio.wait_for(under_way, 5), return_exceptions=True)]

    after, under_way = asyncio.run(work())
    assert after == Reward(6.0)
    assert isinstance(under_way, CandidateError)
    assert under_way.kind == "killed"


@pytest.mark.parametrize(
    ("top", "body"),
    [
        ("count = 0", "global count; count += 1; return count"),
        ("import json", "json.count = getattr(json, 'count', 0) + 1; return json.count"),
        ("import sys", "sys.modules['x'] = sys.modules.get('x', 0) + 1; return sys.modules['x']"),
        ("import os", "os.environ['X'] = str(int(os.environ.get('X', 0)) + 1); return float(os.environ['X'])"),
    ],
)
def test_nothing_is_remembered_from_one_trajectory_to_the_next(top: str, body: str) -> None:
    assert score_all(*[harness(body, top)] * 3) == [Reward(1.0)] * 3


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.skipif(not time_zones(), reason="this machine has no time zones")
def test_time_zones_are_known(level: Level) -> None:
    top = "from datetime import datetime\nfrom zoneinfo import ZoneInfo\nnoon = datetime(2024, 7, 1, 12)"
    body = "return noon.replace(tzinfo=ZoneInfo('America/New_York')).astimezone(ZoneInfo('Asia/Tokyo')).hour"
    assert score_all(harness(body, top), level=level) == [Reward(1.0)]


@pytest.mark.parametrize("level", LEVELS)
def test_package_that_the_run_allows_works_and_no_other_does(level: Level) -> None:
    async def work() -> str:
        async with Sandbox(QUICK, level=level, packages=["orjson", "jwt"]) as sandbox:
            source = harness(body, "import orjson, jwt, jwt.exceptions")
            return (await sandbox.score(source, TRAJECTORY, session().ask)).reason

    body = """try: import sortedcontainers
    except (ImportError, PermissionError): return Reward(5, orjson.dumps(["a"]).decode())"""
    assert asyncio.run(work()) == '["a"]'


def test_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(UsageError, match=r"package nowhere is not installed in .*: install what provides `import now"):
        package_paths(["nowhere"])


@pytest.mark.skipif(LEVEL != "strict", reason="what a package needs is left out at strict alone")
def test_package_without_what_it_needs_says_what_that_is() -> None:
    async def start() -> None:
        async with Sandbox(QUICK, level=LEVEL, packages=["hypothesis"]):
            pass

    said = r"package hypothesis cannot be imported inside \(No module named 'sortedcontainers'\); packages must list"
    with pytest.raises(MetaRewardError, match=said):
        asyncio.run(start())


def test_randomness_is_the_same_for_every_trajectory() -> None:
    rolls = score_all(*[harness("return random.random() * 100", "import random")] * 3)
    assert rolls[0] == rolls[1] == rolls[2] != Reward(0.0)


def test_candidate_finds_no_environment_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    assert score(harness("return Reward(5, str(dict(os.environ)))", "import os")).reason == "{}"


def test_prints_go_nowhere_and_input_is_empty(capfd: pytest.CaptureFixture[str]) -> None:
    top = "import os, sys"
    body = """print('x' * 100_000); print('y' * 100_000, file=sys.stderr, flush=True)
    os.write(1, b'z'); os.write(2, b'z')
    try: input()
    except EOFError: return 5"""
    assert score(harness(body, top)) == Reward(5.0)
    assert capfd.readouterr() == ("", "")


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


def test_forty_trajectories_at_once_are_isolated_and_quick() -> None:
    async def work() -> list[float]:
        async with Sandbox(Budget(), level=LEVEL) as sandbox:
            sent = [trajectory_to_json(make_trajectory(str(n))) for n in range(40)]
            source = harness("return float(trajectory.messages[-1].content)")
            return [r.score for r in await asyncio.gather(*(sandbox.score(source, t, session().ask) for t in sent))]

    began = time.monotonic()
    scores = asyncio.run(work())
    assert scores == [float(n) for n in range(40)]
    assert time.monotonic() - began < 5


def children() -> set[str]:
    me = os.getpid()
    return set(Path(f"/proc/{me}/task/{me}/children").read_text().split())


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


def test_sandbox_leaves_no_process_behind() -> None:
    async def work() -> set[str]:
        async with Sandbox(QUICK, level=LEVEL) as sandbox:
            await sandbox.score(harness("return 5"), TRAJECTORY, session().ask)
            return children()

    before = children()
    assert len(asyncio.run(work()) - before) == 1
    assert children() == before


def test_scores_are_finite_whatever_a_candidate_sends() -> None:
    results = score_all(*(harness(f"return float({value!r})") for value in ("inf", "-inf", "nan", "1e2")))
    assert results == ["ValueError", "ValueError", "ValueError", Reward(100.0)]


def test_closed_sandbox_leaves_the_next_socket_alone(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"here")
        writer.close()

    async def run() -> bytes:
        async with Sandbox(QUICK, level=LEVEL):
            pass
        async with await asyncio.start_unix_server(answer, tmp_path / "s"), asyncio.timeout(5):
            await asyncio.sleep(0.01)
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            said = await reader.read()
            writer.close()
            return said

    assert asyncio.run(run()) == b"here"
