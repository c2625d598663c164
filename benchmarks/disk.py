"""How much disk a candidate takes: a search on Skyways with, by default, 216 search and 162 validation trajectories.

    python benchmarks/disk.py [ITERATIONS] [ROLLOUTS]

Searches with the simulated judge and prints for every candidate the KB of its folder in `history/`, of its validation
in `sealed/`, and its share of `.git`. Goal: at most 4,500 KB in all.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.fresh_worlds import SEEDS, Quiet
from meta_reward.offline.skyways import build
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.search.create import create, load_seeds
from meta_reward.search.loop import run_search
from meta_reward.search.open import open_search
from meta_reward.tasks.taskset import load_task_set


def main(iterations: str = "4", rollouts: str = "6") -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder / "tasks" / "skyways", rollouts=int(rollouts))
        tasks, layout = load_task_set(folder / "tasks" / "skyways"), Layout(folder / "runs" / "disk")
        requested = {"limits": {"iterations": int(iterations)}}
        asyncio.run(create(layout, requested, tasks, judge="simulated", seeds=load_seeds(SEEDS, None)))
        asyncio.run(run_search(open_search(layout, Quiet(), taskset=tasks)))
        rows = load_ledger(layout.ledger)
        git = _kilobytes(layout.root / ".git") / len(rows)
        print("candidate                history   sealed     .git      all  KB")
        for row in rows:
            parts = [
                _kilobytes(layout.candidate(row.folder)),
                _kilobytes(layout.sealed_evaluation("validation", row.folder)),
                git,
            ]
            print(f"{row.folder:22}{''.join(f'{part:9,.0f}' for part in (*parts, sum(parts)))}")


def _kilobytes(folder: Path) -> float:
    """What the files of a folder take on disk, in blocks."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
