"""Every failure of a candidate is its own and is named, and no candidate takes more than its budget."""

import asyncio
import os
import sys
import time
from dataclasses import replace
from typing import Any

import pytest

from meta_reward.errors import CandidateError
from meta_reward.harness.budget import Budget
from meta_reward.harness.child import UNLOCKED
from meta_reward.harness.runtime import Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.zygote_process import ZygoteProcess
from meta_reward.models.gateway import Gateway
from meta_reward.models.session import Answer, Ask, RunTool
from meta_reward.trajectory import ToolCall
from tests.conftest import LEVEL, WordJudge
from tests.harness.boxed import KILLER, QUICK, TRAJECTORY, ToolJudge, harness, score, score_all, session


@pytest.mark.parametrize("body", ["return Reward(5, 'é' * 600)", "return Reward(5, 'a' * 600, {'seen': ['b' * 600]})"])
def test_reason_and_findings_are_bounded(body: str) -> None:
    with pytest.raises(CandidateError, match=r"output: reason and findings take \d+ bytes, more than 1000"):
        score(harness(body), budget=replace(QUICK, verdict_bytes=1000))
    assert score(harness("return Reward(5, 'a' * 900)"), budget=replace(QUICK, verdict_bytes=1000)).score == 5


def test_forged_error_of_any_length_is_cut() -> None:
    forged = """import json, struct
    data = json.dumps({"type": "error", "kind": "k", "message": "m" * 10**6, "traceback": "t" * 10**6}).encode()
    judge._sock.sendall(struct.pack("!I", len(data)) + data)
    return 5"""
    with pytest.raises(CandidateError) as raised:
        score(harness(forged))
    assert (raised.value.kind, len(raised.value.message), len(raised.value.traceback)) == ("k", 2000, 20_000)


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


@pytest.mark.parametrize("way", ["close()", "shutdown(1)", "shutdown(2)"])
def test_candidate_that_hangs_up_and_does_not_end_fails_alone(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr("meta_reward.harness.zygote_process._PATIENCE_S", 0.5)
    with pytest.raises(CandidateError, match="exit: the process closed its socket without an answer, and did not end"):
        score(harness(f"judge._sock.{way}; time.sleep(60)", "import time"), budget=Budget(active_s=20.0))


def test_scores_are_finite_whatever_a_candidate_sends() -> None:
    results = score_all(*(harness(f"return float({value!r})") for value in ("inf", "-inf", "nan", "1e2")))
    assert results == ["ValueError", "ValueError", "ValueError", Reward(100.0)]


def test_forged_tools_that_are_nested_too_deeply_fail_the_candidate() -> None:
    forged = """import struct
    tools = '[{"name": "a", "description": "b", "parameters": ' + '[' * 400 + ']' * 400 + '}]'
    data = ('{"type": "ask", "ask": 1, "prompt": "p", "tools": ' + tools + '}').encode()
    judge._sock.sendall(struct.pack("!I", len(data)) + data)
    import asyncio; await asyncio.sleep(60)"""
    with pytest.raises(CandidateError, match=r"ValueError: schema or tools of judge\.ask\(\) are nested too deeply"):
        score(harness(forged))


def test_exit_code_of_a_child_that_cannot_lock_down_is_a_candidates_failure_like_any_other() -> None:
    with pytest.raises(CandidateError, match=rf"exit: the process ended \(exit code {UNLOCKED}\) without an answer"):
        score(harness(f"import os; os._exit({UNLOCKED})"))


def test_zygote_that_has_hung_up_is_not_tried_again_though_its_process_still_runs() -> None:
    dying = """
import socket, sys, time
from meta_reward.harness.worker import READY, STATUS
control = socket.socket(fileno=int(sys.argv[1]))
control.sendall(STATUS.pack(READY, 0))
control.recv(5)
control.close()
time.sleep(60)
"""

    async def work() -> tuple[bool, str, bool]:
        zygote = ZygoteProcess((sys.executable, "-c", dying), dict(os.environ))
        await zygote.start()
        before = zygote.is_alive()
        with pytest.raises(CandidateError) as error:
            await zygote.run({"type": "start"}, QUICK, session().ask, lambda: 0.0)
        after = zygote.is_alive()
        zygote.kill()
        return before, error.value.kind, after

    assert asyncio.run(work()) == (True, "killed", False)
