"""Nothing carries over to the next trajectory, nothing of ours is seen inside, and nothing is left behind."""

import asyncio
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meta_reward.errors import CandidateError, MetaRewardError, UsageError
from meta_reward.harness.budget import Budget
from meta_reward.harness.confinement import package_paths, time_zones
from meta_reward.harness.level import Level
from meta_reward.harness.runtime import Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.session import Answer, Ask, RunTool
from meta_reward.trajectory import trajectory_to_json
from tests.conftest import LEVEL, PROJECT, WordJudge, make_trajectory
from tests.harness.attacks.arena import LEVELS
from tests.harness.boxed import QUICK, TRAJECTORY, harness, score, score_all, session
from tests.processes import below, is_running


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
        async with Sandbox(QUICK, level=LEVEL, packages=["hypothesis"]) as sandbox:
            await sandbox.score(harness("return 50"), TRAJECTORY, session().ask)

    said = r"package hypothesis cannot be imported in the sandbox \(No module named 'sortedcontainers'\); packages must"
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


async def parent_of_a_candidate(budget: Budget = QUICK, *, ends: bool = True) -> int:
    """The process id of the zygote of a sandbox, at level none. ends: its candidate is not killed by the clock."""
    body = "return Reward(5, str(os.getppid()))" if ends else "await judge.ask(str(os.getppid())); time.sleep(60)"
    asked: list[str] = []

    async def answer(ask: Ask, run_tool: RunTool) -> Answer:
        asked.append(ask.prompt)
        return Answer("", "end")

    async with Sandbox(budget, level="none") as sandbox:
        try:
            return int((await sandbox.score(harness(body, "import os, time"), TRAJECTORY, answer)).reason)
        except CandidateError:
            return int(asked[0])


def test_zygote_is_used_by_the_next_sandbox_that_would_start_the_same() -> None:
    first = asyncio.run(parent_of_a_candidate())
    slow, timed_out = Budget(active_s=9.0), Budget(active_s=0.3)
    same = [asyncio.run(parent_of_a_candidate(budget, ends=budget is slow)) for budget in (slow, timed_out, slow)]
    assert same == [first] * 3
    assert asyncio.run(parent_of_a_candidate(Budget(memory_mb=900))) != first


def test_zygote_that_died_while_nobody_used_it_is_replaced() -> None:
    first = asyncio.run(parent_of_a_candidate())
    started = [pid for pid in map(int, children()) if pid == first or first in below(pid)]
    os.kill(first, 9)
    for _ in range(500):  # what confines it ends a moment after it
        if not any(map(is_running, started)):
            break
        time.sleep(0.01)
    assert asyncio.run(parent_of_a_candidate()) != first


def test_sandboxes_open_at_once_and_those_of_other_threads_have_zygotes_of_their_own() -> None:
    async def both() -> list[int]:
        return await asyncio.gather(parent_of_a_candidate(), parent_of_a_candidate())

    async def thread() -> int:
        return await asyncio.to_thread(lambda: asyncio.run(parent_of_a_candidate()))

    first, second = asyncio.run(both())
    third = asyncio.run(thread())
    assert len({first, second, third}) == 3
    assert not Path(f"/proc/{third}").exists()
    assert len(children()) < 6  # two zygotes are kept


def test_process_that_ends_leaves_no_zygote_behind() -> None:
    program = (
        "import asyncio\nfrom tests.harness.test_sandbox_isolation import parent_of_a_candidate\n"
        "print(asyncio.run(parent_of_a_candidate()))"
    )
    told = subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=PROJECT, capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")
    assert not Path(f"/proc/{told.stdout.strip()}").exists()


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


def children() -> set[str]:
    me = os.getpid()
    return set(Path(f"/proc/{me}/task/{me}/children").read_text().split())


def test_randomness_begins_with_the_documented_seed() -> None:
    (reward,) = score_all(harness("return random.random() * 100", "import random"))
    assert reward == Reward(random.Random(0).random() * 100)
