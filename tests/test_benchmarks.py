"""Benchmarks that nobody runs for a while still run."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("commits.py 12 2", "ratio: "),
        ("disk.py 0 2", "c0003-policy"),
        ("status.py 3", "    3 candidates: "),
        ("pages.py 6 32 8", "8 candidates: first page in "),
        ("labelling.py --worlds 1 --tasks 15 --iterations 1 --seeds 3", "  label --run"),
        ("evaluate.py 8", "rewards known: "),
        ("predictions.py 8", "from the cache of outputs"),
        ("agents.py 4", "4 runs of 12 turns, "),
        ("scoring.py 8 4", "score/evaluate: "),
        ("judging.py 8 4", "evaluate/bare"),
        ("importing.py 40 3", "read as a stream: "),
        ("retrieval.py 200", "     200 "),
        ("duplicates.py --plants 40", "exact           40 of 40"),
        ("gate_null.py --runs 24 --skewed 24", "skewed null, 24 searches"),
        ("gate_power.py --runs 2", "one of three finalists passes"),
        ("searches.py --worlds 1 --tasks 15 --iterations 1", "new - old gate: "),
        ("serving.py 12 4 1", "serve/score: "),
        ("controls.py --worlds 1 --tasks 15 --iterations 1", "chosen - learned: "),
        ("mechanism.py --worlds 1 --tasks 15 --iterations 1", "with - without: "),
        ("coverage.py --runs 3", "rare disasters, uneven"),
        ("mpo.py FOLDER --world desk --seeds 1 --steps 2 --every 1 --tasks 12 --jobs 1", "gate - baseline: official "),
        ("audit.py --worlds 1", "writes that are wrong"),
        (
            "stress.py --worlds 1 --tasks 6 --iterations 0 --updates 1 --draws 1 --failures 1 --folder FOLDER",
            "exploits      of 40 work: ",
        ),
        ("few_labels.py --worlds 1 --tasks 6 --iterations 1 --labels 2 --folder FOLDER", "baseline replaced"),
        ("audit_judged.py --worlds 1", "audit as tool - no checks: "),
    ],
)
def test_benchmark_prints_its_table(command: str, says: str, tmp_path: Path) -> None:
    name, *arguments = command.replace("FOLDER", str(tmp_path)).split()
    program = [sys.executable, str(PROJECT / "benchmarks" / name), *arguments]
    assert says in subprocess.run(program, capture_output=True, text=True, check=True, timeout=100).stdout
