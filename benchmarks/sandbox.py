"""What confinement costs: 300 trajectories at each level of the sandbox, with a judge and without.

    python benchmarks/sandbox.py [TRAJECTORIES] [REPEATS]

With a judge: three calls of 50 ms each, 32 trajectories at once. Levels take turns, so that whatever
else the machine does meets them alike. Prints medians, the ratio to `none` (goal: at most 1.10), and
trajectories a second without a judge.
"""

import asyncio
import statistics
import sys
import time
from pathlib import Path

from meta_reward.harness.budget import Budget
from meta_reward.harness.level import Level
from meta_reward.harness.levels import problem_of
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.session import Answer, Ask, RunTool
from meta_reward.tasks.taskset import load_task_set
from meta_reward.trajectory import trajectory_to_json

PROJECT = Path(__file__).parents[1]
CONCURRENCY, CALLS, CALL_S = 32, 3, 0.05
LEVELS: tuple[Level, ...] = ("none", "locked", "strict")
HARNESS = """
async def reward(trajectory, judge):
    for n in range({calls}):
        await judge.ask(f"Question {{n}}. " + trajectory.transcript())
    return 50
"""


def main(trajectories: int = 300, repeats: int = 7) -> None:
    """Print the table."""
    levels = [level for level in LEVELS if level == "none" or not asyncio.run(problem_of(level))]
    sent = [trajectory_to_json(r.trajectory) for r in load_task_set(PROJECT / "tasks" / "skyways").rollouts.values()]
    sent = (sent * (trajectories // len(sent) + 1))[:trajectories]
    with_judge, alone = (_measure(levels, sent, calls, repeats) for calls in (CALLS, 0))
    print(f"{trajectories} trajectories, {CONCURRENCY} at once, median of {repeats} rounds in which levels take turns")
    print(f"         {CALLS} calls of {1000 * CALL_S:.0f} ms   over none    without a judge")
    for level in levels:
        ratio = statistics.median(a / b for a, b in zip(with_judge[level], with_judge["none"], strict=True))
        seconds, bare = statistics.median(with_judge[level]), statistics.median(alone[level])
        print(f"{level:7} {seconds:10.2f} s {ratio:14.2f} {trajectories / bare:12.0f} a second")
    print("goal: strict over none at most 1.10")


def _measure(levels: list[Level], sent: list[dict[str, object]], calls: int, repeats: int) -> dict[Level, list[float]]:
    """Seconds by level, a round after the other."""
    source = HARNESS.format(calls=calls)
    seconds: dict[Level, list[float]] = {level: [] for level in levels}
    for number in range(repeats):
        for level in levels if number % 2 else reversed(levels):
            seconds[level].append(asyncio.run(_time(level, source, sent)))
    return seconds


async def _time(level: Level, source: str, sent: list[dict[str, object]]) -> float:
    places = asyncio.Semaphore(CONCURRENCY)
    async with Sandbox(Budget(), level=level) as sandbox:

        async def one(trajectory: dict[str, object]) -> None:
            async with places:
                await sandbox.score(source, trajectory, _answer)

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for trajectory in sent:
                group.create_task(one(trajectory))
        return time.perf_counter() - began


async def _answer(ask: Ask, run_tool: RunTool) -> Answer:
    await asyncio.sleep(CALL_S)
    return Answer("50", "end")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
