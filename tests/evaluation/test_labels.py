"""Verdicts against labels: TPR, TNR and kappa, with tasks as the unit."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.evaluation.labels import LabelMetrics, against_labels
from meta_reward.trajectory import Rollout
from tests.conftest import make_trajectory


def measured(cases: list[tuple[str, int | None, float | None]]) -> LabelMetrics | None:
    """cases: task, label, reward."""
    rollouts = [Rollout(f"r{n}", task, make_trajectory(), label) for n, (task, label, _) in enumerate(cases)]
    return against_labels(rollouts, {f"r{n}": reward for n, (*_, reward) in enumerate(cases)})


def table(yes_yes: int, yes_no: int, no_yes: int, no_no: int) -> LabelMetrics:
    """From counts of label and verdict."""
    kinds = [(1, 80.0)] * yes_yes + [(1, 20.0)] * yes_no + [(0, 80.0)] * no_yes + [(0, 20.0)] * no_no
    found = measured([(f"t{n % 10}", label, reward) for n, (label, reward) in enumerate(kinds)])
    assert found is not None
    return found


def test_rates_and_kappa_of_the_textbook_table() -> None:
    found = table(20, 5, 10, 15)  # kappa 0.4, Wikipedia's first example
    assert found.tpr is not None
    assert found.tnr is not None
    assert found.kappa is not None
    means = (found.accuracy.mean, found.tpr.mean, found.tnr.mean, found.kappa.mean)
    assert means == pytest.approx((0.7, 0.8, 0.6, 0.4))
    assert found.kappa.low is not None
    assert found.kappa.low < 0.4


def test_missing_reward_counts_as_judged_wrongly() -> None:
    found = measured([("a", 1, None), ("b", 0, None), ("c", 1, 50.0), ("d", 0, 49.0)])
    assert found is not None
    assert found.tpr is not None
    assert found.tnr is not None
    assert (found.tpr.mean, found.tnr.mean, found.trajectories, found.successes) == (0.5, 0.5, 4, 2)


def test_without_labels_there_is_nothing_to_tell() -> None:
    assert measured([("a", None, 50.0)]) is None


def test_one_kind_of_label_has_no_rate_of_the_other() -> None:
    found = measured([("a", 1, 90.0), ("b", 1, 90.0)])
    assert found is not None
    assert (found.tnr, found.kappa) == (None, None)


@given(st.lists(st.tuples(st.sampled_from("abcdefghij"), st.sampled_from([0, 1]), st.floats(0, 100)), min_size=1))
def test_kappa_is_that_of_its_definition(cases: list[tuple[str, int, float]]) -> None:
    found = measured([*cases])
    assert found is not None
    said, labels = [reward >= 50 for *_, reward in cases], [label == 1 for _, label, _ in cases]
    n = len(cases)
    chance = sum(labels) * sum(said) / n**2 + (n - sum(labels)) * (n - sum(said)) / n**2
    if found.kappa is not None:
        assert found.kappa.mean == pytest.approx((found.accuracy.mean - chance) / (1 - chance), abs=1e-9)


def test_interval_of_kappa_covers_it_about_as_often_as_it_says() -> None:
    """Independent verdicts that are right with chance 0.8, labels even: kappa is 0.6."""
    chance, covered = random.Random(0), 0
    for _ in range(200):
        cases: list[tuple[str, int | None, float | None]] = []
        for task in range(30):
            for _ in range(4):
                label = chance.randrange(2)
                said = label if chance.random() < 0.8 else 1 - label
                cases.append((f"t{task}", label, 100.0 * said))
        found = measured(cases)
        assert found is not None
        assert found.kappa is not None
        covered += (found.kappa.low or 1) <= 0.6 <= (found.kappa.high or 0)
    assert 180 <= covered <= 199
