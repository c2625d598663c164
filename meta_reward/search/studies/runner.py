"""Many searches in parallel processes, each tested when it is finished: for studies that are made of searches.

Every search has its own process and its own run, so it can be killed at any time, and the same command resumes it. A
limit in dollars holds for all together: each search gets an equal share, and what finished ones leave goes to those
that ran out.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from meta_reward.errors import LimitReached, UsageError
from meta_reward.run.config import load_run_config
from meta_reward.run.layout import Layout
from meta_reward.run.stop_reason import load_stop
from meta_reward.run.usage import spent_on_disk
from meta_reward.search.context import Progress
from meta_reward.search.limits import elsewhere_usd
from meta_reward.search.studies.folder import StudyFolder
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.openings import record_opening

_STOPPED = 4
"""The exit code of a command that stopped at a limit."""
_GRACE_S = 10.0
_CENT = 0.01
_PROGRAM = """
import os
from meta_reward.harness.process_limits import die_with_parent

die_with_parent()
if os.getppid() != {parent}:  # it died before this process could ask to die with it
    raise SystemExit(130)

from meta_reward.cli import main

main()
"""


@dataclass(frozen=True, slots=True)
class SearchJob:
    """A search, and the test of what it chose."""

    layout: Layout
    taskset: Path
    arguments: tuple[str, ...]
    """Arguments of `meta-reward search`, without the run and the limit in dollars."""

    @property
    def name(self) -> str:
        return self.layout.root.name

    @property
    def done(self) -> bool:
        """Whether it has been searched and tested."""
        return self.layout.test_result.exists()

    @property
    def spent_usd(self) -> float:
        """What all starts have spent on its judge, its proposer and the learned reward that scores it."""
        if not self.layout.config.exists():
            return 0.0
        return spent_on_disk(self.layout).cost_usd + elsewhere_usd(self.layout)


@dataclass(frozen=True, slots=True)
class Means:
    """How many searches of a study run at a time, and what they may spend."""

    processes: int
    """Searches at a time."""
    max_usd: float
    """For all together; 0 for no limit."""
    progress: Progress
    """Is told when a search is done."""


def job_in(study: StudyFolder, name: str, arguments: tuple[str, ...], save: Callable[[Path], None]) -> SearchJob:
    """A search in a study's folder. save: writes its task set to a path; called if the set is not there yet."""
    path = study.root / "tasks" / name
    if not path.exists():
        save(path)
    return SearchJob(Layout(study.root / "runs" / name), path.resolve(), arguments)


async def search_for(study: StudyFolder, taskset: AnyTaskSet, jobs: Sequence[SearchJob], means: Means) -> None:
    """Make the missing searches of a study, as one opening of the test split. Raises as `run_searches`."""
    record_opening(taskset.path, taskset.digest, by=f"study {study.subject.study}", key=study.key)
    await run_searches(
        jobs,
        processes=means.processes,
        max_usd=means.max_usd,
        logs=study.root / ".work" / "logs",
        tell=lambda job: means.progress.note(f"{job.name} is searched and tested"),
    )


async def run_searches(
    jobs: Sequence[SearchJob],
    *,
    processes: int,
    max_usd: float,
    logs: Path,
    tell: Callable[[SearchJob], None] = lambda job: None,
) -> None:
    """Search and test every job that is not done, `processes` at a time.

    max_usd: for all together; 0 for no limit. logs: a folder for what the processes print. tell: called with each job
    when it is done. Raises LimitReached if the money is used up, and UsageError if a search fails for another reason,
    after the others have finished. Cancelling this ends all of them as Ctrl-C would.
    """
    slots = asyncio.Semaphore(processes)
    waiting = [job for job in jobs if not job.done]
    check_dollars(jobs, max_usd)
    while waiting:
        limits = dollars_for_each(jobs, max_usd)
        if not all(limits.values()):  # to a search, 0 is no limit at all
            raise _used_up(jobs, max_usd)

        async def work(job: SearchJob, limits: Mapping[str, float]) -> bool:
            async with slots:
                ended = await _search_and_test(job, limits.get(job.name, 0.0), logs / f"{job.name}.log")
            if ended:
                tell(job)
            return ended

        outcomes = await asyncio.gather(*(work(job, limits) for job in waiting), return_exceptions=True)
        if errors := [outcome for outcome in outcomes if isinstance(outcome, BaseException)]:
            raise errors[0]
        waiting = [job for job in waiting if not job.done]
        if waiting and _left(jobs, max_usd) < _CENT:
            raise _used_up(jobs, max_usd)


