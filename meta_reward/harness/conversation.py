"""The parent's side of the conversation with one child, which exchanges frames under the child's budget.

What the child sends may be forged, broken or too large; any of that raises CandidateError.
"""

import asyncio
import itertools
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import orjson

from meta_reward.errors import CandidateError, JudgeError, JudgeUnavailable, MetaRewardError
from meta_reward.harness import child
from meta_reward.harness.budget import Budget
from meta_reward.harness.frames import LENGTH
from meta_reward.harness.host import Host, Refusal
from meta_reward.harness.received import candidate_error, parse_ask, parse_use, printed_in
from meta_reward.harness.runtime import HostError
from meta_reward.models.session import Answer, Ask, RunTool
from meta_reward.trajectory import ToolCall

AnswerAsk = Callable[[Ask, RunTool], Awaitable[Answer]]
"""Answers a question of the candidate, and may run its tools to do so."""

WaitedSeconds = Callable[[], float]
"""Gives the seconds for which answers have been held up so far, through no fault of the candidate."""

_LOOK_AGAIN_S = 0.02
_LOOK_OFTEN_S = 1.0
_STOOD_STILL_S = 2.0  # an alarm this late means that this process did not run: it was stopped, or the machine was busy
_LAST_FRAMES = {"start": "done", "compile": "compiled"}
_GONE = ("the harness has already answered", True)
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSYS)
KILLED = "killed"
TRIES_IF_KILLED = 3
"""A kill may not be the candidate's fault: memory ran out, or somebody killed the process or its zygote."""
_KINDS_OF_EXIT = {-signal.SIGKILL: KILLED, -signal.SIGXCPU: "cpu-time", **{-number: "crash" for number in _CRASHES}}


def no_waits() -> float:
    """No seconds: all waiting for answers counts towards the budget."""
    return 0.0


