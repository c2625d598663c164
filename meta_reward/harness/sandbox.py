"""The parent's side of the sandbox: starts a zygote, and runs programs, each run in a forked child of the zygote.

    async with Sandbox(Budget(), level="strict") as sandbox:
        reward = await sandbox.run(source, "reward", {"trajectory": trajectory}, answer)

It protects against a candidate that crashes, hangs, floods, answers out of range, prints, or leaves state behind for
the next trajectory; at the levels `strict` and `locked` also against one that tries to read files, open sockets, start
processes or disturb others. `confinement.py` lists the levels, `levels.py` finds out which of them this machine
supports. Every failure of the candidate raises CandidateError; errors of `answer` (from the judge, or of a limit) pass
through unchanged.

It does not prevent: answers written into the source; signals to a trajectory that is scored at the same time, through
the load of the machine or what the kernel counts per user, and to a later one, through the caches of processor and
disk; at `locked`, looking up for any path whether it exists, how large it is, when it was changed, and, if the file
system is mounted `strictatime`, when it was read; the candidate's own process id, which tells how many came before it;
bugs of the kernel.
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

_KEPT_CODES = 8  # few are enough: candidates come one after another, each for many trajectories


class Sandbox:
    """Runs programs, each run in its own process. Use as an async context manager."""

    def __init__(self, budget: Budget, *, level: Level, packages: Sequence[str] = ()) -> None:
        """packages: installed packages that candidates may import besides the standard library."""
        self.budget, self.level, self.packages = budget, level, tuple(packages)
        self._zygote: ZygoteProcess | None = None
        self._starting, self._compiling = asyncio.Lock(), asyncio.Lock()
        self._codes: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        """Starts nothing yet: a candidate that is refused without a run, or cached, needs no zygote."""
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
        """Run one function of a program and return its output. `answer` serves its calls of the model.

        entry: the function's name, one of `ENTRIES`. arguments: in JSON form. host: what the program may ask besides
        the model. waited_s: gives the seconds for which `answer` has been held up so far through no fault of the
        candidate; they do not count towards its budget. printed: called with the end of the candidate's output, even
        if it failed, unless it was killed. Raises CandidateError for anything that is the candidate's fault.
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
        """The reward of one trajectory, which is given in JSON form. Otherwise like `run`."""
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
                    self._zygote = None  # not to be stopped again if the start of the next one is cancelled
                self._zygote = await self._start()
            return self._zygote

    async def _compiled(self, source: str) -> str:
        """A candidate's bytecode, empty if it does not compile: compiled once, in a child that sees no trajectory."""
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
        except CandidateError:  # too much for the compiler: the run itself will report it
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
