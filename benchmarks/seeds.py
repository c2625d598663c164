"""Does the search find something that holds? The same search with several seeds, each a fresh run.

    python benchmarks/seeds.py [TASKSET] [SEEDS] [ITERATIONS]

For each seed: baseline and chosen harness on the sealed test split, and how often the baseline was replaced.
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
    print("seed  baseline  chosen  difference              best-of-4: random  baseline  chosen")
    results = []
    for seed in range(int(seeds)):
        with tempfile.TemporaryDirectory() as folder:
            results.append(_search(Path(folder), Path(taskset), seed, iterations))
        print(_line(seed, results[-1]), flush=True)
    for name, side in (("baseline", _baseline), ("chosen", _chosen)):
        shares = [side(result)["scores"]["score"] for result in results]
        spread = statistics.stdev(shares) if len(shares) > 1 else 0.0
        print(f"{name}: mean {statistics.mean(shares):.1%}, standard deviation {spread * 100:.1f} points")
    print(f"the baseline was replaced in {sum(bool(result['tested']) for result in results)} of {seeds} runs")


def _search(folder: Path, taskset: Path, seed: int, iterations: str) -> dict[str, Any]:
    (folder / "seed_harnesses").symlink_to(PROJECT / "seed_harnesses")
    (folder / "tasks").mkdir()
    copy = folder / "tasks" / taskset.name
    subprocess.run(["cp", "-r", str(taskset), str(copy)], check=True)  # openings are counted in the copy
    options = ["--judge", "simulated", "--seed", str(seed), "--iterations", iterations, "--run", "r"]
    _meta_reward(folder, "search", str(copy), *options)
    result: dict[str, Any] = json.loads(_meta_reward(folder, "test", "r", "--json"))
    return result


def _baseline(result: dict[str, Any]) -> Any:
    return result["baseline"]


def _chosen(result: dict[str, Any]) -> Any:
    return result["tested"][0] if result["tested"] else result["baseline"]


def _meta_reward(folder: Path, *arguments: str) -> str:
    environment = os.environ | {"META_REWARD_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def _line(seed: int, result: dict[str, Any]) -> str:
    baseline, chosen = _baseline(result)["scores"], _chosen(result)["scores"]
    found = _chosen(result)["difference"] or {"mean": 0.0, "low": None}
    bounds = "" if found["low"] is None else f"[{found['low'] * 100:+.1f}, {found['high'] * 100:+.1f}]"
    cells = [
        f"{seed:4}",
        f"{baseline['score']:8.1%}",
        f"{chosen['score']:6.1%}",
        f"{found['mean'] * 100:+5.1f} {bounds:16}",
    ]
    picked = [next((b for b in side["best_of_n"] if b["n"] == 4), None) for side in (baseline, chosen)]
    if picked[0] and picked[1]:
        cells.append(f"{picked[0]['random']:15.1%}  {picked[0]['harness']:8.1%}  {picked[1]['harness']:6.1%}")
    return "  ".join(cells)


if __name__ == "__main__":
    main(*sys.argv[1:])
