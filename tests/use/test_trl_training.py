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
from tests.cli.conftest import MetaReward
from tests.conftest import make_task_set
from tests.endpoints import Endpoint
from tests.use.refining import make_training, scripted


def train(layout: Layout, first: int, last: int) -> list[list[float | None]]:
    """The rewards of some steps, as a trainer that begins at the first one gets them."""
    with TrainingRun(layout.root) as run:
        run.begin(first - 1, steps=6)
        given = []
        for step in range(first, last + 1):
            said = [f"Words {step}.", [{"role": "nobody", "content": "Words."}], f"GOOD words {step}."]
            given.append(run.rewards(["Write."] * 3, said, step=step))
            run.end_step(step)
            run.describe(step, UpdateStats(step / 10, None, {"loss": 0.25}))
            run.describe(step + 1, UpdateStats(9.0))
        if last == 6:
            run.finish()
    return given


def test_reward_is_refined_between_steps_and_a_trainer_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    with Endpoint(scripted) as endpoint:
        layout = make_training(tmp_path, endpoint)
        first, stopped, again = train(layout, 1, 3), load_stop(layout).state, train(layout, 3, 6)
    assert first == [[0.4, None, 0.8], [0.4, None, 0.8], [0.3, None, 0.7]]
    assert again == [[0.3, None, 0.7], [0.3, None, 0.7], [0.2, None, 0.6], [0.2, None, 0.6]]
    assert (stopped, load_stop(layout).state) == ("interrupted", "finished")
    steps = load_steps(layout.steps)
    assert [step.step for step in steps] == [1, 2, 3, 4, 5, 6]
    assert [step.harness for step in steps] == ["c0001"] * 2 + ["c0002"] * 2 + ["c0003"] * 2
    assert [(step.entropy, step.kl, step.more["loss"]) for step in steps] == [(n / 10, None, 0.25) for n in range(1, 7)]
    assert [row.parents for row in load_ledger(layout.ledger)] == [(), ("c0001",), ("c0002",)]
    samples = load_sample_set(layout.samples_of(2))
    assert (samples.step, samples.harness, {one.reward for one in samples.samples}) == (4, "c0002", {30.0, 70.0})


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


def test_command_makes_a_run_for_a_trainer_and_says_how_it_goes_on(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=3, rollouts=2)
    ran = meta_reward("mpo", "small", "--policy", "trl", "--judge", "simulated", "--steps", 4, "--run", "t")
    told = 'runs/t is trained with reward_funcs=RefinedReward("runs/t"), see docs/training.md\n'
    assert (ran.code, ran.out) == (0, told)
    assert TrainingRun("t").settings.steps == 4
    assert meta_reward("mpo", "t").out.endswith("see docs/training.md\n")
