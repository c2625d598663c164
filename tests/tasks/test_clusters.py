"""Clusters by stated rules: what holds of which pairs, and what counts as a write."""

import pytest

from meta_reward.tasks.clusters import OTHER, RULES, clusters_of, is_handover, is_write, writes_of
from meta_reward.trajectory import Message, Pair, Rollout, ToolCall, Trajectory

CANCEL = ToolCall("1", "cancel_order", {"id": "A1"})
REFUND = ToolCall("2", "issue_refund", {"id": "A1"})
LOOK = ToolCall("3", "get_order", {"id": "A1"})
HAND_OVER = ToolCall("4", "transfer_to_human_agents", {})


def run(*steps: str | ToolCall, failed: tuple[ToolCall, ...] = ()) -> Trajectory:
    """A run of an agent that says texts and makes calls, some of which fail."""
    messages = [Message("user", "Cancel A1, please.")]
    for step in steps:
        if isinstance(step, str):
            messages.append(Message("assistant", step))
        else:
            messages.append(Message("assistant", "", (step,)))
            messages.append(Message("tool", "{}", tool_call_id=step.id, is_error=step in failed))
    return Trajectory("", (), tuple(messages))


def clusters(winner: Trajectory, loser: Trajectory) -> tuple[str, ...]:
    rollouts = {name: Rollout(name, "t1", run) for name, run in (("w", winner), ("l", loser))}
    return clusters_of(Pair("p1", "t1", "w", "l"), rollouts)


ASKED = "Which order do you mean, and why should it be looked at?"
DONE = "Your order A1 has been cancelled."


@pytest.mark.parametrize(
    ("winner", "loser", "expected"),
    [
        (run(ASKED, CANCEL), run(ASKED, CANCEL, REFUND), ("action bias", "state mismatch")),
        (run(ASKED), run("Let me see to that at once, one moment now!", CANCEL), ("action bias",)),
        (run(ASKED, CANCEL), run(ASKED, REFUND), ("state mismatch",)),
        (run(ASKED, CANCEL), run(ASKED), ("state mismatch",)),
        (run(CANCEL, DONE), run(LOOK, DONE), ("state mismatch", "claims without a call")),
        (run(CANCEL, DONE), run(DONE, CANCEL), ("claims without a call",)),
        (run(DONE), run(DONE), (OTHER,)),
        (run(ASKED), run("Unfortunately, I have looked at it and cannot help you here."), ("refusals",)),
        (run(ASKED), run(ASKED, HAND_OVER), ("refusals",)),
        (run(ASKED), run(ASKED, ASKED), ("length",)),
        (run(ASKED, LOOK), run(ASKED, LOOK, failed=(LOOK,)), ("errors",)),
        (run(ASKED, LOOK, failed=(LOOK,)), run(ASKED, LOOK), (OTHER,)),
        (run(ASKED), run(ASKED, CANCEL, failed=(CANCEL,)), ("errors",)),
    ],
)
def test_pair_is_in_every_cluster_whose_rule_holds(
    winner: Trajectory, loser: Trajectory, expected: tuple[str, ...]
) -> None:
    assert clusters(winner, loser) == expected


@pytest.mark.parametrize(
    ("name", "writes"),
    [
        ("book_reservation", True),
        ("updateReservationFlights", True),
        ("shop.orders__cancel", True),
        ("flux-imagegen-server-generateImage", True),
        ("set_bags", True),
        ("add_item", True),
        ("get_order", False),
        ("order_status", False),
        ("searchUpdates", False),
        ("math-server-add", False),
        ("validate_update", False),
        ("transfer_to_human_agents", False),
        ("transfer_money", True),
        ("sqrt", False),
        ("", False),
        ("计算器", False),
    ],
)
def test_write_is_told_by_the_words_of_a_tools_name(name: str, writes: bool) -> None:
    assert is_write(ToolCall("1", name, {})) is writes


def test_hand_over_is_to_a_person() -> None:
    handed = {name: is_handover(ToolCall("1", name, {})) for name in ("transfer_to_specialist", "escalate", "transfer")}
    assert handed == {"transfer_to_specialist": True, "escalate": True, "transfer": False}


def test_same_write_twice_and_in_another_order_of_arguments_is_one() -> None:
    again = ToolCall("5", "cancel_order", {"why": "", "id": "A1"})
    other = ToolCall("6", "cancel_order", {"id": "A1", "why": ""})
    assert len(writes_of(run(again, other))) == 1


def test_runs_without_messages_are_in_no_cluster() -> None:
    nothing = Trajectory("", (), ())
    assert clusters(nothing, nothing) == (OTHER,)


def test_every_rule_says_in_a_sentence_what_it_does() -> None:
    assert len({rule.name for rule in RULES}) == len({rule.sentence for rule in RULES}) == 6
