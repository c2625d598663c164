"""Where attacks run: one sandbox at a level, an honest harness before, beside and after each attack.

An attack is the body of a function `attack()` that returns true when it got what it wanted. Its program
answers 100 then, and 0 when it was denied (an exception counts as that); the reason says which. The same body
runs in any function that programs define: those that return texts answer "100 reason", and one that compares gives
100 to the second.
What it may want stands outside the sandbox in a `Prey`, whose fields are constants of the program; so is WON, the
output as it stands in a last frame.
"""

import asyncio
import ctypes
import os
import socket
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from meta_reward.errors import CandidateError
from meta_reward.harness.budget import Budget
from meta_reward.harness.entries import ENTRIES, Output
from meta_reward.harness.host import Host
from meta_reward.harness.level import Level
from meta_reward.harness.levels import problem_of
from meta_reward.harness.runtime import Comparison, Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.corpus import CorpusHost
from meta_reward.kinds.corpus_index import CorpusIndex
from meta_reward.kinds.made_up_world import POLICY, PROMPT, TOOLS, MadeUpWorld
from meta_reward.kinds.world import InProcess, WorldHost
from meta_reward.models.session import Answer, Ask, RunTool
from meta_reward.tasks.problems import CorpusText
from meta_reward.trajectory import ToolCall, tool_to_json, trajectory_to_json
from tests.conftest import LEVEL, PROJECT, make_trajectory
from tests.harness.attacks.table import Attack

LEVELS: tuple[Level, ...] = (LEVEL,) if LEVEL == "locked" or asyncio.run(problem_of("locked")) else (LEVEL, "locked")
"""The level under test, and the lockdown alone, which must do by itself where there is no bubblewrap."""

TRAJECTORY = trajectory_to_json(make_trajectory("I did GOOD."))
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "reward": {"trajectory": TRAJECTORY},
    "compare": {"trajectories": [trajectory_to_json(make_trajectory("I did BAD.")), TRAJECTORY]},
    "predict": {"memory": "known", "text": "I did GOOD."},
    "learn": {"memory": "known", "text": "I did GOOD.", "label": "fine"},
    "solve": {"problem": "I did GOOD."},
    "act": {"task": "I did GOOD.", "policy": POLICY, "tools": list(map(tool_to_json, TOOLS))},
}
"""What each function is given."""
HONEST_SCORE = 37.0
_HONEST = f"""
async def reward(trajectory, judge):
    reply = await judge.ask(trajectory.transcript())
    return {HONEST_SCORE} if "GOOD" in trajectory.transcript() and reply.text == "yes" else 1

async def compare(trajectories, judge):
    return [0, await reward(trajectories[1], judge)]

async def predict(memory, text, model):
    reply = await model.ask(text)
    return "{HONEST_SCORE}" if memory + text == "knownI did GOOD." and reply.text == "yes" else "1"

async def learn(memory, example, model):
    return await predict(memory, example.text, model) if example.label == "fine" else "1"

async def solve(problem, model, corpus):
    (found,) = await corpus.search(problem, k=1)
    return await predict("known", problem, model) if found.text == "GOOD is done." else "1"

async def act(task, model, world):
    order, agreed = await world.call("get_order", order_id="1234"), await world.say("May I?")
    return await predict("known", task, model) if "pending" in order and agreed == "Yes, please." else "1"
"""
_INDEX = CorpusIndex([CorpusText("a", "GOOD is done."), CorpusText("b", "Nothing is.", {"hard": True})])
_HOSTS: Mapping[str, Callable[[], Host]] = {
    "corpus": lambda: CorpusHost(_INDEX),
    "world": lambda: WorldHost(InProcess(MadeUpWorld()), PROMPT),
}
"""By the parameter that asks them."""
PATIENT = Budget(cpu_s=5, active_s=8.0, wall_s=20.0)
_AT_ONCE = 6
_MARKER = b"the label is in here"

