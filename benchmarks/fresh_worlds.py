"""Fresh worlds for benchmarks: Skyways with other customers, cases and agents, and a finished search on each."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from meta_reward.offline.skyways import build
from meta_reward.run.create import Seed
from meta_reward.run.layout import Layout
from meta_reward.search.context import Search
from meta_reward.search.create import create, load_seeds
from meta_reward.search.loop import run_search
from meta_reward.search.open import open_search
from meta_reward.tasks.taskset import load_task_set

SEEDS = Path(__file__).parents[1] / "seed_harnesses"

T = TypeVar("T")


class Quiet:
    """Shows nothing."""

    def evaluation(self, *_: object) -> None: ...

    def result(self, *_: object) -> None: ...

    def note(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Other:
    """What differs from the defaults of `make search`."""

    rollouts: int = 8
    proposer: Mapping[str, object] = field(default_factory=dict)
    seeds: Sequence[Seed] = ()


def in_world(
    seed: int,
    judge: str,
    tasks: int,
    iterations: int,
    then: Callable[[Search], Coroutine[Any, Any, T]],
    other: Other | None = None,
) -> T:
    """What `then` finds in a search with the defaults of `make search`, finished in a world of its own."""
    other = other or Other()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["META_REWARD_CACHE"] = str(folder / "cache")
        build(folder / "tasks" / "world", name="world", tasks=tasks, rollouts=other.rollouts, seed=seed)

        async def work() -> T:
            return await then(await _searched(folder, seed, judge, iterations, other))

        return asyncio.run(work())


async def _searched(folder: Path, seed: int, judge: str, iterations: int, other: Other) -> Search:
    layout, tasks = Layout(folder / "runs" / "world"), load_task_set(folder / "tasks" / "world")
    requested = {"seed": seed, "limits": {"iterations": iterations}, "proposer": dict(other.proposer)}
    await create(layout, requested, tasks, judge=judge, seeds=other.seeds or load_seeds(SEEDS, None))
    search = open_search(layout, Quiet(), taskset=tasks)
    await run_search(search)
    return search
