"""The world that programs of kind `agent` work in: the parent's side of `world.say` and `world.call`.

What a program sends is checked here, and what was said and done is recorded here, so that no program can forge it.
A world runs in the parent's own process (`skyways`), or is a program of the user's (`world_process.py`).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from meta_reward.errors import WorldFailed
from meta_reward.evaluation.outcome import Example
from meta_reward.files import canonical_json, printable
from meta_reward.harness.host import Host, Refusal
from meta_reward.kinds.world_process import WorldProcess
from meta_reward.tasks.agents import AgentSet, command_of
from meta_reward.tasks.registry import Grade, LiveWorld, open_live
from meta_reward.trajectory import Message, ToolCall, message_to_json, parse_message

MAX_TURNS = 100
"""How often an agent may say something; after that, the customer has left."""
MAX_SAID_CHARS = 20_000
MAX_ARGUMENTS_BYTES = 20_000
MAX_RESULT_CHARS = 100_000
"""Of a result of a tool, or an answer; what is longer is cut off."""
_MAX_INTEGER = 2**53
_CUT = "\n[cut off]"


class World(Protocol):
    """One conversation in a world. Each method raises WorldFailed if the world does not answer as it should."""

    async def say(self, text: str) -> str | None:
        """What the customer answers; None if they have left."""
        ...

    async def call(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        """The result of a call as text, and whether it is an error."""
        ...

    async def grade(self) -> Grade:
        """How good the outcome is; asked once, at the end."""
        ...

    async def close(self) -> None:
        """Release what the world holds; nothing more is asked."""
        ...


@dataclass(slots=True)
class InProcess:
    """A world that answers from this process."""

    live: LiveWorld

    async def say(self, text: str) -> str | None:
        return self.live.say(text)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        return self.live.call(name, arguments)

    async def grade(self) -> Grade:
        return self.live.grade()

    async def close(self) -> None:
        """It holds nothing open."""


class WorldHost:
    """The `Host` of one run of an agent."""

    def __init__(self, world: World, prompt: str) -> None:
        self._world = world
        self._messages = [Message("user", prompt)]
        self._turns = self._calls = 0
        self._left = False
        self._waited_s = 0.0
        self._grade: Grade | None = None

    async def use(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The customer's answer, or a tool's result. Raises Refusal, and WorldFailed."""
        match name:
            case "say":
                return await self._say(_said(arguments))
            case "call":
                return await self._call(*_called(arguments))
        raise Refusal(f"a world has no {printable(name)[:60]!r}: it has say and call")

    def record(self) -> list[Any]:
        """The messages so far and, once it is known, the grade as the last entry."""
        messages = [message_to_json(message) for message in self._messages]
        grade = self._grade
        return [*messages, *([{"success": grade.success, "faults": list(grade.faults)}] if grade else [])]

    def waited_s(self) -> float:
        """All of the time spent waiting for the world, in seconds."""
        return self._waited_s

    async def close(self, *, ended: bool) -> None:
        """Have the run graded, if the program ended it, and close the world. Raises WorldFailed."""
        try:
            if ended:
                self._grade = await self._world.grade()
        finally:
            await self._world.close()

    async def _say(self, text: str) -> str | None:
        if self._left:
            return None
        self._turns += 1
        began = time.monotonic()
        try:
            answer = await self._world.say(text)
        finally:
            self._waited_s += time.monotonic() - began
        self._messages.append(Message("assistant", text))
        self._left = answer is None or self._turns >= MAX_TURNS
        if answer is not None:
            answer = _cut(answer)
            self._messages.append(Message("user", answer))
        return answer

    async def _call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self._calls += 1
        began = time.monotonic()
        try:
            result, is_error = await self._world.call(name, arguments)
        finally:
            self._waited_s += time.monotonic() - began
        call, result = ToolCall(f"call_{self._calls}", name, dict(arguments)), _cut(result)
        self._messages.append(Message("assistant", "", (call,)))
        self._messages.append(Message("tool", result, tool_call_id=call.id, is_error=is_error))
        return {"result": result, "is_error": is_error}


class Worlds:
    """Makes the hosts of a task set for agents."""

    def __init__(self, taskset: AgentSet) -> None:
        self._folder: Path = taskset.path
        self.digest = taskset.digest
        self.draws_anew = any(command_of(task.world) for task in taskset.agent_tasks)

    def open(self, example: Example) -> Host:
        return WorldHost(self._world(example), example.arguments["task"])

    async def works(self, example: Example) -> bool:
        """Whether the world of an example opens, answers a greeting, and grades."""
        world = self._world(example)
        try:
            await world.say("Hello.")
            await world.grade()
        except WorldFailed:
            return False
        finally:
            await world.close()
        return True

    def _world(self, example: Example) -> World:
        name, arguments = example.setting["world"], example.setting["arguments"]
        if command := command_of(name):
            return WorldProcess(command, arguments, folder=self._folder, task=example.task, repeat=example.repeat)
        return InProcess(open_live(name, arguments, repeat=example.repeat))


def messages_of(record: list[Any]) -> list[Message]:
    """The messages in the record of a run."""
    return [parse_message(one) for one in record if "role" in one]


def grade_of(record: list[Any]) -> Grade | None:
    """The grade in the record of a run; None if it was not graded."""
    last = record[-1] if record else {}
    return Grade(float(last["success"]), tuple(last["faults"])) if "success" in last else None


def without_grade(record: list[Any]) -> list[Any]:
    """The messages of a record alone."""
    return record[:-1] if grade_of(record) else record


def _said(arguments: Mapping[str, Any]) -> str:
    text = arguments.get("text")
    if not isinstance(text, str):
        raise Refusal(f"world.say() wants a text, not {type(text).__name__}")
    if len(text) > MAX_SAID_CHARS:
        raise Refusal(f"world.say() was given {len(text):,} characters, more than {MAX_SAID_CHARS:,}")
    return _encodable(text)


def _called(arguments: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    name, given = arguments.get("name"), arguments.get("arguments")
    if not isinstance(name, str) or not name or len(name) > 200:
        raise Refusal("world.call() wants the name of a tool")
    if not isinstance(given, dict):
        raise Refusal("world.call() wants arguments by name")
    size = len(canonical_json(given))
    if size > MAX_ARGUMENTS_BYTES:
        raise Refusal(f"the arguments of {printable(name)[:60]} take {size:,} bytes, more than {MAX_ARGUMENTS_BYTES:,}")
    return _encodable(name), _plain(given)


def _plain(value: Any) -> Any:
    """A JSON value with texts that can be encoded and integers that every JSON reader can read. Raises Refusal."""
    match value:
        case str():
            return _encodable(value)
        case dict():
            return {_encodable(key): _plain(one) for key, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case int() if not isinstance(value, bool) and abs(value) > _MAX_INTEGER:
            raise Refusal("an argument of world.call() is an integer beyond 2**53")
    return value


def _encodable(text: str) -> str:
    """A text without halves of surrogate pairs, which cannot be encoded."""
    return text.encode(errors="replace").decode()


def _cut(text: str) -> str:
    text = _encodable(text)
    return text if len(text) <= MAX_RESULT_CHARS else text[:MAX_RESULT_CHARS] + _CUT
