"""The stock of agents: at most twelve, each of them one that the validator reads without a finding."""

from pathlib import Path

import pytest

from meta_reward.harness.validate import inspect_source
from meta_reward.kinds.registry import KINDS
from meta_reward.offline.stock.__main__ import FOLDER, doc_of
from meta_reward.shipped import seeds
from meta_reward.tasks.agents import load_agent_set
from tests.conftest import PROJECT

STOCK = sorted(FOLDER.glob("agent/*.py"))
SEEDS = sorted((seeds() / "agent").glob("*.py"))


def test_there_are_at_most_twelve_and_none_is_a_seed() -> None:
    sources = [path.read_text() for path in (*STOCK, *SEEDS)]
    assert (len(STOCK), len(SEEDS)) == (12, 3)
    assert len(set(sources)) == 15


@pytest.mark.parametrize("path", [*STOCK, *SEEDS], ids=lambda path: path.stem)
def test_program_holds_nothing_that_the_validator_refuses(path: Path) -> None:
    kind, taskset = KINDS["agent"], load_agent_set(PROJECT / "tasks" / "frontdesk")
    cases = kind.cases(taskset, taskset.tasks, [])
    report = inspect_source(path.read_text(), cases=cases, program=kind.program)
    assert report.findings == ()
    assert doc_of(path.read_text())
