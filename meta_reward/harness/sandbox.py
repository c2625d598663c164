"""The parent's side of the sandbox: starts a zygote, and runs a program, each time in a forked child of it.

    async with Sandbox(Budget(), level="strict") as sandbox:
        reward = await sandbox.run(source, "reward", {"trajectory": trajectory}, answer)

Protects against a candidate that crashes, hangs, floods, answers out of range, prints, or leaves state
behind for the next trajectory; at the levels `strict` and `locked` also against one that tries to read
files, open sockets, start processes or disturb others. `confinement.py` lists the levels, `levels.py` finds
out which of them this machine supports. Every failure of the candidate raises CandidateError; errors of
`answer` (the judge's, a limit's) pass through unchanged.

What remains possible: answers written into the source; signalling to a trajectory scored at the same
time through the load of the machine or through what the kernel counts per user, and to a later one through
what is left in the caches of processor and disk; at `locked`, asking of any path whether it exists, how large
it is, when it was changed, and when it was read if the file system is mounted `strictatime`; the candidate's
own process id, which tells how many came before it; bugs of the kernel.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from meta_reward.errors import CandidateError, MetaRewardError
from meta_reward.harness import child, idle_zygotes
from meta_reward.harness.budget import Budget
from meta_reward.harness.confinement import settle, worker_command, worker_environment
from meta_reward.harness.conversation import AnswerAsk, WaitedSeconds, no_waits
from meta_reward.harness.entries import ENTRIES, Output
from meta_reward.harness.host import Host
from meta_reward.harness.level import Level
from meta_reward.harness.received import output_of
from meta_reward.harness.runtime import Reward
from meta_reward.harness.zygote_process import ZygoteProcess
from meta_reward.models.session import Answer, Ask, RunTool

_KEPT_CODES = 8  # candidates come one after the other, each for many trajectories


class Sandbox:
    """Scores trajectories, each in a process of its own. Use as an async context manager."""

    def __init__(self, budget: Budget, *, level: Level, packages: Sequence[str] = ()) -> None:
        """packages: installed packages that candidates may import beside the standard library."""
        self.budget, self.level, self.packages = budget, level, tuple(packages)
        self._zygote: ZygoteProcess | None = None
        self._starting, self._compiling = asyncio.Lock(), asyncio.Lock()
        self._codes: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        """Starts nothing yet: a candidate that is refused unread, or cached, needs no zygote."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        zygote, self._zygote = self._zygote, None
        if zygote is not None:
            await idle_zygotes.keep(zygote)

    async def run(
        self,
        source: str,
        entry: str,
        arguments: Mapping[str, Any],
        answer: AnswerAsk,
        *,
        host: Host | None = None,
        waited_s: WaitedSeconds = no_waits,
        printed: Callable[[str], None] = lambda text: None,
    ) -> Output:
        """What one function of a program returns, with calls of the model served by `answer`.

        entry: its name, of `ENTRIES`. arguments: in their JSON form. host: what else the program may ask.
        waited_s: how long `answer` has been held up so far through no fault of the candidate; not on its budget.
        printed: is called with the end of what the candidate has printed, even if it failed, unless it was killed.
        Raises CandidateError for anything that is the candidate's fault.
        """
        code = await self._compiled(source)
        job = {"type": "start", "protocol": child.PROTOCOL, "source": source, "code": code}
        zygote = await self._living()
        start = {**job, "entry": entry, "arguments": arguments}
        last = await zygote.run(start, self.budget, answer, waited_s, printed, host)
        return output_of(last, ENTRIES[entry], arguments, self.budget)

    async def score(
        self,
        source: str,
        trajectory: Mapping[str, Any],
        answer: AnswerAsk,
        *,
        waited_s: WaitedSeconds = no_waits,
        printed: Callable[[str], None] = lambda text: None,
    ) -> Reward:
        """The reward of one trajectory, in its JSON form. Otherwise like `run`."""
        arguments = {"trajectory": trajectory}
        output = await self.run(source, "reward", arguments, answer, waited_s=waited_s, printed=printed)
        assert isinstance(output, Reward)
        return output

    async def _living(self) -> ZygoteProcess:
        """The zygote: started on first use, and again if a candidate has brought it down."""
        async with self._starting:
            if self._zygote is None or not self._zygote.is_alive():
                if self._zygote is not None:
                    self._zygote.stop()
                    self._zygote = (
                        None  # the start of another may be cancelled, and this one is not to be stopped twice
                    )
                self._zygote = await self._start()
            return self._zygote

    async def _compiled(self, source: str) -> str:
        """A candidate's bytecode, "" if it does not compile: compiled once, in a child that sees no trajectory."""
        async with self._compiling:
            if source not in self._codes:
                code = await self._compile(source)
                if len(self._codes) >= _KEPT_CODES:
                    del self._codes[next(iter(self._codes))]
                self._codes[source] = code
            return self._codes[source]

    async def _compile(self, source: str) -> str:
        zygote = await self._living()
        job = {"type": "compile", "protocol": child.PROTOCOL, "source": source}
        try:
            frame = await zygote.run(job, self.budget, _no_answer, no_waits)
        except CandidateError:  # too much for the compiler: scoring will report it
            return ""
        return str(frame["code"])

    async def _start(self) -> ZygoteProcess:
        if self.level != "none":
            await asyncio.to_thread(settle, self.packages)
        command = worker_command(self.level, self.budget, self.packages)
        if (kept := idle_zygotes.take(command)) is not None:
            return kept
        for is_last in (False, True):  # the first may be killed from outside before it is ready
            zygote = ZygoteProcess(command, worker_environment(self.level))
            try:
                await zygote.start()
                break
            except MetaRewardError:
                if is_last:
                    raise
        return zygote


async def _no_answer(ask: Ask, run_tool: RunTool) -> Answer:
    raise CandidateError("protocol", "a question from a child that only compiles")
