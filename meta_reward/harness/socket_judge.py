"""The judge and the hosts as a candidate sees them: every question goes to the parent over the child's socket.

Imports only the standard library and the harness runtime.
"""

import asyncio
import inspect
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from meta_reward.harness.frames import CHUNK_BYTES, LENGTH, encode_frame
from meta_reward.harness.runtime import ROLES, Found, Guard, HostError, JudgeError, PromptTooLong, Reply
from meta_reward.harness.schema import parse_reply, tool_of
from meta_reward.trajectory import Message, Tool, ToolCall, Trajectory, parse_tool

ORPHANED = 71  # exit code of a child whose parent is gone


class SocketJudge:
    """A `Judge` that asks the parent."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._heard = sock, bytearray()
        self._asks = 0
        self._waiting: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._tools: dict[int, dict[str, Callable[..., Any]]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def ask(
        self,
        prompt: str,
        *,
        system: str | None = None,
        tools: Sequence[Callable[..., Any]] = (),
        require: Callable[..., Any] | str | None = None,
        schema: Mapping[str, Any] | None = None,
        role: str | None = None,
    ) -> Reply:
        by_name = {function.__name__: function for function in tools}
        required = require if isinstance(require, str) or require is None else require.__name__
        if required is not None and required not in by_name:
            raise ValueError(f"require names {required!r}, which is not among the tools")
        if role is not None and role not in ROLES:
            raise ValueError(f"judge.ask() knows no role {role!r}; known: {', '.join(ROLES)}")
        self._asks += 1
        number = self._asks
        self._tools[number] = by_name
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        question = {
            "prompt": prompt,
            "system": system,
            "tools": [tool_of(function) for function in tools],
            "require": required,
            "schema": dict(schema) if schema is not None else None,
            "role": role,
        }
        try:
            self._send({"type": "ask", "ask": number, **question})
        except ValueError as error:
            raise TypeError(f"judge.ask(): {error}") from None
        frame = await answer
        data = parse_reply(frame["text"], schema) if schema is not None else None
        return Reply(frame["text"], data, frame["stop_reason"], tuple(frame["tools_called"]))

    async def use(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The host's answer to a request. Raises HostError if the host refuses it."""
        self._asks += 1
        number = self._asks
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send({"type": "use", "ask": number, "name": name, "arguments": dict(arguments)})
        frame = await answer
        return frame["value"]

    def hear(self) -> None:
        """Read what the parent has sent and handle the complete frames: answers, failures, the judge's tool calls."""
        try:
            data = self._sock.recv(CHUNK_BYTES)
        except ConnectionError:
            data = b""
        if not data:  # the parent is gone
            os._exit(ORPHANED)
        self._heard += data
        while len(self._heard) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._heard)[0]
            if len(self._heard) < end:
                return
            frame = json.loads(self._heard[LENGTH.size : end])
            del self._heard[:end]
            self._take(frame)

    def _take(self, frame: Mapping[str, Any]) -> None:
        if frame["type"] == "tool":  # in its own task, since a tool may itself ask the judge
            tool = asyncio.create_task(self._answer_tool(frame))
            self._running.add(tool)
            tool.add_done_callback(self._running.discard)
            return
        answer = self._waiting.pop(frame["ask"])
        if answer.done():  # the candidate has stopped waiting for it
            return
        if frame["type"] in ("reply", "used"):
            answer.set_result(frame)
        elif frame["kind"] == HostError.__name__:
            answer.set_exception(HostError(frame["message"]))
        else:
            kind = PromptTooLong if frame["kind"] == "PromptTooLong" else JudgeError
            answer.set_exception(kind(frame["message"]))

    async def _answer_tool(self, frame: Mapping[str, Any]) -> None:
        self._send({"type": "result", "call": frame["call"], **await self._run_tool(frame)})

    async def _run_tool(self, frame: Mapping[str, Any]) -> dict[str, object]:
        function = self._tools[frame["ask"]].get(frame["name"])
        if function is None:
            return {"content": f"there is no tool {frame['name']!r}", "is_error": True}
        try:
            value = function(**frame["arguments"])
            if inspect.isawaitable(value):
                value = await value
            return {"content": value if isinstance(value, str) else json.dumps(value), "is_error": False}
        except Exception as error:  # the judge reads it, as any model reads a failed tool call
            return {"content": f"{type(error).__name__}: {error}", "is_error": True}

    def _send(self, frame: Mapping[str, Any]) -> None:
        self._sock.sendall(encode_frame(frame))


class SocketCorpus:
    """A `Corpus` that asks the parent."""

    def __init__(self, parent: SocketJudge, arguments: Mapping[str, Any]) -> None:
        self._parent = parent

    async def search(self, query: str, *, k: int = 5, where: Mapping[str, Any] | None = None) -> list[Found]:
        found = await self._parent.use("search", {"query": query, "k": k, "where": dict(where or {})})
        return [Found(one["text"], one["score"], one["metadata"]) for one in found]


class SocketWorld:
    """A `World` that asks the parent. Its messages are the agent's own copy: the parent keeps the record."""

    def __init__(self, parent: SocketJudge, arguments: Mapping[str, Any]) -> None:
        self._parent, self._calls = parent, 0
        self.policy: str = arguments["policy"]
        self.tools: tuple[Tool, ...] = tuple(map(parse_tool, arguments["tools"]))
        self.messages: list[Message] = [Message("user", arguments["task"])]

    async def say(self, text: str) -> str | None:
        answer: str | None = await self._parent.use("say", {"text": text})
        self.messages.append(Message("assistant", text))
        if answer is not None:
            self.messages.append(Message("user", answer))
        return answer

    async def call(self, name: str, /, **arguments: Any) -> str:
        given = await self._parent.use("call", {"name": name, "arguments": arguments})
        self._calls += 1
        call, result = ToolCall(f"call_{self._calls}", name, arguments), str(given["result"])
        self.messages.append(Message("assistant", "", (call,)))
        self.messages.append(Message("tool", result, tool_call_id=call.id, is_error=given["is_error"]))
        return result

    def transcript(self) -> str:
        return Trajectory(self.policy, self.tools, tuple(self.messages)).transcript()

    def functions(self, guard: Guard | None = None) -> list[Callable[..., Awaitable[str]]]:
        return [self._function(tool, guard) for tool in self.tools]

    def _function(self, tool: Tool, guard: Guard | None) -> Callable[..., Awaitable[str]]:
        async def run(**arguments: Any) -> str:
            refused = guard(tool.name, arguments) if guard is not None else None
            return await self.call(tool.name, **arguments) if refused is None else refused

        run.__name__, run.__doc__ = tool.name, tool.description
        vars(run)["parameters"] = tool.parameters
        return run


HOSTS: Mapping[str, Callable[[SocketJudge, Mapping[str, Any]], Any]] = {"corpus": SocketCorpus, "world": SocketWorld}
"""By parameter, the class with which a program asks its host; made from the run's arguments in JSON form."""
