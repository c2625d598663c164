"""The sandboxed side: a zygote that forks one child for each trajectory.

    python -P -s -S -m meta_reward.harness.worker CONTROL_FD BUDGET_JSON

Started by the parent process (`sandbox.py`; `conversation.py` is the other end of the frames) and
standalone: standard library and the harness runtime, nothing else. The zygote is single-threaded
and never executes candidate code. For each trajectory it receives one end of a socket and forks;
the child limits itself, reads its one trajectory from that socket, executes the candidate's source
and answers. So no trajectory and no candidate ever passes through the zygote's memory, and nothing
carries over from one to the next.

Control messages are five bytes: `s` (start, with a socket attached) or `k` (kill), then the job's
number; the zygote answers with job number and exit code when a child has ended. A child speaks
frames: four bytes of length, then JSON. `PROTOCOL` counts the changes of their format.
"""

import asyncio
import ctypes
import gc
import importlib
import inspect
import json
import linecache
import os
import random
import resource
import selectors
import signal
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

PROTOCOL = 1
CONTROL = struct.Struct("!cI")
STATUS = struct.Struct("!Ii")
LENGTH = struct.Struct("!I")
READY = 0  # the job number with which the zygote says that it has started
SOURCE_NAME = "harness.py"
_PR_SET_PDEATHSIG = 1
_FAILED, _ORPHANED = 70, 71  # exit codes
_MAX_START_BYTES = 256 * 1024 * 1024
_MAX_TRACEBACK_CHARS = 4000
# Loaded once by the zygote, so that no child pays for them.
_PRELOADED = ("collections", "dataclasses", "datetime", "difflib", "itertools", "statistics", "string", "textwrap")


def serve(control: socket.socket, budget: Mapping[str, Any]) -> None:
    """The zygote's life: start, kill and reap children until the parent closes the control socket."""
    jobs: dict[int, int] = {}  # pid -> job
    wakeup, signalled = os.pipe()
    os.set_blocking(wakeup, False)
    os.set_blocking(signalled, False)
    signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(wakeup, selectors.EVENT_READ)
    gc.freeze()
    while True:
        ready = {key.fileobj for key, _ in selector.select()}
        if wakeup in ready:
            _drain(wakeup)
            _reap(jobs, control)
        if control in ready:
            message, descriptors, *_ = socket.recv_fds(control, CONTROL.size, 1)
            if len(message) < CONTROL.size:
                _kill_all(jobs)
                return
            op, job = CONTROL.unpack(message)
            if op == b"s":
                jobs[_fork(descriptors[0], control, budget)] = job
            else:
                _kill(jobs, job)


def _drain(pipe: int) -> None:
    try:
        while os.read(pipe, 4096):
            pass
    except BlockingIOError:
        pass


def _reap(jobs: dict[int, int], control: socket.socket) -> None:
    while jobs:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        if pid in jobs:
            control.sendall(STATUS.pack(jobs.pop(pid), os.waitstatus_to_exitcode(status)))


def _kill(jobs: dict[int, int], job: int) -> None:
    for pid, number in jobs.items():
        if number == job:
            os.kill(pid, signal.SIGKILL)


def _kill_all(jobs: dict[int, int]) -> None:
    for pid in jobs:
        os.kill(pid, signal.SIGKILL)


def _fork(descriptor: int, control: socket.socket, budget: Mapping[str, Any]) -> int:
    zygote = os.getpid()
    pid = os.fork()
    if pid:
        os.close(descriptor)
        return pid
    code = _FAILED
    try:
        control.close()
        os.dup2(0, 2)  # what a candidate prints goes nowhere
        _limit(budget)
        if os.getppid() != zygote:  # it died before this child could ask to die with it
            os._exit(_ORPHANED)
        random.seed(0)  # a harness that samples does so alike in every run
        run_child(socket.socket(fileno=descriptor))
        code = 0
    finally:
        os._exit(code)


