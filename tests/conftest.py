"""What all tests share: an isolated home, no network but loopback, and small builders.

A made-up task set needs no domain: the runs of task t1 are named t1-r1, t1-r2, ...; an agent that
did well says GOOD somewhere, one that failed says BAD, and `WordJudge` may or may not look for it.
"""

import asyncio
import itertools
import os
import shutil
import socket
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings

from meta_reward.completion import Completion, Request, Usage
from meta_reward.harness.levels import AUTO, choose_level
from meta_reward.tasks.about import About
from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.tasks.splits import division_of_new
from meta_reward.tasks.taskset import TaskSet, load_task_set, save_task_set
from meta_reward.trajectory import Message, Rollout, Tool, ToolCall, Trajectory

settings.register_profile("suite", max_examples=50, deadline=None)  # no deadline: a busy machine is no failure
settings.load_profile("suite")
sys.dont_write_bytecode = False  # tests are compiled once, not by each of the parallel processes of each run
PROJECT = Path(__file__).parents[1]
LEVEL = asyncio.run(choose_level(os.environ.get("SANDBOX", AUTO)))
"""The level of the sandbox under which tests run: the strictest here, or the one that SANDBOX names. Where there is
none, every test fails: what confines candidates is not optional."""

ASKING_HARNESS = '''"""Asks for a number and takes it."""

from meta_reward.harness import Judge, Reward, Trajectory


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    reply = await judge.ask("Rate this run from 0 to 100.\\n" + trajectory.transcript())
    try:
        return Reward(max(0.0, min(100.0, float(reply.text))), reason=reply.text)
    except OverflowError:
        raise ValueError("unreadable") from None
'''
"""A harness that believes the judge."""


_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 1_000_000_000  # a hundred times what the tests hold at a time


def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of the quick tests in memory, where there is some: they make and remove 200,000."""
    if config.option.markexpr == "not slow" and _is_roomy(_MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def _is_roomy(folder: Path) -> bool:
    """Whether a folder can be written to, has room, and lets programs run."""
    if not os.access(folder, os.W_OK):
        return False
    mounted = os.statvfs(folder)
    return mounted.f_bavail * mounted.f_frsize > _ENOUGH_BYTES and not mounted.f_flag & os.ST_NOEXEC


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: some tests wait for a clock, and meanwhile another has the core."""
    return (os.cpu_count() or 1) + 1


_THEIRS = ("GIT_", "META_REWARD_", "XDG_", "ANTHROPIC_", "CLAUDE_", "OPENAI_")


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New names of empty folders. Not `mktemp`, which looks at all that it made before."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _isolated(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """No home, no git identity, no cache and no key of the person who runs the tests.

    Modules are compiled once, as they are for a user, not by each process that a test starts.
    """
    home = next(_homes)
    home.mkdir()
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for name in [name for name in os.environ if name.startswith(_THEIRS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("META_REWARD_CACHE", str(home / "cache"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for the network fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"test connects to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder that is the current one."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first test to ask fills, and all tests read, in whichever of the parallel processes."""
    shared = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    folder, done = shared / name, shared / f"{name}.done"
    with FileLock(shared / f"{name}.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what one left that failed
            make(folder)
            done.touch()
    return folder


def make_trajectory(*says: str, policy: str = "Be kind.") -> Trajectory:
    """A short run: a request, one tool call with its result, then what the agent says."""
    return Trajectory(
        policy=policy,
        tools=(Tool("get_order", "Look up an order.", {"type": "object", "properties": {}}),),
        messages=(
            Message("user", "Where is my order?"),
            Message("assistant", "", (ToolCall("1", "get_order", {"order_id": "A1"}),)),
            Message("tool", '{"status": "sent"}', tool_call_id="1"),
            *(Message("assistant", text) for text in says or ("It was sent.",)),
        ),
    )


def make_rollouts(tasks: int = 10, rollouts: int = 4) -> list[Rollout]:
    """Half of each task's runs succeed. Tasks differ, so that no two trajectories are the same text."""
    made = []
    for task in range(1, tasks + 1):
        for number in range(1, rollouts + 1):
            success = number % 2
            word = "GOOD" if success else "BAD"
            trajectory = make_trajectory(f"Case {task}-{number}.\nI did {word}.")
            made.append(Rollout(f"t{task:02d}-r{number}", f"t{task:02d}", trajectory, success))
    return made


def make_task_set(
    path: Path, *, tasks: int = 10, rollouts: int = 4, simulated: bool = False, by_hand: bool = False
) -> TaskSet:
    """A task set on disk, loaded; made by hand it has no splits yet."""
    made = make_rollouts(tasks, rollouts)
    pairs = pairs_from_labels(made)
    save_task_set(
        path,
        About(path.name, simulated=simulated),
        policy="Be kind.",
        tools=made[0].trajectory.tools,
        rollouts=made,
        pairs=pairs,
        division=None if by_hand else division_of_new(path, path.name, made, pairs),
    )
    return load_task_set(path)


def files_of_run(run: Path, *, without: Collection[str] = ()) -> dict[str, bytes]:
    """Every file of a run but for what differs from machine to machine, or by the random name of what is sealed.

    without: paths in the run that are left out as well.
    """
    with_clocks = ("calls.jsonl", "seconds.json", "transcript.jsonl", "session.json", "events.jsonl", "report.html")
    found = {}
    for path in run.rglob("*"):
        parts = path.relative_to(run).parts
        if path.is_file() and path.name not in with_clocks and parts[0] not in (".git", ".work"):
            found["/".join((parts[0], *parts[2:]) if parts[0] == "sealed" else parts)] = path.read_bytes()
    return {name: content for name, content in found.items() if name not in without}


@dataclass(slots=True)
class WordJudge:
    """A judge of our own seam: answers with a number that may depend on the words GOOD and BAD in the prompt.

    score: from the prompt's text and the draw to the reply's text. requests: everything it was asked.
    """

    score: Callable[[str, int], str] = lambda prompt, draw: "90" if "GOOD" in prompt else "10"
    simulated: bool = True
    settings: Mapping[str, Any] = field(default_factory=lambda: {"kind": "word"})
    requests: list[Request] = field(default_factory=list)

    async def complete(self, request: Request, *, draw: int) -> Completion:
        self.requests.append(request)
        prompt = request.messages[0].content
        return Completion(self.score(prompt, draw), Usage(len(prompt) // 4, 2))

    def cost_usd(self, usage: Usage) -> float | None:
        return usage.input_tokens / 1e6
