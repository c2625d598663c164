"""A world that is a program of the user's: one process for each run, which reads and writes lines of JSON.

    -> {"id": 1, "do": "open", "task": "t01", "arguments": {...}, "repeat": 0}      <- {"id": 1}
    -> {"id": 2, "do": "say", "text": "..."}                     <- {"id": 2, "text": "..."}, or null for "has left"
    -> {"id": 3, "do": "call", "name": "...", "arguments": {}}   <- {"id": 3, "result": "...", "is_error": false}
    -> {"id": 4, "do": "grade"}                                  <- {"id": 4, "success": 1.0, "faults": []}

docs/worlds.md describes the protocol. A world that hangs, exits, sends too much or answers anything else raises
WorldFailed. It runs with the user's rights, since it is the user's own program, but does not see the keys of models.
"""

import asyncio
import contextlib
import math
import os
import shlex
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from meta_reward import files
from meta_reward.errors import WorldFailed
from meta_reward.models.secrets import known_keys
from meta_reward.tasks.registry import Grade

ANSWERS_WITHIN_S = 60.0
ENDS_WITHIN_S = 2.0
MAX_LINE_BYTES = 1_000_000
MAX_FAULTS_CHARS = 1_000
_TOLD_BYTES = 2_000  # of its stderr, in a message


class WorldProcess:
    """A `World` in a program of the user's, which is started by the first request."""

    def __init__(
        self,
        command: str,
        arguments: Mapping[str, Any],
        *,
        folder: Path,
        task: str,
        repeat: int,
        within_s: float = ANSWERS_WITHIN_S,
    ) -> None:
        """command: as a shell would split it. folder: where it runs. within_s: how long it may take to answer."""
        self._command, self._folder, self._within_s = command, folder, within_s
        self._opening = {"task": task, "arguments": dict(arguments), "repeat": repeat}
        self._process: asyncio.subprocess.Process | None = None
        self._complaints: asyncio.Task[bytes] | None = None
        self._asked, self._is_over = 0, False
        self._turn = asyncio.Lock()

    async def say(self, text: str) -> str | None:
        """What the customer answers; None if they have left."""
        answer = await self._ask("say", text=text)
        told = answer.get("text", False)
        if not isinstance(told, str | None):
            raise await self._failed(f"answered say with {_brief(answer)}, not a text or null under `text`")
        return told

    async def call(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        """The result of a call as text, and whether it is an error."""
        answer = await self._ask("call", name=name, arguments=arguments)
        result, is_error = answer.get("result"), answer.get("is_error", False)
        if not isinstance(result, str) or not isinstance(is_error, bool):
            raise await self._failed(f"answered call with {_brief(answer)}, not a text under `result`")
        return result, is_error

    async def grade(self) -> Grade:
        """The world's grade: success from 0 to 1, and the names of faults."""
        answer = await self._ask("grade")
        success, faults = answer.get("success"), answer.get("faults", [])
        if isinstance(success, bool):
            success = float(success)
        if not isinstance(success, int | float) or not math.isfinite(success) or not 0 <= success <= 1:
            raise await self._failed(f"answered grade with {_brief(answer)}, not a number from 0 to 1 under `success`")
        if not isinstance(faults, list) or not all(isinstance(fault, str) for fault in faults):
            raise await self._failed(f"answered grade with {_brief(answer)}, not a list of texts under `faults`")
        if sum(map(len, faults)) > MAX_FAULTS_CHARS:
            raise await self._failed(f"answered grade with `faults` of more than {MAX_FAULTS_CHARS:,} characters")
        return Grade(float(success), tuple(faults))

    async def close(self) -> None:
        """Give it ENDS_WITHIN_S seconds to exit by itself, then kill it and everything that it started."""
        process, self._process, self._is_over = self._process, None, True
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                await process.wait()
        except TimeoutError:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            if self._complaints is not None:
                self._complaints.cancel()
            await process.wait()

    async def _ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Its answer to a request, after opening the world if this is the first; one request at a time."""
        async with self._turn:
            if self._is_over:
                raise WorldFailed(f"world {self._command} has ended")
            if self._process is None:
                await self._start()
                await self._exchange("open", self._opening)
            return await self._exchange(do, more)

    async def _start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in known_keys()}
        pipe = asyncio.subprocess.PIPE
        try:
            self._process = await asyncio.create_subprocess_exec(
                *shlex.split(self._command),
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                cwd=self._folder,
                env=environment,
                limit=MAX_LINE_BYTES,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise WorldFailed(f"world {self._command} does not start: {error}") from None
        assert self._process.stderr is not None
        self._complaints = asyncio.create_task(_tail_of(self._process.stderr))

    async def _exchange(self, do: str, more: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        self._asked += 1
        try:
            async with asyncio.timeout(self._within_s):
                process.stdin.write(orjson.dumps({"id": self._asked, "do": do, **more}) + b"\n")
                await process.stdin.drain()
                line = await process.stdout.readline()
        except TimeoutError:
            raise await self._failed(f"gave no answer to {do} within {self._within_s:g} s") from None
        except ValueError:
            raise await self._failed(f"answered {do} with a line of more than {MAX_LINE_BYTES:,} bytes") from None
        except ConnectionError:
            line = b""
        if not line:
            raise await self._failed(f"ended when it was asked to {do}")
        return await self._parsed(line, do)

    async def _parsed(self, line: bytes, do: str) -> dict[str, Any]:
        try:
            answer = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise await self._failed(f"answered {do} with a line that is not JSON: {_brief(line)}") from None
        if not isinstance(answer, dict) or answer.get("id") != self._asked:
            raise await self._failed(f"answered {do} with {_brief(answer)}, not an object with id {self._asked}")
        if files.is_too_deep(answer):
            raise await self._failed(f"answered {do} with JSON that is nested too deeply")
        if "error" in answer:
            raise await self._failed(f"cannot {do}: {_brief(answer['error'])}")
        return answer

    async def _failed(self, what: str) -> WorldFailed:
        """Close the world. Returns the error to raise, with the last line that the world wrote to stderr."""
        told = ""
        complaints = self._complaints
        await self.close()
        if complaints is not None and complaints.done() and not complaints.cancelled():
            told = files.printable(complaints.result().decode(errors="replace").strip().rpartition("\n")[2])
        return WorldFailed(f"world {self._command} {what}" + (f" ({told[:300]})" if told else ""))


async def _tail_of(stream: asyncio.StreamReader) -> bytes:
    """The last _TOLD_BYTES bytes of a stream."""
    tail = b""
    while part := await stream.read(65_536):
        tail = (tail + part)[-_TOLD_BYTES:]
    return tail


def _brief(value: Any) -> str:
    """The beginning of what it said, on one line."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return files.printable(" ".join(text.split()))[:120]