def _limit(budget: Mapping[str, Any]) -> None:
    """Confine this child before it reads anything: dies with the zygote, limited time and memory."""
    die_with_parent()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    memory = int(budget["memory_mb"]) * 1024 * 1024
    cpu = int(budget["cpu_s"])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # LOCKDOWN: Landlock and the seccomp filter belong here, after the limits and before the first read.


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends (Linux; elsewhere the closed socket tells)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def run_child(sock: socket.socket) -> None:
    """Read the one job from the socket, run it, answer."""
    start = json.loads(_receive_frame(sock))
    if start["protocol"] != PROTOCOL:
        raise RuntimeError(f"protocol {start['protocol']} is not {PROTOCOL}")
    asyncio.run(_answer(sock, start["source"], start["trajectory"]))


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


async def _answer(sock: socket.socket, source: str, trajectory: Any) -> None:
    sock.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=sock, limit=_MAX_START_BYTES)
    judge = SocketJudge(writer)
    listener = asyncio.create_task(judge.listen(reader))
    try:
        reward = load_reward(source)
        result = check_reward(await reward(parse_trajectory(trajectory), judge))
        frame = {"type": "done", "score": result.score, "reason": result.reason, "findings": result.findings}
        data = encode_frame(frame)
    except BaseException as error:  # whatever a candidate raises is its recorded failure, also SystemExit
        data = encode_frame({"type": "error", **describe(error)})
    listener.cancel()
    writer.write(data)
    await writer.drain()


def load_reward(source: str) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Execute a candidate's source as the module `harness` and return its `reward`."""
    linecache.cache[SOURCE_NAME] = (len(source), None, source.splitlines(keepends=True), SOURCE_NAME)
    module = types.ModuleType("harness")
    sys.modules["harness"] = module
    exec(compile(source, SOURCE_NAME, "exec"), module.__dict__)
    reward = module.__dict__.get("reward")
    if not inspect.iscoroutinefunction(reward):
        raise TypeError("harness.py defines no `async def reward(trajectory, judge)`")
    return reward


def describe(error: BaseException) -> dict[str, str]:
    """An exception as kind, message and the part of its traceback that lies in the candidate."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == SOURCE_NAME]
    lines = traceback.format_list(frames)
    where = f" (line {frames[-1].lineno})" if frames else ""
    try:
        said = str(error)
    except Exception:
        said = "an exception without words"
    return {
        "kind": type(error).__name__,
        "message": f"{said[:1000]}{where}",
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


class SocketJudge:
    """The judge as a candidate sees it: every question goes to the parent over the socket."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
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

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Take in the parent's frames: answers, failures, and tool calls of the judge."""
        while True:
            try:
                (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                frame = json.loads(await reader.readexactly(length))
            except (EOFError, ConnectionError):  # the parent is gone
                os._exit(_ORPHANED)
            if frame["type"] == "tool":  # in a task of its own, since a tool may itself ask the judge
                tool = asyncio.create_task(self._answer_tool(frame))
                self._running.add(tool)
                tool.add_done_callback(self._running.discard)
                continue
            answer = self._waiting.pop(frame["ask"])
            if answer.done():  # the candidate gave up waiting
                continue
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
        self._writer.write(encode_frame(frame))


def _hide_package() -> None:
    """Leave candidates the interface that is loaded, and no way to import the rest of the package."""
    sys.path[:] = [entry for entry in sys.path if entry != os.environ.get("PYTHONPATH")]
    os.environ.clear()
    for name in ("meta_reward", "meta_reward.harness"):
        sys.modules[name].__path__ = []


def _main() -> None:
    die_with_parent()
    for name in _PRELOADED:
        importlib.import_module(name)
    _hide_package()
    control = socket.socket(fileno=int(sys.argv[1]))
    control.sendall(STATUS.pack(READY, 0))
    serve(control, json.loads(sys.argv[2]))


if __name__ == "__main__":
    _main()
