"""A study of optimizers: its arms, the worlds it searches in, and its numbers."""

import random
from pathlib import Path

import pytest

from meta_reward.errors import UsageError
from meta_reward.run.ledger import Row
from meta_reward.run.settings import ProposerSettings
from meta_reward.search.studies.copies import save_copy
from meta_reward.search.studies.optimizer_arms import Arm, arms_of, check_arms
from meta_reward.search.studies.optimizer_numbers import Found, OptimizerSearch, proposals_to_reach, row_of
from meta_reward.tasks.splits import splits_of
from meta_reward.tasks.taskset import TaskSet, load_task_set
from tests.conftest import make_task_set

WRITER = "simulated:writer"


@pytest.fixture
def taskset(tmp_path: Path) -> TaskSet:
    return make_task_set(tmp_path / "tasks" / "small", tasks=20)


def test_levels_are_arms_of_those_optimizers_alone_that_can_be_shown_less() -> None:
    arms = arms_of(["claude:m", "gepa", "best-of-n", "catalog"], ["full", "scores", "model-summaries"], WRITER)
    assert [(arm.name, arm.writer) for arm in arms] == [
        ("claude:m", ""),
        ("claude:m, scores", ""),
        ("claude:m, model-summaries", WRITER),
        ("gepa", WRITER),
        ("best-of-n", WRITER),
        ("catalog", ""),
    ]


@pytest.mark.parametrize(
    ("optimizers", "said"),
    [
        (["gepa"], "there is only one arm"),
        (["gepa", "gepa"], "optimizer gepa is named twice"),
    ],
)
def test_optimizers_that_cannot_be_compared_are_refused(optimizers: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        arms_of(optimizers, (), WRITER)


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        (Arm("gepa", "full"), "proposer gepa asks a model to write, and none is named"),
        (Arm("oracle", "full"), "unknown proposer 'oracle'"),
        (Arm("command:no-such-program", "full"), "no-such-program"),
    ],
)
def test_arm_that_cannot_start_is_refused_before_any_search(arm: Arm, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_arms([arm], ProposerSettings(), None)


def test_writing_model_that_costs_money_wants_a_limit() -> None:
    prices = {"price_input": 1.0, "price_output": 1.0}
    arm = Arm("writer", "none", "openai:scribe@http://127.0.0.1:9/v1")
    with pytest.raises(UsageError, match="costs money, and no limit is set: set one with --max-usd 20"):
        check_arms([arm], ProposerSettings(writer_settings=prices), None)
    check_arms([arm], ProposerSettings(writer_settings=prices), 20.0)


def copy_of(taskset: TaskSet, seed: int, *, null: bool, path: Path) -> TaskSet:
    save_copy(taskset, path, coin=random.Random(f"null {seed}") if null else None)
    return load_task_set(path)


def test_copy_of_a_task_set_has_its_pairs_and_splits(taskset: TaskSet, tmp_path: Path) -> None:
    copy = copy_of(taskset, 0, null=False, path=tmp_path / "copy")
    assert (copy.pairs, splits_of(copy)) == (taskset.pairs, splits_of(taskset))


def test_labels_of_a_null_world_are_drawn_by_the_coin_of_the_seed(taskset: TaskSet, tmp_path: Path) -> None:
    known = {pair.id: (pair.preferred, pair.other) for pair in taskset.pairs}
    copies = [copy_of(taskset, seed, null=True, path=tmp_path / f"{n}") for n, seed in enumerate((0, 0, 1))]
    assert copies[0].pairs == copies[1].pairs != copies[2].pairs
    for copy in copies:
        assert {pair.id: {pair.preferred, pair.other} for pair in copy.pairs} == {id: set(x) for id, x in known.items()}
        swapped = sum((pair.preferred, pair.other) != known[pair.id] for pair in copy.pairs)
        assert 0.3 < swapped / len(known) < 0.7


def rows(*scores: float | None) -> list[Row]:
    """A seed program, then proposals."""
    return [Row(f"c{n}", "x", n, (), "scored", s, None, None, 0, "j", "", "") for n, s in enumerate(scores)]


@pytest.mark.parametrize(
    ("scores", "rival", "proposals"),
    [((0.5, 0.4, None, 0.7, 0.8), 0.7, 3), ((0.5, 0.4), 0.5, 0), ((0.5, 0.4), 0.6, None)],
)
def test_proposals_are_counted_until_the_rival_is_matched(
    scores: tuple[float | None, ...], rival: float, proposals: int | None
) -> None:
    assert proposals_to_reach(rows(*scores), rival) == proposals


def found(seed: int, chosen: float, *, to_match: int | None, sealed: float | None) -> Found:
    """A search on ten tasks of two pairs. sealed: None where its best is the baseline."""
    same = {f"t{n}": [chosen + 0.01 * n] * 2 for n in range(10)}
    gains = {} if sealed is None else {f"t{n}": [sealed + 0.01 * n] * 2 for n in range(10)}
    numbers = (0.5, 0.6, 0.8, 0.3, sealed or 0.0, True, chosen, 0.1, 100.0)
    return Found(OptimizerSearch("gepa", seed, 4, 0, *numbers, to_match), gains, same, {})


def test_row_of_an_optimizer_averages_its_searches() -> None:
    row = row_of([found(0, 0.5, to_match=3, sealed=0.2), found(1, 0.7, to_match=None, sealed=None)])
    assert (row.searches, row.matched, row.to_match, row.gain) == (2, 1, 3, None)
    assert row.chosen.mean == pytest.approx(0.645)
    assert row.sealed is not None
    assert row.sealed.mean == pytest.approx(0.1225)
    assert row.sealed.low is not None
