"""Worlds that agents work in: what is recorded, what is refused, and what becomes of a world that fails."""

import asyncio
import json
import os
import re
import shlex
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import WorldFailed
from meta_reward.harness.host import Refusal
from meta_reward.kinds.made_up_world import PROMPT, MadeUpWorld
from meta_reward.kinds.world import MAX_TURNS, InProcess, WorldHost, grade_of, messages_of
from meta_reward.kinds.world_process import WorldProcess
from meta_reward.tasks.registry import Grade
from tests.processes import is_running

DOCS = Path(__file__).parents[2] / "docs" / "worlds.md"
ECHO = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    id, do = asked["id"], asked["do"]
    answer = {"open": {}, "say": {"text": "I see."}, "call": {"result": "ok"}, "grade": {"success": 1}}[do]
"""
SAY = "if do == 'say': "


def host() -> WorldHost:
    return WorldHost(InProcess(MadeUpWorld()), PROMPT)


def use(one: WorldHost, *requests: tuple[str, dict[str, Any]]) -> list[Any]:
    async def ask() -> list[Any]:
        return [await one.use(name, arguments) for name, arguments in requests]

    return asyncio.run(ask())


def world_of(folder: Path, code: str, *, within_s: float = 20.0) -> WorldProcess:
    """A world that is a program with this code."""
    (folder / "world.py").write_text(code)
    command = shlex.join([sys.executable, "world.py"])
    return WorldProcess(command, {"order": 7}, folder=folder, task="t1", repeat=2, within_s=within_s)


def echo(*lines: str) -> str:
    """The echoing world with some lines before it answers."""
    return ECHO + textwrap.indent("\n".join((*lines, "print(json.dumps({'id': id, **answer}), flush=True)")), "    ")


def failure(world: WorldProcess) -> str:
    """How a world fails that is talked to and then graded."""

    async def work() -> None:
        try:
            await world.say("Hello.")
            await world.call("refund", {"amount": 20})
            await world.grade()
        finally:
            await world.close()

    with pytest.raises(WorldFailed) as raised:
        asyncio.run(work())
    return str(raised.value)


def test_what_was_said_and_done_is_recorded_with_its_grade() -> None:
    one = host()
    said, called = use(
        one, ("say", {"text": "Shall I?"}), ("call", {"name": "update_order", "arguments": {"colour": "blue"}})
    )
    asyncio.run(one.close(ended=True))
    messages = messages_of(one.record())
    assert (said, called["is_error"]) == ("Yes, please.", False)
    assert [message.role for message in messages] == ["user", "assistant", "user", "assistant", "tool"]
    assert messages[3].tool_calls[0].arguments == {"colour": "blue"}
    assert grade_of(one.record()) == Grade(1.0)


def test_a_run_that_did_not_end_has_no_grade() -> None:
    one = host()
    asyncio.run(one.close(ended=False))
    assert grade_of(one.record()) is None


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("grade", {}, "a world has no 'grade': it has say and call"),
        ("say", {}, "world.say() wants a text, not NoneType"),
        ("say", {"text": "x" * 20_001}, "world.say() was given 20,001 characters, more than 20,000"),
        ("call", {"name": ""}, "world.call() wants the name of a tool"),
        ("call", {"name": "a", "arguments": []}, "world.call() wants arguments by name"),
        ("call", {"name": "a", "arguments": {"b": "x" * 20_000}}, "the arguments of a take 20,008 bytes, more than"),
        ("call", {"name": "a", "arguments": {"b": [2**60]}}, "an argument of world.call() is an integer beyond 2**53"),
    ],
)
def test_a_request_that_is_none_is_refused_and_leaves_no_trace(name: str, arguments: Any, why: str) -> None:
    one = host()
    with pytest.raises(Refusal, match=re.escape(why)):
        use(one, (name, arguments))
    assert len(one.record()) == 1


def test_a_customer_who_has_left_stays_away() -> None:
    one = host()
    heard = use(one, *[("say", {"text": "And now?"})] * 6)
    assert heard == ["Yes, please.", "Is it done?", "Thanks!", None, None, None]
    assert len(one.record()) == 8


def test_a_customer_leaves_after_the_last_turn(tmp_path: Path) -> None:
    async def talk() -> list[str | None]:
        one = WorldHost(world_of(tmp_path, echo()), "Hello.")
        heard = [await one.use("say", {"text": "Hm."}) for _ in range(MAX_TURNS + 2)]
        await one.close(ended=True)
        return heard

    heard = asyncio.run(talk())
    assert heard == ["I see."] * MAX_TURNS + [None, None]


def test_the_documented_world_works(tmp_path: Path) -> None:
    code = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)[0]

    async def work() -> tuple[Any, ...]:
        world = world_of(tmp_path, code)
        asked = await world.say("How much was it?")
        refused = await world.call("refund", {"amount": 30})
        done = await world.call("refund", {"amount": 20})
        left = [await world.say("It is done."), await world.say("Goodbye.")]
        grade = await world.grade()
        await world.close()
        return asked, refused, done, left, grade

    assert len(code.splitlines()) <= 30
    assert asyncio.run(work()) == (
        "Twenty euros, order 7.",
        ("refund cannot do that", True),
        ("refunded", False),
        ["Thank you!", None],
        Grade(1.0),
    )


def test_a_world_is_told_its_task_and_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-0123456789abcdef0123")
    opened = "if do == 'open': first = [asked, 'SOME_API_KEY' in os.environ]"
    code = echo("import os", opened, SAY + "answer['text'] = json.dumps(first)")

    async def work() -> str | None:
        world = world_of(tmp_path, code)
        said = await world.say("Hello.")
        await world.close()
        return said

    request = {"id": 1, "do": "open", "task": "t1", "arguments": {"order": 7}, "repeat": 2}
    assert json.loads(asyncio.run(work()) or "") == [request, False]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (SAY + "import time; time.sleep(60)", "gave no answer to say within 1 s"),
        (SAY + "sys.exit('no more')", "ended when it was asked to say"),
        (SAY + "print('x' * 3_000_000, flush=True)", "answered say with a line of more than 1,000,000 bytes"),
        (SAY + "print('hello', flush=True)", "answered say with a line that is not JSON: hello"),
        (SAY + "print('[' * 900_000, flush=True)", "answered say with a line that is not JSON"),
        (SAY + "answer['text'] = '\\ud800'", "answered say with a line that is not JSON"),
        (
            SAY + "sys.stdout.buffer.write(b'\\xff\\x1b[2J\\n')",
            "answered say with a line that is not JSON: \ufffd\\u001b[2J",
        ),
        (
            SAY + "answer['more'] = json.loads('[' * 900 + ']' * 900)",
            "answered say with JSON that is nested too deeply",
        ),
        (SAY + "print(json.dumps({'id': id, 'text': 'Yes.'}), flush=True)", "answered call with {'id': 2"),
        (SAY + "id = 1", "not an object with id 2"),
        (SAY + "id = [2]", "not an object with id 2"),
        (SAY + "print('[]', flush=True)", "answered say with [], not an object with id 2"),
        (SAY + "answer = {'text': 3}", "not a text or null under `text`"),
        (SAY + "answer = {}", "not a text or null under `text`"),
        (SAY + "answer = {'error': 'no\\n customer'}", "cannot say: no customer"),
        ("if do == 'call': answer = {'result': None}", "not a text under `result`"),
        ("if do == 'grade': answer = {'success': 2}", "not a number from 0 to 1 under `success`"),
        ("if do == 'grade': answer = {'success': float('nan')}", "answered grade with a line that is not JSON"),
        ("if do == 'grade': answer = {'success': 1, 'faults': [3]}", "not a list of texts under `faults`"),
        (
            "if do == 'grade': answer = {'success': 0, 'faults': ['x' * 1_001]}",
            "`faults` of more than 1,000 characters",
        ),
        ("if do == 'grade': answer = {'success': '1'}", "not a number from 0 to 1 under `success`"),
        ("if do == 'call': answer = {'result': 'ok', 'is_error': 'no'}", "not a text under `result`"),
        (
            "if do == 'open': answer = {'text': '[' * 9, 'x': [[[]]] * 2, 'error': 'none such'}",
            "cannot open: none such",
        ),
    ],
)
def test_a_world_that_hangs_dies_floods_or_lies_has_failed(tmp_path: Path, line: str, what: str) -> None:
    within_s = 1.0 if "sleep" in line else 20.0
    assert what in failure(world_of(tmp_path, echo(line), within_s=within_s))


def test_a_world_that_floods_its_complaints_and_results_is_heard(tmp_path: Path) -> None:
    code = echo(
        "sys.stderr.write('help! ' * 1_000_000)", "if do == 'call': answer = {'result': '\\x1b[2J' + 'x' * 200_000}"
    )

    async def work() -> str:
        one = WorldHost(world_of(tmp_path, code), "Hello.")
        await one.use("call", {"name": "no_such_tool", "arguments": {}})
        await one.close(ended=True)
        return messages_of(one.record())[-1].content

    result = asyncio.run(work())
    assert result.startswith("\x1b[2Jxxx")
    assert result[100_000:] == "\n[cut off]"


def test_a_world_that_does_not_start_says_so(tmp_path: Path) -> None:
    world = WorldProcess("no-such-program-anywhere", {}, folder=tmp_path, task="t", repeat=0)
    assert "does not start" in failure(world)


def test_a_world_and_what_it_started_do_not_outlive_the_run(tmp_path: Path) -> None:
    code = (
        echo(
            "import signal, subprocess, os",
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
            "if do == 'open': child = subprocess.Popen(['sleep', '600'])",
            "if do == 'say': answer['text'] = f'{os.getpid()} {child.pid}'",
        )
        + "\nimport time\ntime.sleep(600)\n"
    )

    async def work() -> list[int]:
        world = world_of(tmp_path, code)
        pids = [int(word) for word in (await world.say("Hello.") or "").split()]
        await world.close()
        return pids

    pids = asyncio.run(work())
    deadline = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(pids) == 2
    assert not any(map(is_running, pids))
    assert os.getpid() not in pids
