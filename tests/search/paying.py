"""A search with a judge that takes money, as a process of its own that can be killed.

    python -m tests.search.paying FOLDER

The judge notes each call in FOLDER/asked.jsonl the moment it arrives: what a provider would bill.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from meta_reward.completion import Completion, Request
from meta_reward.search.loop import run_search
from tests.conftest import WordJudge, make_task_set
from tests.search.conftest import World, WritingProposer, harness, proposal


@dataclass(slots=True)
class PaidJudge(WordJudge):
    """Takes its time, and notes every call."""

    bill: Path = Path("asked.jsonl")

    async def complete(self, request: Request, *, draw: int) -> Completion:
        completion = await WordJudge.complete(self, request, draw=draw)
        line = {"question": request.messages[0].content, "usd": self.cost_usd(completion.usage)}
        with self.bill.open("a") as file:
            file.write(json.dumps(line) + "\n")
        await asyncio.sleep(0.04)
        return completion


def paying_world(folder: Path) -> World:
    """The world of a folder, made on first sight."""
    from meta_reward.run.create import Seed
    from meta_reward.tasks.taskset import load_task_set

    tasks = folder / "tasks" / "small"
    taskset = load_task_set(tasks) if tasks.exists() else make_task_set(tasks, tasks=12)
    proposer = WritingProposer({1: {"better": (harness("Look closely."), proposal("c0001"))}})
    judge = PaidJudge(lambda prompt, draw: "90" if "GOOD" in prompt else "10", bill=folder / "asked.jsonl")
    return World(folder, judge, proposer, [Seed("baseline", harness("Rate this run."))], taskset)


if __name__ == "__main__":
    world = paying_world(Path(sys.argv[1]))
    if not world.layout.config.exists():
        world.create(limits={"iterations": 1})
    asyncio.run(run_search(world.open()))
