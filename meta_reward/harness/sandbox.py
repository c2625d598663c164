"""The parent's side of the sandbox: starts a zygote, runs one trajectory at a time in a forked child of it.

    async with Sandbox(Budget()) as sandbox:
        reward = await sandbox.score(source, trajectory, answer)

Protects against: a candidate that crashes, hangs, floods, answers out of range, prints, or leaves
state behind for the next trajectory. At level `none`, the only one so far, it does not protect
against a candidate that opens files or sockets. Every failure of the candidate raises
CandidateError; errors of `answer` (the judge's, a limit's) pass through as they are.
"""

import asyncio
import contextlib
import itertools
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from meta_reward.errors import MetaRewardError
from meta_reward.harness import worker
from meta_reward.harness.budget import Budget
from meta_reward.harness.conversation import AnswerAsk, Conversation
from meta_reward.harness.runtime import Reward

_PATIENCE_S = 30.0  # for the zygote to start, to say how a child ended, to end


class Sandbox:
    """A zygote process and the trajectories running under it. Use as an async context manager."""

    level = "none"

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._jobs = itertools.count(worker.READY + 1)
        self._exits: dict[int, asyncio.Future[int]] = {}
        self._restart = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    async def score(self, source: str, trajectory: Mapping[str, Any], answer: AnswerAsk) -> Reward:
        """The reward of one trajectory (in its JSON form), with judge calls served by `answer`.

        Raises CandidateError for whatever is the candidate's fault.
        """
        async with self._restart:
            if self._process.poll() is not None:  # a candidate brought it down with itself; the next gets another
                self._stop()
                await self._start()
        host, child = socket.socketpair()
        job = next(self._jobs)
        self._exits[job] = asyncio.get_running_loop().create_future()
        start = {"type": "start", "protocol": worker.PROTOCOL, "source": source, "trajectory": trajectory}
        try:
            with child:
                self._send(b"s", job, child)
            reader, writer = await asyncio.open_connection(sock=host, limit=self.budget.output_bytes + 4)
            with contextlib.closing(writer):
                talk = Conversation(reader, writer, self.budget, answer, lambda: self._exit_of(job))
                return await talk.run(start)
        finally:
            host.close()
            if not self._exits[job].done():
                self._send(b"k", job)
            del self._exits[job]

    async def _exit_of(self, job: int) -> int:
        """How a job's process ended: its exit code, or minus the signal that killed it."""
        return await asyncio.wait_for(asyncio.shield(self._exits[job]), _PATIENCE_S)

    async def _start(self) -> None:
        self._control, child = socket.socketpair()
        with child:
            self._process = _spawn(child.fileno(), self.budget)
        self._control.setblocking(False)
        ready = self._exits[worker.READY] = asyncio.get_running_loop().create_future()
        self._watcher = asyncio.create_task(self._watch(self._control))
        code = await asyncio.wait_for(ready, _PATIENCE_S)
        if code != 0:
            raise MetaRewardError(f"the sandbox does not start: {self._last_words()}")

    def _stop(self) -> None:
        self._watcher.cancel()
        for job in list(self._exits):  # none of them can be told any more how it ended
            self._ended(job, -signal.SIGKILL)
        self._control.close()  # the zygote kills its children and ends when it sees this
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _send(self, op: bytes, job: int, attached: socket.socket | None = None) -> None:
        try:
            socket.send_fds(self._control, [worker.CONTROL.pack(op, job)], [attached.fileno()] if attached else [])
        except OSError:  # the zygote has died, and its children with it
            self._ended(job, -signal.SIGKILL)

    def _last_words(self) -> str:
        self._process.kill()
        _, words = self._process.communicate()
        return words.decode(errors="replace").strip().rpartition("\n")[2] or "it left no message"

    async def _watch(self, control: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        buffer = b""
        while data := await _receive(loop, control):
            buffer += data
            while len(buffer) >= worker.STATUS.size:
                job, code = worker.STATUS.unpack(buffer[: worker.STATUS.size])
                buffer = buffer[worker.STATUS.size :]
                self._ended(job, code)
        for job in list(self._exits):
            self._ended(job, -signal.SIGKILL)

    def _ended(self, job: int, code: int) -> None:
        if job in self._exits and not self._exits[job].done():
            self._exits[job].set_result(code)


def _spawn(control: int, budget: Budget) -> subprocess.Popen[bytes]:
    """Start a zygote that knows nothing of this process but one socket."""
    return subprocess.Popen(
        [
            *(sys.executable, "-P", "-s", "-S", "-B", "-m", worker.__name__),
            *(str(control), orjson.dumps(asdict(budget)).decode()),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[control],
        env={"PYTHONPATH": str(Path(worker.__file__).parents[2]), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        cwd="/",
    )


async def _receive(loop: asyncio.AbstractEventLoop, control: socket.socket) -> bytes:
    try:
        return await loop.sock_recv(control, 4096)
    except ConnectionError:
        return b""
