"""Finds out which sandbox levels this machine supports, by running a job that tries to escape.

Looking for a binary is not enough: bubblewrap may be installed but not allowed to create namespaces, and a kernel may
have Landlock without enabling it. A level is available if its zygote starts and all attempts to escape fail. `none` is
never chosen automatically.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import cast

from meta_reward.errors import MetaRewardError, UsageError
from meta_reward.harness.budget import Budget
from meta_reward.harness.level import AUTO, Level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.zygote_process import NOT_STARTED
from meta_reward.models.session import Answer, Ask, RunTool

UNCONFINED_WARNING = "sandbox level none: candidates run with all your rights, and could read labels and keys"
CONFINED: tuple[Level, ...] = ("strict", "locked")
"""The levels that confine candidates, the strictest first. They need Linux."""
_UNCONFINED = "--sandbox none goes without, at your own risk"
_NAMESPACES = (
    "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu "
    "kernel.apparmor_restrict_unprivileged_userns=0; a container must be started with the right to make them)"
)
_ON_LINUX = "run it on Linux, for example in a container"
_LANDLOCK = "use Linux 5.13 or later on x86_64 or aarch64, with landlock in the lsm= of its command line"
_TRAJECTORY = {"policy": "", "tools": [], "messages": [{"role": "user", "content": "Hello."}]}
_PROBE = '''"""Try to get out, and tell what succeeded."""
import os
import socket

from meta_reward.harness import Reward


def read(): os.close(os.open({file!r}, os.O_RDONLY))
def write(): os.close(os.open({folder!r} + "/written", os.O_CREAT | os.O_WRONLY))
def connect(): socket.socket().close()
def start(): os.fork() or os._exit(0)
def signal(): os.kill(os.getppid(), 0)


async def reward(trajectory, judge):
    succeeded = []
    for attempt in (read, write, connect, start, signal):
        try:
            attempt()
        except OSError:
            continue
        succeeded.append(attempt.__name__)
    return Reward(100 if not succeeded else 0, reason=", ".join(succeeded))
'''
_found: dict[Level, str] = {}


async def choose_level(wanted: str = AUTO, *, of: str = "") -> Level:
    """The level to use: the one that was asked for or, with `auto`, the strictest that works here.

    of: what uses that level, for the message, such as `run night-1`. Raises UsageError if the level does not work here,
    or if none does; the message says why, and what to do.
    """
    if wanted == "none":
        return "none"
    if wanted != AUTO:
        level = cast(Level, wanted)
        if problem := await problem_of(level):
            what = f"this machine cannot do sandbox level {level}" + (f", which {of} is at" if of else "")
            raise UsageError(f"{what} ({problem})", hint=await _ways_out(level))
        return level
    if (found := await strictest()) is not None:
        return found
    # A problem of the weakest level is one of all levels.
    what = f"this machine cannot confine candidates ({await problem_of(CONFINED[-1])})"
    raise UsageError(what, hint=f"{await remedy(CONFINED[-1])}; {_UNCONFINED}")


async def strictest() -> Level | None:
    """The strictest level that works here; None if only `none` does."""
    for level in CONFINED:
        if not await problem_of(level):
            return level
    return None


async def problem_of(level: Level) -> str:
    """Why this machine does not support a level; empty if it does. Probed once per process."""
    if level not in _found:
        _found[level] = await _probe(level) and await _probe(level)  # the first may have been killed from outside
    return _found[level]


async def remedy(level: Level) -> str:
    """What the user can do to get a level that does not work here; empty if nothing helps."""
    if level not in CONFINED:
        return ""
    if sys.platform != "linux":
        return _ON_LINUX
    if await problem_of("locked"):  # strict needs all that locked needs
        return _LANDLOCK
    if shutil.which("bwrap") is None:
        return "install bubblewrap"
    refused = (await problem_of("strict")).startswith("bwrap: ")
    return _NAMESPACES if refused else "report this, with what `meta-reward doctor --json` prints"


async def _ways_out(level: Level) -> str:
    other = await strictest()
    ways = (await remedy(level), f"--sandbox {other} works here" if other else _UNCONFINED)
    return "; ".join(way for way in ways if way)


async def _probe(level: Level) -> str:
    if level != "none" and sys.platform != "linux":
        return f"it needs Linux, and this is {sys.platform}"
    try:
        with tempfile.TemporaryDirectory() as folder:
            probe = _PROBE.format(file=str(Path(__file__)), folder=folder)
            async with Sandbox(Budget(), level=level) as sandbox:
                found = await sandbox.score(probe, _TRAJECTORY, _no_judge)
    except (MetaRewardError, OSError) as error:
        return str(error).removeprefix(NOT_STARTED) or type(error).__name__
    return "" if found.score else f"a candidate could still {found.reason}"


async def _no_judge(ask: Ask, run_tool: RunTool) -> Answer:
    raise AssertionError("the probe asks nothing")
