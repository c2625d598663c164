"""The stock: programs in an order that follows from the seed alone, each brought once, and said to be from a stock."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meta_reward.harness.validate import inspect_source
from meta_reward.offline.reader import simulated_reader
from meta_reward.offline.stock.__main__ import FOLDER, in_order
from meta_reward.propose.registry import make_proposer
from meta_reward.run.proposal import parse_proposal
from meta_reward.run.settings import ProposerSettings
from tests.harness.test_seeds_classify import CLASSIFY, EXAMPLES, ReaderModel, classify

PROGRAMS = sorted(FOLDER.glob("classify/*.py"))


@pytest.fixture
def history(tmp_path: Path) -> Path:
    (tmp_path / "history").mkdir()
    return tmp_path / "history"


def session(history: Path, number: int, *, count: int, seed: int = 0) -> tuple[list[str], str]:
    """One session, in a process as a search starts it; what it brought goes into the history."""
    staging = history.parent / f"staging-{number}"
    staging.mkdir()
    told = {
        "META_REWARD_KIND": "classify",
        "META_REWARD_HISTORY": str(history),
        "META_REWARD_CANDIDATES": str(count),
        "META_REWARD_ITERATION": str(number),
        "META_REWARD_SEED": str(seed),
    }
    command = [sys.executable, "-P", "-m", "meta_reward.offline.stock"]
    ran = subprocess.run(command, cwd=staging, env=os.environ | told, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran
    brought = sorted(path.name for path in staging.iterdir())
    for name in brought:
        shutil.copytree(staging / name, history / "candidates" / f"c{number:04d}-{name}")
    return brought, ran.stdout


def test_every_program_comes_once_and_then_none(history: Path) -> None:
    sessions = [session(history, number, count=5) for number in range(1, 5)]
    assert [len(brought) for brought, _ in sessions] == [5, 5, 2, 0]
    names = [name for brought, _ in sessions for name in brought]
    assert sorted(names) == sorted(path.stem.replace("_", "-") for path in PROGRAMS)
    assert "has 0 programs that this run has not seen; simulated" in sessions[-1][1]


def test_every_program_comes_once_to_a_search_that_shows_none_of_its_candidates(history: Path) -> None:
    brought = []
    for number in range(1, 5):
        brought += session(history, number, count=5)[0]
        shutil.rmtree(history / "candidates", ignore_errors=True)
    assert sorted(brought) == sorted(path.stem.replace("_", "-") for path in PROGRAMS)


def test_the_order_follows_from_the_seed_alone() -> None:
    assert in_order("classify", 1) == in_order("classify", 1) != in_order("classify", 2)
    assert sorted(in_order("classify", 1)) == PROGRAMS


def test_a_program_says_that_it_is_from_a_stock_and_simulated(history: Path) -> None:
    ([name], _) = session(history, 1, count=1)
    text = (history / "candidates" / f"c0001-{name}" / "proposal.md").read_text()
    proposal = parse_proposal(text)
    assert (proposal.parents, proposal.part) == ((), "stock")
    assert "from a stock that was written before any search; simulated" in " ".join(text.split())
    assert proposal.hypothesis


def test_a_kind_without_a_stock_is_one_clear_line(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "meta_reward.offline.stock"]
    environment = os.environ | {"META_REWARD_HISTORY": str(tmp_path), "META_REWARD_KIND": "reward"}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout.count("\n")) == (1, 1)
    assert "has no programs for kind reward" in ran.stdout


def test_it_is_a_proposer_by_that_name() -> None:
    make_proposer(ProposerSettings(spec="stock")).check()


def test_there_are_at_most_twelve() -> None:
    assert 0 < len(PROGRAMS) <= 12


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_of_the_stock_is_valid_says_what_it_does_and_gives_a_label(path: Path) -> None:
    source = path.read_text()
    assert inspect_source(source, program=CLASSIFY).findings == ()
    assert "Risk: " in source.split('"""')[1]
    label = classify(path, "My tap drips and drips.", ReaderModel(simulated_reader(noise=0)))
    assert label in {example.label for example in EXAMPLES}
