"""A child of the zygote: one candidate on one trajectory, in conversation with the parent.

Says that it is confined, reads a start frame from its socket, executes the candidate's source, awaits its `reward`, and
answers; judge calls and the results of tools go over the same socket. Or it only compiles the source, and sees no
trajectory. Frames are four bytes of length, then JSON (`conversation.py` is the other end). `PROTOCOL` counts the
changes of their format.
Standard library and the harness runtime, nothing else.
"""

import asyncio
import base64
import contextlib
import inspect
import io
import json
import linecache
import marshal
import os
import socket
import struct
import sys
import traceback
import types
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from meta_reward.harness.runtime import JudgeError, PromptTooLong, Reply, check_reward
from meta_reward.harness.schema import parse_reply, tool_of
from meta_reward.trajectory import parse_trajectory

PROTOCOL = 4
LENGTH = struct.Struct("!I")
SOURCE_NAME = "harness.py"
ORPHANED, UNLOCKED = 71, 72  # exit codes of a child whose parent is gone, or that cannot lock itself down
_MAX_START_BYTES = 256 * 1024 * 1024
_MAX_TRACEBACK_CHARS = 4000
MAX_PRINTED_BYTES = 16 * 1024
_CHUNK_BYTES = 1 << 16


def run(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    """Say that the confinement stands, read the one job from the socket, run it in that event loop, answer."""
    sock.sendall(encode_frame({"type": "confined"}))
    start = json.loads(_receive_frame(sock))
    if start["protocol"] != PROTOCOL:
        raise RuntimeError(f"protocol {start['protocol']} is not {PROTOCOL}")
    if start["type"] == "compile":
        sock.sendall(encode_frame({"type": "compiled", "code": compile_source(start["source"])}))
    else:
        # Not a runner, which would clean up: the process ends right after, and that would double what a child costs.
        loop.run_until_complete(score(sock, start["source"], start["code"], start["trajectory"]))
    _wait_until_heard(sock)


def _wait_until_heard(sock: socket.socket) -> None:
    """Stay until the parent closes: one that is still sending replies would find nobody there, and hear no more."""
    while sock.recv(_CHUNK_BYTES):
        pass


def _receive_frame(sock: socket.socket) -> bytes:
    (length,) = LENGTH.unpack(_receive(sock, LENGTH.size))
    if length > _MAX_START_BYTES:
        raise RuntimeError("start frame too large")
    return _receive(sock, length)


def _receive(sock: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = sock.recv(size - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return bytes(data)


async def score(sock: socket.socket, source: str, code: str, trajectory: Any) -> None:
    """Run a candidate on a trajectory and send its reward or its error. code: as `load_reward` takes it."""
    judge, loop, printed = SocketJudge(sock), asyncio.get_running_loop(), Printed()
    loop.add_reader(sock, judge.hear)
    with contextlib.redirect_stdout(printed):
        try:
            reward = load_reward(source, code)
            result = check_reward(await reward(parse_trajectory(trajectory), judge))
            frame = {"type": "done", "score": result.score, "reason": result.reason, "findings": result.findings}
            data = encode_frame({**frame, "printed": printed.tail()})
        except BaseException as error:  # whatever a candidate raises is its recorded failure, also SystemExit
            data = encode_frame({"type": "error", **describe(error), "printed": printed.tail()})
    loop.remove_reader(sock)
    sock.sendall(data)


def compile_source(source: str) -> str:
    """A candidate's bytecode, as text: what one child has compiled no other needs to. Nothing of it is executed."""
    try:
        return base64.b64encode(marshal.dumps(compile(source, SOURCE_NAME, "exec"))).decode()
    except Exception:  # whoever executes it will say what is wrong
        return ""


def load_reward(source: str, code: str) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Execute a candidate's source as the module `harness` and return its `reward`. code: its bytecode, or ""."""
    linecache.cache[SOURCE_NAME] = (len(source), None, source.splitlines(keepends=True), SOURCE_NAME)
    module = types.ModuleType("harness")
    sys.modules["harness"] = module
    compiled = marshal.loads(base64.b64decode(code)) if code else compile(source, SOURCE_NAME, "exec")
    exec(compiled, module.__dict__)
    reward = module.__dict__.get("reward")
    if not inspect.iscoroutinefunction(reward):
        raise TypeError("harness.py defines no `async def reward(trajectory, judge)`")
    return reward


def forget() -> None:
    """Undo what `load_reward` leaves behind."""
    linecache.cache.pop(SOURCE_NAME, None)
    sys.modules.pop("harness", None)


def describe(error: BaseException) -> dict[str, str]:
    """An exception as kind, message and the part of its traceback that lies in the candidate."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == SOURCE_NAME]
    lines = traceback.format_list(frames)
    where = f" (line {frames[-1].lineno})" if frames else ""
    try:
        said = str(error)[:1000]
    except BaseException:
        said = "an exception without words"
    return {
        "kind": type(error).__name__,
        "message": f"{said}{where}".strip(),
        "traceback": "".join(lines)[-_MAX_TRACEBACK_CHARS:],
    }


def encode_frame(value: Mapping[str, Any]) -> bytes:
    """A frame: four bytes of length, then JSON. Raises ValueError for what JSON cannot hold."""
    try:
        data = json.dumps(value, allow_nan=False).encode()
    except TypeError as error:
        what = "findings" if value["type"] == "done" else "a question"
        raise ValueError(f"{what} cannot be written as JSON: {error}") from None
    return LENGTH.pack(len(data)) + data


class Printed(io.TextIOBase):
    """Takes what a candidate prints, and keeps the end of it."""

    def __init__(self) -> None:
        self._text = io.StringIO()

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        written = self._text.write(text)
        if self._text.tell() > 2 * MAX_PRINTED_BYTES:
            kept = self._text.getvalue()[-MAX_PRINTED_BYTES:]
            self._text = io.StringIO()
            self._text.write(kept)
        return written

    def tail(self) -> str:
        """The last of it, as text that JSON can hold."""
        return tail_of(self._text.getvalue())


def tail_of(text: str) -> str:
    """The end of a text, at most so many bytes of UTF-8; what UTF-8 cannot hold is a question mark."""
    return text.encode(errors="replace")[-MAX_PRINTED_BYTES:].decode(errors="ignore")


class SocketJudge:
    """The judge as a candidate sees it: every question goes to the parent over the socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._heard = sock, bytearray()
        self._asks = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
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
    ) -> Reply:
        by_name = {function.__name__: function for function in tools}
        required = require if isinstance(require, str) or require is None else require.__name__
        if required is not None and required not in by_name:
            raise ValueError(f"require names {required!r}, which is not among the tools")
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
        }
        try:
            self._send({"type": "ask", "ask": number, **question})
        except ValueError as error:
            raise TypeError(f"judge.ask(): {error}") from None
        frame = await answer
        data = parse_reply(frame["text"], schema) if schema is not None else None
        return Reply(frame["text"], data, frame["stop_reason"], tuple(frame["tools_called"]))

    def hear(self) -> None:
        """Take in what the parent sent: answers, failures, and tool calls of the judge, as far as they are whole."""
        try:
            data = self._sock.recv(_CHUNK_BYTES)
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

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "tool":  # in a task of its own, since a tool may itself ask the judge
            tool = asyncio.create_task(self._answer_tool(frame))
            self._running.add(tool)
            tool.add_done_callback(self._running.discard)
            return
        answer = self._waiting.pop(frame["ask"])
        if answer.done():  # the candidate gave up waiting
            return
        if frame["type"] == "reply":
            answer.set_result(frame)
        else:
            kind = PromptTooLong if frame["kind"] == "PromptTooLong" else JudgeError
            answer.set_exception(kind(frame["message"]))

    async def _answer_tool(self, frame: Mapping[str, Any]) -> None:
        self._send({"type": "result", "call": frame["call"], **await self._run_tool(frame)})

    async def _run_tool(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        function = self._tools[frame["ask"]].get(frame["name"])
        if function is None:
            return {"content": f"there is no tool {frame['name']!r}", "is_error": True}
        try:
            value = function(**frame["arguments"])
            if inspect.isawaitable(value):
                value = await value
            return {"content": value if isinstance(value, str) else json.dumps(value), "is_error": False}
        except Exception as error:  # the judge is told, as a model would be
            return {"content": f"{type(error).__name__}: {error}", "is_error": True}

    def _send(self, frame: Mapping[str, Any]) -> None:
        self._sock.sendall(encode_frame(frame))
