"""Worlds for benchmarks of learned rewards: each has a desk of its own, a search for its reward, and customers.

Everything is made by the commands that a user would type, in a folder for each world. What is there is not made again,
so a benchmark that was stopped goes on.
"""

import argparse
import os
import subprocess
import sys
import tempfile
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


def arguments() -> argparse.ArgumentParser:
    """The arguments that all of these benchmarks take."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--first", type=int, default=5000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "stress-worlds")
    parser.add_argument("--jobs", type=int, default=2, help="worlds at a time")
    parser.add_argument("--tasks", type=int, default=60, help="of the desk that the reward is learned from")
    parser.add_argument("--iterations", type=int, default=6, help="of the search for the reward")
    return parser


def in_worlds(given: argparse.Namespace, work: Callable[[World], _T]) -> Iterator[tuple[World, _T]]:
    """What the work finds in each world, in their order, so many at a time."""
    worlds = [World(given.folder / str(seed), seed) for seed in range(given.first, given.first + given.worlds)]
    with ThreadPoolExecutor(given.jobs) as pool:
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
