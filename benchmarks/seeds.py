"""Does the search find something that holds? The same search with several seeds, each a fresh run.

    python benchmarks/seeds.py [TASKSET] [SEEDS] [ITERATIONS]

For each seed: baseline and chosen harness on the sealed test split, and how often the gate accepted.
Then their means and spread over seeds. Runs the command line as a user would, in a temporary folder.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-c", "from meta_reward.cli import main; main()"]


def main(taskset: str = str(PROJECT / "tasks" / "skyways"), seeds: str = "10", iterations: str = "8") -> None:
    """Print a line a seed, then the summary."""
    print(f"{Path(taskset).name}, simulated judge, {iterations} iterations\n")
    print("seed  baseline  chosen  difference         accepted  best-of-4: random  baseline  chosen")
    results = []
    for seed in range(int(seeds)):
        with tempfile.TemporaryDirectory() as folder:
            results.append(_search(Path(folder), Path(taskset), seed, iterations))
        print(_line(seed, results[-1]), flush=True)
    for name in ("baseline", "chosen"):
        shares = [result["test"][name]["agreement"] for result in results]
        spread = statistics.stdev(shares) if len(shares) > 1 else 0.0
        print(f"{name}: mean {statistics.mean(shares):.1%}, standard deviation {spread * 100:.1f} points")
    replaced = sum(result["accepted"] > 0 for result in results)
    print(f"the gate accepted {sum(r['accepted'] for r in results)} candidates in all, in {replaced} of {seeds} runs")


def _search(folder: Path, taskset: Path, seed: int, iterations: str) -> dict[str, Any]:
    (folder / "seed_harnesses").symlink_to(PROJECT / "seed_harnesses")
    (folder / "tasks").mkdir()
    copy = folder / "tasks" / taskset.name
    subprocess.run(["cp", "-r", str(taskset), str(copy)], check=True)  # openings are counted in the copy
    options = ["--judge", "simulated", "--seed", str(seed), "--iterations", iterations, "--run", "r"]
    _meta_reward(folder, "search", str(copy), *options)
    status = json.loads(_meta_reward(folder, "status", "r", "--json"))
    accepted = sum(candidate["accepted"] for candidate in status["candidates"])
    return {"test": json.loads(_meta_reward(folder, "test", "r", "--json")), "accepted": accepted}


def _meta_reward(folder: Path, *arguments: str) -> str:
    environment = os.environ | {"META_REWARD_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def _line(seed: int, result: dict[str, Any]) -> str:
    baseline, chosen, difference = (result["test"][key] for key in ("baseline", "chosen", "difference"))
    bounds = "" if difference["low"] is None else f"[{difference['low'] * 100:+.1f}, {difference['high'] * 100:+.1f}]"
    cells = [
        f"{seed:4}",
        f"{baseline['agreement']:8.1%}",
        f"{chosen['agreement']:6.1%}",
        f"{difference['mean'] * 100:+5.1f} {bounds:14}",
        f"{result['accepted']:6}",
    ]
    picked = [next((b for b in side["best_of_n"] if b["n"] == 4), None) for side in (baseline, chosen)]
    if picked[0] and picked[1]:
        cells.append(f"{picked[0]['random']:15.1%}  {picked[0]['harness']:8.1%}  {picked[1]['harness']:6.1%}")
    return "  ".join(cells)


if __name__ == "__main__":
    main(*sys.argv[1:])
