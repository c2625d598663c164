"""What a training is made of: its steps as records, the samples it chooses, and the gate."""

from dataclasses import replace
from pathlib import Path

import pytest

from meta_reward.errors import DataError
from meta_reward.run.ledger import Row
from meta_reward.search.mpo.choose import ALIKE, DISAGREES, HIGHEST, choose_samples
from meta_reward.search.mpo.current import current_of, verdicts
from meta_reward.search.mpo.policy import Sample, UpdateStats
from meta_reward.search.mpo.steps import load_steps, save_steps, step_of
from tests.conftest import make_trajectory


def sample(id: str, *, says: str = "", move: str = "", official: float | None = None) -> Sample:
    return Sample(id, id.partition("-")[0], make_trajectory(says or id), move, official)


def test_step_counts_failures_and_equal_groups_and_leaves_them_out_of_the_means(tmp_path: Path) -> None:
    samples = [sample(f"t{task}-s{n}", move="ab"[n], official=float(n)) for task in (1, 2, 3) for n in (0, 1)]
    step = step_of(4, "c0002", samples, [60.0, 60.0, 10.0, 30.0, None, 50.0], UpdateStats(1.5, 0.25, {"loss": 2.0}))
    assert (step.reward, step.official, step.failed) == (42.0, 0.5, 1)
    assert (step.groups, step.equal_groups, step.variance) == (3, 2, pytest.approx(100 / 3))
    assert (step.moves, step.entropy, step.kl, step.more) == ({"a": 3, "b": 3}, 1.5, 0.25, {"loss": 2.0})
    save_steps(tmp_path / "steps.jsonl", [step])
    assert load_steps(tmp_path / "steps.jsonl") == [step]


def test_step_of_failures_alone_has_no_reward() -> None:
    step = step_of(1, "c0001", [sample("t1-s0"), sample("t1-s1")], [None, None], UpdateStats())
    assert (step.reward, step.official, step.groups, step.equal_groups, step.failed) == (None, None, 0, 0, 2)


def test_damaged_line_of_steps_is_named(tmp_path: Path) -> None:
    (tmp_path / "steps.jsonl").write_text('{"schema": 1, "step": "one"}\n')
    with pytest.raises(DataError, match=r"steps\.jsonl, line 1: Step has no"):
        load_steps(tmp_path / "steps.jsonl")


def test_samples_are_chosen_by_reward_disagreement_and_variance_in_turn() -> None:
    rewards = {"t1-s0": 90.0, "t1-s1": 88.0, "t2-s0": 80.0, "t2-s1": 10.0, "t3-s0": 70.0, "t3-s1": 70.0}
    chosen = choose_samples([sample(id) for id in rewards], rewards, 3)
    assert [(one.id, one.why) for one in chosen] == [("t1-s0", HIGHEST), ("t2-s0", DISAGREES), ("t3-s0", ALIKE)]


def test_no_conversation_is_chosen_twice_and_failures_never() -> None:
    samples = [sample("t1-s0", says="same"), sample("t1-s1", says="same"), sample("t1-s2")]
    chosen = choose_samples(samples, {"t1-s0": 50.0, "t1-s1": 50.0, "t1-s2": None}, 5)
    assert [one.id for one in chosen] == ["t1-s0"]
    assert choose_samples([], {}, 5) == []


def row(number: int, score: float | None) -> Row:
    status = "rejected" if score is None else "scored"
    return Row(f"c{number:04d}", "r", number - 1, (), status, score, None, None, 0, "simulated", "", "")


@pytest.mark.parametrize(
    ("gate", "kept", "current"),
    [("pairs", [False, True, False, True], "c0005"), ("none", [True, True, False, True], "c0005")],
)
def test_gate_keeps_a_refinement_that_is_no_worse_on_the_pairs(gate: str, kept: list[bool], current: str) -> None:
    rows = [row(1, 0.6), row(2, 0.5), row(3, 0.6), row(4, None), row(5, 0.7)]
    assert [one.kept for one in verdicts(rows, gate)] == kept
    assert current_of(rows, gate).id == current
    assert current_of([*rows, replace(row(6, 0.65))], gate).id == ("c0005" if gate == "pairs" else "c0006")
