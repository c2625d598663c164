"""Fresh worlds for benchmarks: Skyways with other customers, cases and agents, and a finished search on each."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from meta_reward.offline.skyways import build
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


def in_world(
    seed: int,
    judge: str,
    tasks: int,
    iterations: int,
    then: Callable[[Search], Coroutine[Any, Any, T]],
    *,
    requested: Mapping[str, Any] | None = None,
) -> T:
    """What `then` finds in a search with the defaults of `make search`, finished in a world of its own.

    requested: settings of the run that differ from the defaults.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["META_REWARD_CACHE"] = str(folder / "cache")
        build(folder / "tasks" / "world", name="world", tasks=tasks, seed=seed)

        async def work() -> T:
            own = {**(requested or {}), "seed": seed, "limits": {"iterations": iterations}}
            return await then(await _searched(folder, judge, own))

        return asyncio.run(work())


async def _searched(folder: Path, judge: str, requested: Mapping[str, Any]) -> Search:
    layout, tasks = Layout(folder / "runs" / "world"), load_task_set(folder / "tasks" / "world")
    await create(layout, requested, tasks, judge=judge, seeds=load_seeds(SEEDS, None))
    search = open_search(layout, Quiet(), taskset=tasks)
    await run_search(search)
    return search
