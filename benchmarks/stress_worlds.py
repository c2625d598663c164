"""Worlds for benchmarks of learned rewards: each has a desk of its own, a search for its reward, and customers.

Everything is made by the commands that a user would type, in a folder for each world. What is there is not made again,
so a benchmark that was stopped goes on.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from meta_reward.evaluation.statistics import Interval, difference_interval

MODEL = ("--judge", "simulated:agent")
REWARD = "reward"
_PROGRAM = "from meta_reward.cli import main; main()"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class World:
    """A folder with task sets and runs."""

    folder: Path
    seed: int

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    def run(self, *command: object) -> None:
        """Run `meta-reward` there. Raises CalledProcessError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"META_REWARD_CACHE": str(self.folder.resolve() / "cache")}
        with (self.folder / "log.txt").open("ab") as log:
            program = [sys.executable, "-c", _PROGRAM, *map(str, command)]
            subprocess.run(program, cwd=self.folder, env=environment, check=True, stdout=log, stderr=log)

    def build(self, world: str, name: str, tasks: int) -> None:
        """Make a task set of it."""
        if not (self.folder / "tasks" / name).exists():
            self.run("tasks", "build", world, "--tasks", tasks, "--seed", self.seed, "--name", name)

    def search_reward(self, tasks: int, iterations: int) -> None:
        """Search the reward of this world, on customers of a desk of its own."""
        self.build("skyways", "fresh", tasks)
        if not (self.runs / REWARD / "decision.json").exists():
            options = ("--judge", "simulated", "--iterations", iterations, "--seed", self.seed, "--run", REWARD)
            self.run("search", "fresh", *options)


def in_worlds(folder: Path, seeds: range, jobs: int, work: Callable[[World], _T]) -> Iterator[tuple[World, _T]]:
    """What the work finds in each world, in their order, so many at a time."""
    worlds = [World(folder / str(seed), seed) for seed in seeds]
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip(worlds, pool.map(work, worlds), strict=True)


def over_worlds(values: list[float]) -> Interval:
    """The mean over worlds with its 95% interval."""
    found = difference_interval({str(number): [value] for number, value in enumerate(values)})
    assert found is not None
    return found


def points(values: list[float]) -> str:
    """The mean over worlds in points, with its interval."""
    found = over_worlds(values)
    if found.low is None or found.high is None:
        return f"{found.mean * 100:+.1f}"
    return f"{found.mean * 100:+.1f} [{found.low * 100:+.1f}, {found.high * 100:+.1f}]"
