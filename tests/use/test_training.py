"""A trainer's way through a training run: rewards, steps, refinements between them, and starting again."""

from pathlib import Path

import pytest

from meta_reward.errors import RunInUse, UsageError
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.samples import load_sample_set
from meta_reward.run.stop_reason import load_stop
from meta_reward.search.mpo.policy import UpdateStats
from meta_reward.search.mpo.steps import load_steps
from meta_reward.use.training import TrainingRun
from tests.endpoints import Endpoint
from tests.use.refining import make_training, scripted


def train(layout: Layout, first: int, last: int) -> list[list[float | None]]:
    """The rewards of some steps, as a trainer that begins at the first one gets them."""
    with TrainingRun(layout.root) as run:
        run.begin(first - 1, steps=6)
        given = []
        for step in range(first, last + 1):
            given.append(run.rewards(["Write.", "Write."], [f"Words {step}.", f"GOOD words {step}."], step=step))
            run.end_step(step)
        if last == 6:
            run.finish()
    return given


def test_reward_is_refined_between_steps_and_the_trainer_goes_on_under_the_new_one(tmp_path: Path) -> None:
    with Endpoint(scripted) as endpoint:
        layout = make_training(tmp_path, endpoint)
        rewards = train(layout, 1, 6)
    assert rewards == [[0.4, 0.8], [0.4, 0.8], [0.3, 0.7], [0.3, 0.7], [0.2, 0.6], [0.2, 0.6]]
    assert [step.harness for step in load_steps(layout.steps)] == ["c0001"] * 2 + ["c0002"] * 2 + ["c0003"] * 2
    assert [(row.id, row.parents) for row in load_ledger(layout.ledger)][1:] == [
        ("c0002", ("c0001",)),
        ("c0003", ("c0002",)),
    ]
    samples = load_sample_set(layout.samples_of(2))
    assert (samples.step, samples.harness, {one.reward for one in samples.samples}) == (4, "c0002", {30.0, 70.0})
    assert load_stop(layout).state == "finished"


def test_trainer_that_starts_again_from_an_earlier_step_leaves_the_same_record(tmp_path: Path) -> None:
    with Endpoint(scripted) as endpoint:
        layout = make_training(tmp_path, endpoint)
        train(layout, 1, 3)
        assert load_stop(layout).state == "interrupted"
        rewards = train(layout, 3, 6)
    assert rewards == [[0.3, 0.7], [0.3, 0.7], [0.2, 0.6], [0.2, 0.6]]
    assert [step.step for step in load_steps(layout.steps)] == [1, 2, 3, 4, 5, 6]
    assert len(load_ledger(layout.ledger)) == 3


def test_what_a_step_did_is_noted_once_it_is_known(tmp_path: Path) -> None:
    with Endpoint(scripted) as endpoint:
        layout = make_training(tmp_path, endpoint)
        with TrainingRun(layout.root) as run:
            run.begin(0, steps=6)
            run.rewards(["Write."], ["Words."], step=1)
            run.end_step(1)
            run.describe(1, UpdateStats(1.5, None, {"loss": 0.25}))
            run.describe(2, UpdateStats(9.0))
    (step,) = load_steps(layout.steps)
    assert (step.entropy, step.kl, step.more) == (1.5, None, {"loss": 0.25})


def test_completion_that_is_none_has_no_reward_and_the_others_keep_theirs(tmp_path: Path) -> None:
    with Endpoint(scripted) as endpoint, TrainingRun(make_training(tmp_path, endpoint).root) as run:
        run.begin(0, steps=6)
        said = [[{"role": "nobody", "content": "Words."}], "GOOD words."]
        assert run.rewards(["Write.", "Write."], said, step=1) == [None, 0.8]


def test_run_is_held_by_one_trainer_at_a_time(tmp_path: Path) -> None:
    with Endpoint(scripted) as endpoint:
        layout = make_training(tmp_path, endpoint)
        with TrainingRun(layout.root), pytest.raises(RunInUse, match="essays is in use by process"):
            TrainingRun(layout.root).__enter__()


def test_trainer_with_another_number_of_steps_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(UsageError, match="takes 100 steps, and run essays was made for 6: set max_steps=6")
    with Endpoint(scripted) as endpoint, TrainingRun(make_training(tmp_path, endpoint).root) as run, refused:
        run.begin(0, steps=100)


def test_what_is_no_run_for_a_trainer_is_refused(finished: Path, here: Path) -> None:
    with pytest.raises(UsageError, match="there is no run nowhere"):
        TrainingRun("nowhere")
    with pytest.raises(UsageError, match="run night-1 is a search, and trains no policy"):
        TrainingRun(finished)
