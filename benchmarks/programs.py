"""What programs of another kind than the reward reach on sealed tasks: the seeds, and what a search over a stock chose.

    python benchmarks/programs.py TASKSET ... [--model SPEC ...] [--seeds 5] [--jobs 2] [--keep FOLDER]

For each task set and seed a search with the proposer `stock` is made under the first model, and its chosen program and
every seed program are evaluated on the test split under every model. Prints a table a model: accuracy, the mean over
the seeds with the least and the most, and characters of context; in the order in which they come out. With several task
sets, also what the programs chosen on the first reach on the others, beside those chosen there. Proposer and model are
simulated: nothing is found here, programs are picked from a stock.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meta_reward import shipped
from meta_reward.kinds.registry import kind_of, load_any_task_set

CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Reached:
    """A program on the test split of a task set."""

    program: str
    taskset: str
    model: str
    accuracy: float
    context: float


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tasksets", nargs="+", type=Path)
    parser.add_argument("--model", action="append", help="The first is searched under.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", type=Path, help="Where runs stay, to go on from.")
    given = parser.parse_args()
    tasksets = [path.resolve() for path in given.tasksets]
    kind = kind_of(load_any_task_set(tasksets[0]))
    models = given.model or [kind.simulated]
    programs = sorted((shipped.seeds() / kind.seeds).glob("*.py"), key=lambda path: path.stem != "baseline")
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        jobs = [(path, seed) for path in tasksets for seed in range(given.seeds)]
        with ThreadPoolExecutor(given.jobs) as pool:
            found = list(pool.map(lambda job: _measure(job[0], job[1], folder, models, programs, tasksets), jobs))
    every = [one for part in found for one in part]
    print(f"kind {kind.name}, proposer stock, searched under {models[0]}, {given.seeds} seeds; test split, simulated\n")
    for model in models:
        _print_table([one for one in every if one.model == model], model, tasksets)


def _measure(
    taskset: Path, seed: int, folder: Path, models: Sequence[str], programs: Sequence[Path], tasksets: Sequence[Path]
) -> list[Reached]:
    """What the seed programs, and the one that a search chose, reach under each model."""
    run = folder / f"{taskset.name}-{seed}"
    _command("search", taskset, "--run", run, "--seed", seed, "--model", models[0], "--proposer", "stock")
    best, found = run / "harness.py", []
    for model in models:
        found += [_evaluate(path.stem, path, taskset, model, seed) for path in programs]
        found.append(_evaluate(CHOSEN, best, taskset, model, seed))
        if taskset == tasksets[0]:
            source = f"chosen on {taskset.name}"
            found += [_evaluate(source, best, other, model, seed) for other in tasksets[1:]]
    print(f"{taskset.name}, seed {seed}: done", file=sys.stderr, flush=True)
    return found


def _evaluate(name: str, program: Path, taskset: Path, model: str, seed: int) -> Reached:
    told = _command("evaluate", program, taskset, "--split", "test", "--model", model, "--seed", seed, "--json")
    scores: dict[str, Any] = json.loads(told)
    return Reached(name, taskset.name, model, scores["score"], scores["context"]["mean_chars"])


def _command(*arguments: object) -> str:
    command = [sys.executable, "-c", "from meta_reward.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


def _print_table(found: Sequence[Reached], model: str, tasksets: Sequence[Path]) -> None:
    cells: dict[tuple[str, str], list[Reached]] = defaultdict(list)
    for one in found:
        cells[one.program, one.taskset].append(one)
    print(f"under {model}\n{'program':24}" + "".join(f"{path.name:>34}" for path in tasksets))
    names = sorted({name for name, _ in cells}, key=lambda name: _mean(cells, name, tasksets[-1].name))
    for name in names:
        print(f"{name:24}" + "".join(f"{_cell(cells.get((name, path.name), [])):>34}" for path in tasksets))
    print()


def _mean(cells: dict[tuple[str, str], list[Reached]], name: str, taskset: str) -> float:
    return statistics.fmean(one.accuracy for one in cells.get((name, taskset), [])) if (name, taskset) in cells else 0.0


def _cell(found: Sequence[Reached]) -> str:
    if not found:
        return "-"
    accuracies = [one.accuracy * 100 for one in found]
    context = statistics.fmean(one.context for one in found)
    return f"{statistics.fmean(accuracies):.1f}% ({min(accuracies):.0f}-{max(accuracies):.0f}) {context:,.0f}"


if __name__ == "__main__":
    main()
