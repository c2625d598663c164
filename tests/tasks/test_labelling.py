"""Labels by hand: the votes that are kept, and the pairs that follow from them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import UsageError
from meta_reward.tasks.annotations import Vote, load_annotations
from meta_reward.tasks.check import check_task_set
from meta_reward.tasks.labelling import (
    check_annotator,
    couples_of,
    save_label,
    sides_of,
    votes_of,
    withdraw_label,
)
from meta_reward.tasks.taskset import TaskSet, load_task_set
from tests.conftest import make_task_set

NEW = ("t01-r1", "t01-r3")  # both succeed, so no pair is made of their labels


@pytest.fixture
def tasks(tmp_path: Path) -> TaskSet:
    return make_task_set(tmp_path / "made", tasks=4)


def label(tasks: TaskSet, who: str, best: str, other: str, *categories: str, tie: bool = False) -> None:
    save_label(tasks.path, Vote(who, best, other, tie, categories, when="now"), tasks_of(tasks))


def tasks_of(tasks: TaskSet) -> dict[str, str]:
    return {id: rollout.task for id, rollout in tasks.rollouts.items()}


def added(tasks: TaskSet) -> list[dict[str, Any]]:
    """The pairs that the file holds beyond those of before."""
    lines = (tasks.path / "pairs.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines[len(tasks.pairs) :]]


def test_label_of_two_trajectories_makes_a_pair_and_leaves_the_others_as_they_stand(tasks: TaskSet) -> None:
    before = (tasks.path / "pairs.jsonl").read_bytes()
    label(tasks, "ann", "t01-r3", "t01-r1", "slow")
    assert (tasks.path / "pairs.jsonl").read_bytes().startswith(before)
    assert added(tasks) == [
        {"id": "t01-p5", "task": "t01", "preferred": "t01-r3", "other": "t01-r1", "categories": ["slow"]}
    ]
    assert load_annotations(tasks.path).votes == (Vote("ann", "t01-r3", "t01-r1", False, ("slow",), True, "now"),)
    assert len(load_task_set(tasks.path).pairs) == len(tasks.pairs) + 1


def test_label_of_a_given_pair_is_a_vote_and_changes_no_digest(tasks: TaskSet) -> None:
    pair = tasks.pairs[0]
    label(tasks, "ann", pair.other, pair.preferred)
    assert load_task_set(tasks.path).digest == tasks.digest
    assert votes_of(tasks.path, "ann") == [Vote("ann", pair.other, pair.preferred, when="now")]
    found = check_task_set(tasks, load_annotations(tasks.path)).findings
    assert [(one.kind, one.examples) for one in found if one.kind == "against-votes"] == [("against-votes", (pair.id,))]


def test_made_pair_follows_most_annotators(tasks: TaskSet) -> None:
    first, second = NEW
    label(tasks, "ann", first, second, "slow")
    label(tasks, "bob", second, first, "rude")
    assert added(tasks) == []
    label(tasks, "cat", second, first, "rude", "late")
    assert [(one["preferred"], one["categories"]) for one in added(tasks)] == [(second, ["rude", "late"])]
    label(tasks, "bob", first, second)
    assert [(one["preferred"], one["categories"]) for one in added(tasks)] == [(first, ["slow"])]


def test_tie_makes_no_pair(tasks: TaskSet) -> None:
    label(tasks, "ann", *NEW, tie=True)
    assert (added(tasks), len(votes_of(tasks.path, "ann"))) == ([], 1)


def test_label_that_is_taken_back_leaves_nothing(tasks: TaskSet) -> None:
    label(tasks, "ann", *NEW)
    withdraw_label(tasks.path, "ann", NEW, tasks_of(tasks))
    assert (load_task_set(tasks.path).digest, votes_of(tasks.path, "ann")) == (tasks.digest, [])


def test_pair_of_two_annotators_stays_when_one_takes_the_label_back(tasks: TaskSet) -> None:
    label(tasks, "ann", *NEW)
    label(tasks, "bob", *NEW)
    withdraw_label(tasks.path, "ann", NEW, tasks_of(tasks))
    assert [(one["preferred"], one["other"]) for one in added(tasks)] == [NEW]


def test_next_label_completes_what_a_kill_left_half_written(tasks: TaskSet) -> None:
    before = (tasks.path / "pairs.jsonl").read_bytes()
    label(tasks, "ann", *NEW)
    (tasks.path / "pairs.jsonl").write_bytes(before)  # killed when the vote was written, and its pair was not
    label(tasks, "ann", "t02-r1", "t02-r3")
    assert [one["id"] for one in added(tasks)] == ["t01-p5", "t02-p5"]


def test_several_people_label_at_the_same_time(tasks: TaskSet) -> None:
    program = """
import sys
from pathlib import Path
from meta_reward.tasks.annotations import Vote
from meta_reward.tasks.labelling import couples_of, save_label
from meta_reward.tasks.taskset import load_task_set
tasks = load_task_set(Path(sys.argv[1]))
for sides in couples_of(tasks, tasks.tasks_with_items):
    save_label(tasks.path, Vote(sys.argv[2], *sides), {id: one.task for id, one in tasks.rollouts.items()})
"""
    people = [subprocess.Popen([sys.executable, "-c", program, str(tasks.path), who]) for who in ("ann", "bob")]
    assert [one.wait(60) for one in people] == [0, 0]
    assert [len(votes_of(tasks.path, who)) for who in ("ann", "bob")] == [24, 24]
    assert len(load_task_set(tasks.path).pairs) == 24


def test_couples_are_given_or_new(tasks: TaskSet) -> None:
    given = couples_of(tasks, ["t01"], "given")
    assert set(given) == {sides_of(pair) for pair in tasks.pairs if pair.task == "t01"}
    assert couples_of(tasks, ["t01"], "new") == [NEW, ("t01-r2", "t01-r4")]
    label(tasks, "ann", *NEW)
    again = load_task_set(tasks.path)
    assert couples_of(again, ["t01"], "given") == given
    assert len(couples_of(again, ["t01", "t02"])) == 12


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a" * 101, "\u202eann"])
def test_annotator_needs_a_name_that_one_can_read(name: str) -> None:
    with pytest.raises(UsageError, match="give a name of 1 to 100 printable characters"):
        check_annotator(name)
