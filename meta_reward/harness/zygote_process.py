"""The parent's handle on a zygote: its process, its control socket, and the jobs running under it."""

import asyncio
import itertools
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from meta_reward.errors import MetaRewardError
from meta_reward.harness import worker
from meta_reward.harness.budget import Budget
from meta_reward.harness.conversation import AnswerAsk, Conversation, WaitedSeconds
from meta_reward.harness.host import Host

NOT_STARTED = "the sandbox does not start: "
_FULL_S = 0.005  # before trying again to write to a full socket
_DYING_S = 2.0  # for a zygote that has closed its socket to write its error
_PATIENCE_S = 30.0  # for the zygote to start, to report how a child ended, to end


class ZygoteProcess:
    """A zygote process and the jobs running under it. It is used by one event loop at a time."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """command: as `worker_command` returns it."""
        self.command = tuple(command)
        self._jobs = itertools.count(worker.READY + 1)
        self._exits: dict[int, asyncio.Future[int]] = {}  # of jobs that have not ended
        self._hung_up = False
        self._control, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [*command, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    pass_fds=[theirs.fileno()],
                    env=environment,
                    cwd="/",
                    start_new_session=True,  # so that Ctrl-C reaches only this process
                )
        except BaseException:
            self._control.close()
            raise
        self._control.setblocking(False)

    async def start(self) -> None:
        """Wait until it is ready. Raises MetaRewardError with its last line of output if it does not start."""
        ready = self._exits[worker.READY] = asyncio.get_running_loop().create_future()
        self.join_loop()
        try:
            code = await asyncio.wait_for(ready, _PATIENCE_S)
        except TimeoutError:
            self._process.kill()
            self.stop()
            raise MetaRewardError(f"{NOT_STARTED}no sign of it within {_PATIENCE_S:g} s") from None
        if code != 0:
            words = self._last_words()
            self.stop()
            raise MetaRewardError(NOT_STARTED + words)

    def is_alive(self) -> bool:
        # Its exit status comes later than its hang-up, and bubblewrap around it outlives it.
        return not self._hung_up and self._process.poll() is None

    def join_loop(self) -> None:
        """Listen in the running event loop."""
        self._watcher = asyncio.create_task(self._watch(self._control))

    async def leave_loop(self) -> bool:
        """Stop listening once its children have ended, so that another event loop can use it. False if none can."""
        if self._exits:
            await asyncio.wait(self._exits.values(), timeout=_DYING_S)
        if self._exits or self._watcher.done() or not self.is_alive():
            return False
        self._deafen()
        return True

    async def run(
        self,
        start: Mapping[str, Any],
        budget: Budget,
        answer: AnswerAsk,
        waited_s: WaitedSeconds,
        printed: Callable[[str], None] = lambda text: None,
        host: Host | None = None,
    ) -> dict[str, Any]:
        """Run one job in a new child; returns its last frame. start: its start frame. The rest as for `Sandbox.run`.

        Raises CandidateError.
        """
        ours, theirs = socket.socketpair()
        job = next(self._jobs)
        ended = self._exits[job] = asyncio.get_running_loop().create_future()
        try:
            with theirs:
                await self._send(b"s", job, theirs)
            reader, writer = await asyncio.open_connection(sock=ours, limit=budget.output_bytes + 4)
            try:
                talk = Conversation(reader, writer, budget, answer, lambda: _exit_of(ended), waited_s, host)
                try:
                    return await talk.run(start)
                finally:
                    printed(talk.printed)
            finally:  # abort drops unsent data: a transport that still waits to send would stay in the selector,
                writer.transport.abort()  # and the next socket with the same number would receive nothing
        finally:
            ours.close()
            if not ended.done():
                await self._send(b"k", job)

    def stop(self) -> None:
        """End the zygote and its children."""
        self._deafen()
        for job in list(self._exits):  # nobody will report how they ended
            self._ended(job, -signal.SIGKILL)
        self._control.close()  # the zygote kills its children and ends when it sees this
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close_stderr()

    def kill(self) -> None:
        """End a zygote that runs nothing and that no event loop listens to."""
        self._process.kill()
        self._process.wait()
        self._control.close()
        self._close_stderr()

    def _close_stderr(self) -> None:
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _deafen(self) -> None:
        self._watcher.cancel()
        # At once, not when the watcher notices: by then, another file may have the same descriptor number.
        asyncio.get_running_loop().remove_reader(self._control)

    async def _send(self, op: bytes, job: int, attached: socket.socket | None = None) -> None:
        """Send a control message, waiting while hundreds of jobs have filled the socket. Meanwhile the event loop keeps
        running, since a zygote that cannot report which children have ended reads no messages either."""
        descriptors = [attached.fileno()] if attached else []
        while True:
            try:
                socket.send_fds(self._control, [worker.CONTROL.pack(op, job)], descriptors)
                return
            except BlockingIOError:
                await asyncio.sleep(_FULL_S)
            except OSError:  # the zygote has died, and its children with it
                self._hung_up = True
                self._ended(job, -signal.SIGKILL)
                return

    def _last_words(self) -> str:
        try:  # it may have hung up before it speaks
            _, words = self._process.communicate(timeout=_DYING_S)
        except subprocess.TimeoutExpired:
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
        self._hung_up = True
        for job in list(self._exits):
            self._ended(job, -signal.SIGKILL)

    def _ended(self, job: int, code: int) -> None:
        ended = self._exits.pop(job, None)
        if ended is not None and not ended.done():
            ended.set_result(code)


async def _exit_of(ended: asyncio.Future[int]) -> int:
    """How a job's process ended: its exit code, or minus the signal that killed it. Raises TimeoutError."""
    return await asyncio.wait_for(asyncio.shield(ended), _PATIENCE_S)


async def _receive(loop: asyncio.AbstractEventLoop, control: socket.socket) -> bytes:
    try:
        return await loop.sock_recv(control, 4096)
    except ConnectionError:
        return b""