def _used_up(jobs: Sequence[SearchJob], max_usd: float) -> LimitReached:
    return LimitReached("max-usd", round(sum(job.spent_usd for job in jobs), 2), max_usd)


def check_dollars(jobs: Sequence[SearchJob], max_usd: float) -> None:
    """Raise UsageError if the limits of searches that have begun exceed max_usd: a run's limit can only be raised."""
    begun = [_own_limit(job) for job in jobs if not job.done and _has_begun(job)]
    if not begun or not max_usd:
        return
    if not all(begun):
        what = "its searches have begun without a limit in dollars"
        raise UsageError(what, hint="go on with --max-usd none, or pass another --name")
    held = sum(begun) + sum(min(job.spent_usd, _own_limit(job) or job.spent_usd) for job in jobs if job.done)
    if held > max_usd + _CENT:
        what = f"its searches have begun with limits that add up to ${held:.2f}"
        raise UsageError(what, hint="pass --max-usd with that or more, or another --name")


def dollars_for_each(jobs: Sequence[SearchJob], max_usd: float) -> dict[str, float]:
    """The limit in dollars of each unfinished search, never below the one that its run has; empty for no limit."""
    waiting = [job for job in jobs if not job.done]
    if not max_usd:
        return {}
    part = _part(jobs, max_usd)
    more = max(0.0, _left(jobs, max_usd)) / len(waiting)
    return {job.name: round((_own_limit(job) or part) + more, 4) for job in waiting}


def _left(jobs: Sequence[SearchJob], max_usd: float) -> float:
    """What is neither spent by finished searches nor reserved for the others, in dollars."""
    part = _part(jobs, max_usd)
    return max_usd - sum(job.spent_usd if job.done else _own_limit(job) or part for job in jobs)


def _part(jobs: Sequence[SearchJob], max_usd: float) -> float:
    """What is reserved for each search that has not begun: an equal share, or less if the others leave less."""
    new = sum(not job.done and not _has_begun(job) for job in jobs)
    held = sum(job.spent_usd if job.done else _own_limit(job) for job in jobs)
    return min(max_usd / len(jobs), max(0.0, max_usd - held) / max(1, new))


def _has_begun(job: SearchJob) -> bool:
    return job.layout.config.exists()


def _own_limit(job: SearchJob) -> float:
    return load_run_config(job.layout.config).limits.max_usd if _has_begun(job) else 0.0


async def _search_and_test(job: SearchJob, max_usd: float, log: Path) -> bool:
    """Whether both are done; False if the limit stopped one of them."""
    log.parent.mkdir(parents=True, exist_ok=True)
    limit = ("--max-usd", f"{max_usd}" if max_usd else "none")
    run = str(job.layout.root.resolve())
    search = ("search", str(job.taskset), "--run", run, *job.arguments, *limit)
    if await _finish(job, search, log) == _STOPPED and _out_of_money(job):
        return False
    return await _finish(job, ("test", run, "--no-controls", *limit), log) == 0


def _out_of_money(job: SearchJob) -> bool:
    """Whether a search stopped at its limit in dollars, and not for another reason, such as an idle proposer."""
    return load_stop(job.layout).reason.startswith("limit reached: max-usd")


async def _finish(job: SearchJob, command: Sequence[str], log: Path) -> int:
    """Run a command. Returns its exit code if it finished or stopped at a limit; else raises UsageError."""
    code = await _run(command, log)
    if code not in (0, _STOPPED):
        said = _last_line(log) or f"`meta-reward {command[0]}` ended with exit code {code}"
        raise UsageError(f"{job.name}: {said}", hint=f"{log} has all that it printed")
    return code


async def _run(command: Sequence[str], log: Path) -> int:
    """Run a command, and return its exit code. Its output is appended to a file. Cancelling this interrupts it.

    If this process is killed, so is the command (on Linux): otherwise a resumed study would find its run in use.
    """
    program = [sys.executable, "-c", _PROGRAM.format(parent=os.getpid()), *command]
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *program, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), _GRACE_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        raise


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("meta-reward: ") if lines else ""