_PRELUDE = '''"""An attack."""
import asyncio, ctypes, errno, fcntl, gc, json, mmap, os, resource, select, signal, socket, stat, struct, subprocess
import sys, threading, time

from meta_reward.harness import Comparison, Corpus, Example, Judge, Reward, Trajectory, World

{constants}
libc = ctypes.CDLL(None, use_errno=True)
ZYGOTE = os.getppid()


def call(number, *arguments):
    """A raw system call; raises OSError."""
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def own_socket():
    """The number of the one socket that leads out."""
    return JUDGE._sock.fileno()


def everywhere():
    """Once on each processor, where it may choose: many of the kernel's counters are handed out by processor."""
    for cpu in sorted(os.sched_getaffinity(0)):
        try:
            os.sched_setaffinity(0, {{cpu}})
        except OSError:
            pass
        yield cpu


def frame(value):
    return text(json.dumps(value).encode())


def text(data):
    return struct.pack("!I", len(data)) + data


def raw(data):
    """Past the judge and its writer, straight into the socket."""
    with socket.socket(fileno=os.dup(own_socket())) as sock:
        sock.setblocking(True)
        sock.sendall(data)


def attack(judge):
{body}


async def outcome():
    won = attack(JUDGE)
    return await won if asyncio.iscoroutine(won) else won


async def tool() -> bool:
    """Look something up."""
    return bool(await outcome())


async def carry_out(judge: Judge) -> tuple[int, str]:
    global JUDGE
    JUDGE = judge
    try:
        if {as_tool}:
            won = (await judge.ask("look", tools=[tool])).text == "true"
        else:
            won = await outcome()
    except Exception as error:
        return 0, f"{{type(error).__name__}}: {{error}}"
    if {holds}:
        await judge.ask(f"hold {{os.getpid()}}")
    return 100 if won else 0, str(won)


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    return Reward(*await carry_out(judge))


async def compare(trajectories: tuple[Trajectory, ...], judge: Judge) -> Comparison:
    points, why = await carry_out(judge)
    return Comparison([0, points], why)


async def predict(memory: str, text: str, model: Judge) -> str:
    return "{{}} {{}}".format(*await carry_out(model))


async def learn(memory: str, example: Example, model: Judge) -> str:
    return await predict(memory, example.text, model)


async def solve(problem: str, model: Judge, corpus: Corpus) -> str:
    global CORPUS
    CORPUS = corpus
    return await predict("", problem, model)


async def act(task: str, model: Judge, world: World) -> str:
    global WORLD
    WORLD = world
    return await predict("", task, model)
'''


