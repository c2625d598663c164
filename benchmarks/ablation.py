"""Which of a harness's six parts carry it? Each put back to the baseline's, one at a time.

    python benchmarks/ablation.py [HARNESS] [TASKSET] [SPLIT] [JUDGE_SEEDS]

Prints the agreement of the harness, of the baseline, and what is lost with each part put back, as a
mean over judge seeds. The harness must follow the six-part convention.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from meta_reward.harness.validate import PARTS
from meta_reward.offline.proposer.source import parse_source, with_parts

PROJECT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-c", "from meta_reward.cli import main; main()", "evaluate"]


def main(
    harness: str = str(PROJECT / "seed_harnesses" / "evidence.py"),
    taskset: str = str(PROJECT / "tasks" / "skyways"),
    split: str = "validation",
    seeds: str = "3",
) -> None:
    """Print the table."""
    whole = parse_source(Path(harness).read_text())
    baseline = parse_source((PROJECT / "seed_harnesses" / "baseline.py").read_text())
    variants = {"whole": with_parts(whole, {}, doc="Whole."), "baseline": with_parts(baseline, {}, doc="Baseline.")}
    variants |= {part: with_parts(whole, {part: baseline}, doc=f"Without its {part}.") for part in PARTS}
    print(f"{harness} on {Path(taskset).name}, split {split}, simulated judge, {seeds} seeds\n")
    reference = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name, source in variants.items():
            path = Path(folder) / f"{name}.py"
            path.write_text(source)
            agreement = sum(_agreement(path, taskset, split, seed) for seed in range(int(seeds))) / int(seeds)
            reference = agreement if name == "whole" else reference
            lost = "" if name == "whole" else f"  {(agreement - reference) * 100:+5.1f}"
            label = name if name in ("whole", "baseline") else f"{name} put back"
            print(f"{label:18} {agreement:6.1%}{lost}", flush=True)


def _agreement(path: Path, taskset: str, split: str, seed: int) -> float:
    options = ["--judge", "simulated", "--split", split, "--seed", str(seed), "--json"]
    done = subprocess.run([*COMMAND, str(path), taskset, *options], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return float(json.loads(done.stdout)["score"])


if __name__ == "__main__":
    main(*sys.argv[1:])
