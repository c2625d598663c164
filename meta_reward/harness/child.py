"""A child of the zygote: runs one function of a candidate once, talking to the parent over a socket.

It reports that it is confined, reads a start frame, executes the candidate's source, awaits the function that the frame
names, and sends what that returns. Calls of the model and tool results go over the same socket. If the job is to
compile, it only compiles the source and sees no arguments. `frames.py` is the format, `PROTOCOL` its version,
`conversation.py` the other end. Imports only the standard library and the harness runtime.
"""

import asyncio
import base64
import contextlib
import inspect
import io
import json
import linecache
import marshal
import socket
import sys
import traceback
import types
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from meta_reward.harness.entries import ENTRIES, Entry, output_to_json
from meta_reward.harness.frames import CHUNK_BYTES, encode_frame, receive_frame
from meta_reward.harness.socket_judge import HOSTS, SocketJudge

PROTOCOL = 5
SOURCE_NAME = "harness.py"
UNLOCKED = 72  # exit code of a child that cannot lock itself down
_MAX_TRACEBACK_CHARS = 4000
MAX_PRINTED_BYTES = 16 * 1024


def run(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    """Report that the child is confined, read its one job from the socket, run it in this event loop, and answer."""
    sock.sendall(encode_frame({"type": "confined"}))
    start = json.loads(receive_frame(sock))
    if start["protocol"] != PROTOCOL:
        raise RuntimeError(f"protocol {start['protocol']} is not {PROTOCOL}")
    if start["type"] == "compile":
        sock.sendall(encode_frame({"type": "compiled", "code": compile_source(start["source"])}))
    else:
        # No asyncio.Runner: its clean-up would double the cost of a child, and the process ends right after this.
        loop.run_until_complete(run_program(sock, start))
    _wait_until_closed(sock)


def _wait_until_closed(sock: socket.socket) -> None:
    """Wait for the parent to close the socket: it may still be sending replies, and would fail to read the answer."""
    while sock.recv(CHUNK_BYTES):
        pass


async def run_program(sock: socket.socket, start: Mapping[str, Any]) -> None:
    """Run a function of a candidate, and send its output or its error. start: the frame that names it."""
    judge, loop, printed = SocketJudge(sock), asyncio.get_running_loop(), Printed()
    loop.add_reader(sock, judge.hear)
    with contextlib.redirect_stdout(printed):
        try:
            entry = ENTRIES[start["entry"]]
            function = load_function(start["source"], start["code"], entry)
            output = entry.parse(await _call(function, entry, start["arguments"], judge))
            entry.check(output, start["arguments"])
            data = encode_frame({"type": "done", "output": output_to_json(output), "printed": printed.tail()})
        except BaseException as error:  # any exception is the candidate's recorded failure, even SystemExit
            data = encode_frame({"type": "error", **describe(error), "printed": printed.tail()})
    loop.remove_reader(sock)
    sock.sendall(data)


def _call(
    function: Callable[..., Coroutine[Any, Any, Any]], entry: Entry, arguments: Mapping[str, Any], judge: SocketJudge
) -> Coroutine[Any, Any, Any]:
    given = {**entry.prepare(arguments), entry.model: judge}
    if entry.host:
        given[entry.host] = HOSTS[entry.host](judge, arguments)
    return function(*(given[name] for name in entry.parameters))


def compile_source(source: str) -> str:
    """A candidate's bytecode in base64, so that only one child has to compile it; empty if it does not compile."""
    try:
        return base64.b64encode(marshal.dumps(compile(source, SOURCE_NAME, "exec"))).decode()
    except Exception:  # executing the source will raise it again
        return ""


def load_function(source: str, code: str, entry: Entry) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Execute a candidate's source as the module `harness` and return one function.

    code: from `compile_source`. Raises TypeError if there is no such async function, and whatever the source raises.
    """
    linecache.cache[SOURCE_NAME] = (len(source), None, source.splitlines(keepends=True), SOURCE_NAME)
    module = types.ModuleType("harness")
    sys.modules["harness"] = module
    compiled = marshal.loads(base64.b64decode(code)) if code else compile(source, SOURCE_NAME, "exec")
    exec(compiled, module.__dict__)
    function = module.__dict__.get(entry.name)
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"harness.py defines no `{entry.signature}`")
    return function


def forget() -> None:
    """Remove what `load_function` leaves behind."""
    linecache.cache.pop(SOURCE_NAME, None)
    sys.modules.pop("harness", None)


def describe(error: BaseException) -> dict[str, str]:
    """An exception as kind, message, and the part of its traceback that is in the candidate's source."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == SOURCE_NAME]
    lines = traceback.format_list(frames)
    where = f" (line {frames[-1].lineno})" if frames else ""
    try:
        message = str(error)[:1000]
    except BaseException:
        message = "an exception without words"
    return {
        "kind": type(error).__name__,
        "message": f"{message}{where}".strip(),
        "traceback": "".join(lines)[-_MAX_TRACEBACK_CHARS:],
    }


class Printed(io.TextIOBase):
    """A stream that keeps the end of what a candidate prints."""

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
        """The end of the output, as text that JSON can hold."""
        return tail_of(self._text.getvalue())


def tail_of(text: str) -> str:
    """The last MAX_PRINTED_BYTES of a text in UTF-8; what UTF-8 cannot encode becomes a question mark."""
    return text.encode(errors="replace")[-MAX_PRINTED_BYTES:].decode(errors="ignore")