class Conversation:
    """The exchange of frames with one child, from the start frame to its last one, under its budget."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        budget: Budget,
        answer: AnswerAsk,
        exit_code: Callable[[], Awaitable[int]],
        waited_s: WaitedSeconds,
        host: Host | None = None,
    ) -> None:
        """exit_code: waits for the child's end and returns its exit code, or minus the signal that killed it.
        Raises TimeoutError if it does not end.

        waited_s: gives the seconds so far that do not count towards the budget. host: answers requests other than
        questions to the model.
        """
        self._reader, self._writer = reader, writer
        self._budget, self._answer, self._exit_code = budget, answer, exit_code
        self._waited_s = waited_s
        self._host, self._host_calls, self._host_bytes = host, 0, 0
        self._one_at_a_time = asyncio.Lock()
        self.printed = ""
        self._clock: asyncio.Timeout = asyncio.timeout(None)
        self._alarm: asyncio.TimerHandle | None = None
        self._due = float("inf")  # when the alarm should go off
        self._active_s = 0.0
        self._asking = 0
        self._tool_calls = itertools.count(1)
        self._tool_results: dict[int, asyncio.Future[tuple[str, bool]]] = {}
        self._confined = self._answered = False

    async def run(self, start: Mapping[str, Any]) -> dict[str, Any]:
        """Exchange frames up to the last one, `done` or `compiled`, which is returned. Raises CandidateError.

        Questions that are unanswered when the candidate ends are waited for, so that every run counts the same calls.
        """
        self._started = self._since = time.monotonic()
        try:
            async with self._clock, asyncio.TaskGroup() as asks:
                self._set_clock()
                self._send(start)
                last = await self._until_the_end(asks, _LAST_FRAMES[start["type"]])
                self._abandon_tools()
        except TimeoutError:
            raise CandidateError("time-out", self._time_out_message()) from None
        except BaseExceptionGroup as group:
            raise _first(group) from None
        finally:
            if self._alarm is not None:
                self._alarm.cancel()
        if last["type"] == "error":
            raise candidate_error(last)
        return last

    async def _until_the_end(self, asks: asyncio.TaskGroup, wanted: str) -> dict[str, Any]:
        """Handle frames up to the candidate's last one, which is of the wanted type or an error."""
        while True:
            frame = await self._next_frame()
            match frame.get("type"):
                case "confined" if not self._confined:
                    self._confined = True
                case "ask":
                    self._count_asks(+1)
                    asks.create_task(self._serve(frame))
                case "use" if self._host is not None:
                    request = self._counted_request(frame)
                    asks.create_task(self._use_host(*request, self._host))
                case "result":
                    self._take_result(frame)
                case last if last in (wanted, "error"):
                    self.printed = printed_in(frame)
                    return frame
                case other:
                    raise CandidateError("protocol", f"frame of type {other!r:.40}")

    async def _next_frame(self) -> dict[str, Any]:
        data = await self._read_frame()
        try:
            frame = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise CandidateError("protocol", f"unreadable frame: {error}") from None
        if not isinstance(frame, dict):
            raise CandidateError("protocol", "a frame is not an object")
        return frame

    async def _read_frame(self) -> bytes:
        try:
            (length,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
            if length > self._budget.output_bytes:
                raise CandidateError("output", f"{length} bytes at once, more than {self._budget.output_bytes}")
            return await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            code = await self._exit_or_fail()
            if code == child.UNLOCKED and not self._confined:  # once confined, the candidate may choose any exit code
                raise MetaRewardError("the sandbox no longer locks down on this machine") from None
            kind = _KINDS_OF_EXIT.get(code, "exit")
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise CandidateError(kind, f"the process ended ({how}) without an answer") from None

    async def _exit_or_fail(self) -> int:
        try:
            return await self._exit_code()
        except TimeoutError:  # let through, it would be taken for the end of the candidate's time
            raise CandidateError("exit", "the process closed its socket without an answer, and did not end") from None

    def _count_asks(self, change: int) -> None:
        """Count questions in flight: the candidate's own time stands still while there are any."""
        self._leave_out_standstill()
        now = time.monotonic()
        if self._asking == 0:
            self._active_s += now - self._since
        self._asking, self._since = self._asking + change, now
        self._set_clock()

    def _leave_out_standstill(self) -> None:
        """Leave time in which this process stood still out of both budgets, as the candidate could not be heard."""
        now = time.monotonic()
        late_s = now - self._due
        if late_s > _STOOD_STILL_S:
            self._started, self._since, self._due = self._started + late_s, self._since + late_s, now

    def _set_clock(self) -> None:
        """End the conversation if its time is up, else check again when it may be; waits extend the deadline."""
        self._leave_out_standstill()
        loop, now = asyncio.get_running_loop(), time.monotonic()
        left_s = self._wall_left_s()
        if self._asking == 0:
            left_s = min(left_s, self._budget.active_s - self._active_s - (now - self._since))
        if self._alarm is not None:
            self._alarm.cancel()
        if left_s > 0:
            wait_s = min(max(left_s, _LOOK_AGAIN_S), _LOOK_OFTEN_S)
            self._alarm, self._due = loop.call_later(wait_s, self._set_clock), now + wait_s
        elif not self._clock.expired():
            self._clock.reschedule(loop.time())

    def _wall_left_s(self) -> float:
        return self._started + self._budget.wall_s + self._waited_s() - time.monotonic()

    def _time_out_message(self) -> str:
        if self._wall_left_s() <= 0:
            return f"no answer within {self._budget.wall_s:g} s in all"
        return f"no answer within {self._budget.active_s:g} s of its own time"

    async def _serve(self, frame: Mapping[str, Any]) -> None:
        try:
            ask = parse_ask(frame)
            number = frame["ask"]
            answer = await self._answer(ask, lambda call: self._run_tool(number, call))
        except JudgeUnavailable:
            raise
        except JudgeError as error:
            self._send({"type": "fail", "ask": number, "kind": type(error).__name__, "message": str(error)})
            return
        finally:
            self._count_asks(-1)
        self._send(
            {
                "type": "reply",
                "ask": number,
                "text": answer.text,
                "stop_reason": answer.stop_reason,
                "tools_called": answer.tools_called,
            }
        )

    def _counted_request(self, frame: Mapping[str, Any]) -> tuple[int, str, Mapping[str, Any]]:
        number, name, arguments = parse_use(frame)
        self._host_calls += 1
        self._host_bytes += len(orjson.dumps([name, arguments]))
        if self._host_calls > self._budget.host_calls:
            raise CandidateError("host-calls", f"more than {self._budget.host_calls} requests to the host")
        if self._host_bytes > self._budget.host_bytes:
            raise CandidateError("host-bytes", f"requests to the host of more than {self._budget.host_bytes} bytes")
        return number, name, arguments

    async def _use_host(self, number: int, name: str, arguments: Mapping[str, Any], host: Host) -> None:
        """Answer one request at a time, the next only when this answer is read, as answers may be long and many."""
        async with self._one_at_a_time:
            self._count_asks(+1)
            try:
                value = await host.use(name, arguments)
                answer = {"type": "used", "ask": number, "value": value}
            except Refusal as refusal:
                answer = {"type": "fail", "ask": number, "kind": HostError.__name__, "message": str(refusal)}
            finally:
                self._count_asks(-1)
            self._send(answer)
            with suppress(ConnectionError):  # the child has ended; its last frame or exit code will tell how
                await self._writer.drain()

    async def _run_tool(self, ask: int, call: ToolCall) -> tuple[str, bool]:
        if self._answered:
            return _GONE
        number = next(self._tool_calls)
        result = self._tool_results[number] = asyncio.get_running_loop().create_future()
        self._count_asks(-1)  # the candidate's own time runs while its tool does
        self._send({"type": "tool", "ask": ask, "call": number, "name": call.name, "arguments": call.arguments})
        try:
            content, is_error = await result
        finally:
            self._count_asks(+1)
        return content, is_error

    def _abandon_tools(self) -> None:
        """End tool calls that a judge is waiting for: the candidate has answered, so its tools no longer run."""
        self._answered = True
        for result in self._tool_results.values():
            result.set_result(_GONE)

    def _take_result(self, frame: Mapping[str, Any]) -> None:
        call, content = frame.get("call"), frame.get("content")
        result = self._tool_results.pop(call, None) if isinstance(call, int) else None
        if result is None or not isinstance(content, str):
            raise CandidateError("protocol", "a tool result that nobody asked for")
        result.set_result((content, frame.get("is_error") is True))

    def _send(self, frame: Mapping[str, Any]) -> None:
        data = orjson.dumps(frame)
        if not self._writer.is_closing():
            self._writer.write(LENGTH.pack(len(data)) + data)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error inside a task group's: one that stops the run takes precedence over one of the candidate."""
    leaves = [e if not isinstance(e, BaseExceptionGroup) else _first(e) for e in group.exceptions]
    return next((e for e in leaves if not isinstance(e, CandidateError)), leaves[0])
