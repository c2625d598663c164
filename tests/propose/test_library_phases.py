"""Which library a search goes on from, read off the record of its candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from meta_reward import files
from meta_reward.errors import ProposerError
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.propose.library.entries import SKILL, Entry, Library, make_library
from meta_reward.propose.library.phases import State, divide_tasks, state_of
from meta_reward.propose.library.source import render_library
from meta_reward.propose.optimizers.evidence import Tried
from meta_reward.run.ledger import Row
from tests.conftest import ASKING_HARNESS

TASKS = [f"t{number:02d}" for number in range(10)]
PARTS = divide_tasks(TASKS, seed=0)


def library(*names: str) -> Library:
    return make_library("", [Entry(SKILL, name, "Always.", f"Mind {name}.", "always") for name in names])


def tried(folder: Path, id: str, iteration: int, of: Library | None, won: Sequence[str] | None) -> Tried:
    """A candidate that wins the pairs of some tasks; None for one that was refused."""
    if won is not None:
        pairs = [_pair(task, 1.0 if task in won else 0.0) for task in TASKS]
        files.write_lines(folder / id / "pairs.jsonl", (asdict(pair) for pair in pairs))
    score = None if won is None else len(won) / len(TASKS)
    status = "rejected" if won is None else "scored"
    row = Row(id, "x", iteration, (), status, score, None, None, 0, "simulated", "", "")
    return Tried(id, folder / id, ASKING_HARNESS if of is None else render_library(of), row)


def _pair(task: str, score: float) -> PairOutcome:
    return PairOutcome(f"{task}-p1", task, (), f"{task}-r1", f"{task}-r2", 60.0, 60.0, 0.0, score)


def outcomes(state: State) -> Mapping[str, str]:
    return {step.id: step.outcome for step in state.steps}


def test_tasks_are_divided_60_to_40_and_the_same_way_again() -> None:
    assert [len(PARTS.evolution), len(PARTS.holdout)] == [6, 4]
    assert sorted(PARTS.evolution + PARTS.holdout) == TASKS
    assert divide_tasks(TASKS[::-1], seed=0) == PARTS
    assert divide_tasks(TASKS, seed=1) != PARTS


def test_edit_that_is_worse_on_the_holdout_is_rolled_back_and_the_best_of_the_others_kept(tmp_path: Path) -> None:
    evolution, holdout = PARTS.evolution, PARTS.holdout
    begun = [
        tried(tmp_path, "c0001", 0, None, evolution),
        tried(tmp_path, "c0002", 0, library("a"), [*evolution[:2], *holdout[:2]]),
    ]
    first = [
        tried(tmp_path, "c0003", 1, library("a", "b"), [*evolution, holdout[0]]),
        tried(tmp_path, "c0004", 1, library("a", "c"), [*evolution[:3], *holdout[:2]]),
        tried(tmp_path, "c0005", 1, library("a", "d"), [*evolution[:4], *holdout[:2]]),
        tried(tmp_path, "c0006", 1, library("a", "e"), [*evolution[:2], *holdout]),
        tried(tmp_path, "c0007", 1, library("a", "f"), None),
    ]
    state = state_of([*begun, *first], 0)
    assert outcomes(state) == {
        "c0003": "rolled back",
        "c0004": "passed over",
        "c0005": "kept",
        "c0006": "passed over",
        "c0007": "refused",
    }
    assert (state.start.id, state.library, state.steps[0].start) == ("c0005", library("a", "d"), "c0002")


def test_pruning_takes_one_entry_that_search_can_spare_and_never_two(tmp_path: Path) -> None:
    whole = library("a", "b", "c")
    begun = [tried(tmp_path, "c0001", 0, whole, TASKS[:6])]
    assert state_of(begun, 0).phase(3) == "pruning"
    pruned = [
        tried(tmp_path, "c0002", 3, library("b", "c"), TASKS[:6]),
        tried(tmp_path, "c0003", 3, library("a", "c"), TASKS[:7]),
        tried(tmp_path, "c0004", 3, library("a", "b"), TASKS[:5]),
    ]
    state = state_of([*begun, *pruned], 0)
    assert outcomes(state) == {"c0002": "passed over", "c0003": "pruned", "c0004": "needed"}
    assert (state.start.id, state.library.names(), state.prunable()) == ("c0003", {"a", "c"}, {"a", "c"})


def test_what_was_left_out_before_is_not_left_out_again(tmp_path: Path) -> None:
    begun = [tried(tmp_path, "c0001", 0, library("a", "b"), TASKS[:6])]
    left = [tried(tmp_path, f"c000{n}", 3, library(name), TASKS[:1]) for n, name in ((2, "a"), (3, "b"))]
    state = state_of([*begun, *left], 0)
    assert (state.prunable(), state.phase(6)) == (set(), "skills")


def test_run_without_a_library_says_how_to_begin_with_one(tmp_path: Path) -> None:
    with pytest.raises(ProposerError, match="begin with --seeds seed_harnesses/library"):
        state_of([tried(tmp_path, "c0001", 0, None, TASKS)], 0)


def test_run_whose_library_failed_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProposerError, match="c0001, the library that this run began with, has no result on search"):
        state_of([tried(tmp_path, "c0001", 0, library("one"), None)], 0)
