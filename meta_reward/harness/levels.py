"""Which levels of the sandbox this machine can do, found out by running a job that tries to get out.

Looking for a binary would not tell: bubblewrap may be installed and not allowed to make namespaces,
and a kernel may have Landlock and not have it switched on. A level counts as available when its
zygote starts and the probe gets nothing that the level denies. `none` is never chosen, only asked for.
"""

import sys
from pathlib import Path
from typing import cast, get_args

from meta_reward.errors import MetaRewardError, UsageError
from meta_reward.harness.budget import Budget
from meta_reward.harness.confinement import Level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.judge.gateway import Answer, Ask, RunTool

LEVELS: tuple[Level, ...] = get_args(Level)
AUTO = "auto"
CHOICES = (AUTO, *LEVELS)
UNCONFINED_WARNING = "sandbox level none: candidates run with all your rights, and could read labels and keys"
_CONFINED: tuple[Level, ...] = ("strict", "locked") if sys.platform == "linux" else ("seatbelt",)
_HOW = (
    "install bubblewrap, or run on Linux 5.13 or later with Landlock; `meta-reward doctor` says what is missing; "
    "--sandbox none goes without, at your own risk"
)
_TRAJECTORY = {"policy": "", "tools": [], "messages": [{"role": "user", "content": "Hello."}]}
_PROBE = '''"""Try to get out, and tell what succeeded."""
import os
import socket

from meta_reward.harness import Reward


def read(): os.close(os.open({file!r}, os.O_RDONLY))
def write(): os.close(os.open("/tmp/meta-reward-probe", os.O_CREAT | os.O_WRONLY))
def connect(): socket.socket().close()
def start(): os.fork() or os._exit(0)
def signal(): os.kill(os.getppid(), 0)


async def reward(trajectory, judge):
    succeeded = []
    for attempt in (read, write, connect{more}):
        try:
            attempt()
        except OSError:
            continue
        succeeded.append(attempt.__name__)
    return Reward(100 if not succeeded else 0, reason=", ".join(succeeded))
'''
_found: dict[Level, str] = {}


async def choose_level(wanted: str = AUTO) -> Level:
    """The level to use: the one that was asked for, else the strictest that works here.

    Raises UsageError where it does not work, or none does.
    """
    if wanted == "none":
        return "none"
    if wanted != AUTO:
        level = cast(Level, wanted)
        if problem := await problem_of(level):
            raise UsageError(f"this machine cannot do sandbox level {level}: {problem}", hint=_HOW)
        return level
    for level in _CONFINED:
        if not await problem_of(level):
            return level
    reasons = "; ".join(f"{level}: {_found[level]}" for level in _CONFINED)
    raise UsageError(f"this machine cannot confine candidates ({reasons})", hint=_HOW)


async def problem_of(level: Level) -> str:
    """Why this machine cannot do a level; empty where it can. Asked once a process."""
    if level not in _found:
        _found[level] = await _probe(level)
    return _found[level]


async def _probe(level: Level) -> str:
    if level != "none" and level not in _CONFINED:
        return f"not on {sys.platform}"
    more = "" if level == "seatbelt" else ", start, signal"
    try:
        async with Sandbox(Budget(), level=level) as sandbox:
            found = await sandbox.score(_PROBE.format(file=str(Path(__file__)), more=more), _TRAJECTORY, _no_judge)
    except (MetaRewardError, OSError) as error:
        return str(error)
    return "" if found.score else f"a candidate could still {found.reason}"


async def _no_judge(ask: Ask, run_tool: RunTool) -> Answer:
    raise AssertionError("the probe asks nothing")