@dataclass(slots=True)
class Prey:
    """What attacks are after: a file of labels, sockets that listen, a secret in this process's memory."""

    folder: Path
    marker: ctypes.Array[ctypes.c_char] = field(default_factory=lambda: ctypes.create_string_buffer(_MARKER))
    tcp: socket.socket = field(default_factory=socket.socket)
    udp: socket.socket = field(default_factory=lambda: socket.socket(type=socket.SOCK_DGRAM))
    unix: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_UNIX))
    datagrams: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    abstract: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_UNIX))

    def __post_init__(self) -> None:
        self.labels.write_text("t1-r1 is preferred")
        self.tcp.bind(("127.0.0.1", 0))
        self.udp.bind(("127.0.0.1", 0))
        self.unix.bind(str(self.folder / "u"))
        self.datagrams.bind(str(self.folder / "d"))
        self.abstract.bind(self.name)
        for listening in (self.tcp, self.unix, self.abstract):
            listening.listen(200)

    @property
    def labels(self) -> Path:
        return self.folder / "labels.json"

    @property
    def name(self) -> str:
        return f"\0meta-reward-test-{os.getpid()}"

    def close(self) -> None:
        for each in (self.tcp, self.udp, self.unix, self.datagrams, self.abstract):
            each.close()

    def constants(self) -> Mapping[str, Any]:
        return {
            "FOLDER": str(self.folder),
            "LABELS": str(self.labels),
            "TASKS": str(PROJECT / "tasks"),
            "PACKAGE": str(PROJECT / "meta_reward"),
            "SITE": str(Path(sys.prefix) / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"),
            "PARENT": os.getpid(),
            "NICENESS": os.getpriority(os.PRIO_PROCESS, 0),
            "ADDRESS": ctypes.addressof(self.marker),
            "MARKER": _MARKER,
            "TCP_PORT": self.tcp.getsockname()[1],
            "UDP_PORT": self.udp.getsockname()[1],
            "UNIX": str(self.folder / "u"),
            "DATAGRAMS": str(self.folder / "d"),
            "ABSTRACT": self.name,
        }


class Arena:
    """A sandbox at one level, kept for many attacks: what one of them spoiled, the next would notice."""

    def __init__(self, level: Level, prey: Prey, budget: Budget = PATIENT, *, entry: str = "reward") -> None:
        """entry: the function that attacks."""
        self.level, self.prey, self.entry = level, prey, entry
        self.host: Host | None = None
        """Of the run that began last, if its function has one."""
        self._runner = asyncio.Runner()
        self._sandbox = Sandbox(budget, level=level)
        self._held: asyncio.Event = asyncio.Event()
        self._release: asyncio.Event = asyncio.Event()
        self._holder = "nobody yet"

    def __enter__(self) -> Self:
        self._runner.run(self._sandbox.__aenter__())
        assert self._runner.run(self._honest()) == HONEST_SCORE
        return self

    def __exit__(self, *error: object) -> None:
        self._runner.run(self._sandbox.__aexit__(None, None, None))
        self._runner.close()

    def program(self, body: str, *, holds: bool = False, as_tool: bool = False) -> str:
        """The harness that carries an attack. holds: it stays until the one who looks for traces has ended.

        as_tool: the attack is a tool, which the judge calls.
        """
        verdict = {"reason": "", "findings": {}}
        forged = {"reward": {"score": 100, **verdict}, "compare": {"scores": [0, 100], **verdict}}
        won = forged.get(self.entry, "100 forged")
        constants = "\n".join(f"{name} = {value!r}" for name, value in {**self.prey.constants(), "WON": won}.items())
        body = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
        return _PRELUDE.format(constants=constants, body=body, holds=holds, as_tool=as_tool)

    def run(self, body: str) -> str:
        """How one attack ends: `won`, `denied`, or the kind of its failure."""
        return self._runner.run(self._outcome(self.program(body)))

    def siege(self, body: str, *, as_tool: bool = False) -> tuple[str, list[float | str]]:
        """How an attack ends, and what an honest harness gets at the same time and after it."""
        return self._runner.run(self._siege(self.program(body, as_tool=as_tool)))

    def besiege(self, attacks: Sequence[Attack], *, as_tool: bool = False) -> tuple[dict[str, str], list[float | str]]:
        """How attacks end, some of them at the same time, and what honest harnesses get beside them and after them."""
        return self._runner.run(self._besiege(attacks, as_tool))

    def relay(self, leave: str, find: str, *, leaver: str = "") -> list[str]:
        """Whether the second run finds what the first left: before it came, beside it, when it has gone.

        leaver: the function in which the first runs, if not the same.
        """
        leaving = self.program(leave, holds=True)
        return self._runner.run(self._relay(leaving, self.program(find), leaver or self.entry))

    def read(self, expression: str) -> str:
        """What an expression is worth inside."""
        return self._runner.run(self._read(self.program(f"return {expression}")))

    async def _read(self, source: str) -> str:
        return (await self._ended(source))[1]

    async def _siege(self, source: str) -> tuple[str, list[float | str]]:
        ended, beside = await asyncio.gather(self._outcome(source), self._honest())
        return ended, [beside, await self._honest()]

    async def _besiege(self, attacks: Sequence[Attack], as_tool: bool) -> tuple[dict[str, str], list[float | str]]:
        ended, honest = dict[str, str](), list[float | str]()
        for some in (attacks[at : at + _AT_ONCE] for at in range(0, len(attacks), _AT_ONCE)):
            programs = [self.program(attack.body, as_tool=as_tool) for attack in some]
            beside, *outcomes = await asyncio.gather(self._honest(), *map(self._outcome, programs))
            honest += [beside, await self._honest()]
            ended |= {attack.name: str(outcome) for attack, outcome in zip(some, outcomes, strict=True)}
        return ended, honest

    async def _honest(self) -> float | str:
        points, why = await self._ended(_HONEST)
        return why if points is None else points

    async def _relay(self, leave: str, find: str, leaver: str) -> list[str]:
        self._held, self._release, self._holder = asyncio.Event(), asyncio.Event(), "nobody yet"
        before = await self._outcome(find)
        leaving = asyncio.create_task(self._outcome(leave, leaver))
        holding = asyncio.create_task(self._held.wait())
        await asyncio.wait([leaving, holding], return_when=asyncio.FIRST_COMPLETED)
        holding.cancel()
        beside = await self._outcome(find)
        self._release.set()
        await leaving
        return [before, beside, await self._outcome(find)]

    async def _outcome(self, source: str, entry: str = "") -> str:
        points, why = await self._ended(source, entry)
        if points is None:
            return why
        return "won" if points == 100 else "denied"

    async def _ended(self, source: str, entry: str = "") -> tuple[float | None, str]:
        """The points and the reason that a program gives; no points and the kind of its failure."""
        entry = entry or self.entry
        host = _HOSTS.get(ENTRIES[entry].host)
        self.host = host() if host else None
        try:
            output = await self._sandbox.run(source, entry, ARGUMENTS[entry], self._judge, host=self.host)
        except CandidateError as error:
            return None, error.kind
        return _points_of(output)

    async def _judge(self, ask: Ask, run_tool: RunTool) -> Answer:
        if ask.prompt.startswith("hold "):
            self._holder = ask.prompt.removeprefix("hold ")
            self._held.set()
            await self._release.wait()
        if ask.prompt == "who holds?":
            return Answer(self._holder, "end")
        if ask.tools:
            content, _ = await run_tool(ToolCall("1", "tool", {}))
            return Answer(content, "end")
        return Answer("yes", "end")


def _points_of(output: Output) -> tuple[float, str]:
    if isinstance(output, Reward):
        return output.score, output.reason
    if isinstance(output, Comparison):
        return output.scores[1], output.reason
    points, _, why = output.partition(" ")
    return float(points or 0), why  # an agent may say nothing in the end
