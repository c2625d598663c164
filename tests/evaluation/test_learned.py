"""The learned control: a linear model of words and tool calls that is trained on pairs."""

import pytest

from meta_reward.errors import UsageError
from meta_reward.evaluation.learned import learned_rewards
from meta_reward.evaluation.metrics import mean_interval, outcomes
from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.trajectory import Message, Rollout, ToolCall, Trajectory
from tests.conftest import make_rollouts


def agreement(training: list[Rollout], sealed: list[Rollout]) -> float:
    rewards = learned_rewards({r.id: r for r in training}, pairs_from_labels(training), sealed)
    found = [pair.outcome for pair in outcomes(pairs_from_labels(sealed), rewards)]
    return mean_interval(found).mean


def test_words_that_go_with_the_preferred_side_carry_over_to_other_tasks() -> None:
    rollouts = make_rollouts(tasks=12)
    training = [r for r in rollouts if r.task <= "t06"]
    assert agreement(training, [r for r in rollouts if r.task > "t06"]) == 1.0


def rollout(task: int, *, refunds: bool) -> Rollout:
    call = ToolCall("1", "refund" if refunds else "look", {})
    messages = (
        Message("assistant", "", (call,)),
        Message("tool", "ok", tool_call_id="1"),
        Message("assistant", "Done."),
    )
    name = f"t{task}-{'a' if refunds else 'b'}"
    return Rollout(name, f"t{task}", Trajectory(policy="", tools=(), messages=messages), int(not refunds))


def test_tool_calls_tell_where_the_words_are_the_same() -> None:
    rollouts = [rollout(task, refunds=refunds) for task in range(10) for refunds in (True, False)]
    assert agreement(rollouts[:12], rollouts[12:]) == 1.0


def test_what_says_nothing_is_a_tie() -> None:
    nothing = Trajectory("", (), (Message("user", "Hi."),))
    silent = [Rollout(f"t{n}-{side}", f"t{n}", nothing, side) for n in range(4) for side in (0, 1)]
    assert agreement(silent[:4], silent[4:]) == 0.5


def test_single_task_is_enough_to_train_on() -> None:
    rollouts = make_rollouts(tasks=2)
    assert agreement(rollouts[:4], rollouts[4:]) == 1.0


def test_same_pairs_give_the_same_scores() -> None:
    rollouts = make_rollouts(tasks=8)
    once, again = (
        learned_rewards({r.id: r for r in rollouts}, pairs_from_labels(rollouts), rollouts) for _ in range(2)
    )
    assert once == again


def test_without_pairs_there_is_nothing_to_learn() -> None:
    with pytest.raises(UsageError, match="no pairs to train"):
        learned_rewards({}, [], [])
