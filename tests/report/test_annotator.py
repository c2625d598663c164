"""One annotator at work: what comes next, what is taken back, and which label would tell most."""

from pathlib import Path

import pytest

from meta_reward.report.server.labels import LEFT, RIGHT, SKIP, TIE, UNDO, Labelling, parse_said
from meta_reward.report.server.telling import Telling
from meta_reward.tasks.annotations import Vote, load_annotations
from meta_reward.tasks.labelling import Sides, couples_of, votes_of
from meta_reward.tasks.taskset import TaskSet
from tests.conftest import make_task_set


@pytest.fixture
def tasks(tmp_path: Path) -> TaskSet:
    return make_task_set(tmp_path / "made", tasks=4)


def at_work(tasks: TaskSet, who: str = "ann", telling: Telling | None = None) -> Labelling:
    return Labelling(tasks, who, couples_of(tasks, ["t01", "t02"]), telling)


def say(work: Labelling, *said: str) -> list[Sides]:
    """What was shown when each of these was said."""
    seen = []
    for one in said:
        shown = work.shown()
        assert shown
        seen.append(shown.sides)
        assert work.take(shown.key, one, [])
    return seen


def test_every_pair_is_shown_once_in_an_order_of_the_annotators_own(tasks: TaskSet) -> None:
    seen = {who: say(at_work(tasks, who), *[LEFT] * 12) for who in ("ann", "bob")}
    assert set(seen["ann"]) == set(seen["bob"]) == set(couples_of(tasks, ["t01", "t02"]))
    assert seen["ann"] != seen["bob"]
    assert at_work(tasks).shown() is None


def test_left_is_either_of_the_two(tasks: TaskSet) -> None:
    work = at_work(tasks)
    say(work, *[LEFT] * 12)
    assert {vote.preferred == vote.sides[0] for vote in votes_of(tasks.path, "ann")} == {True, False}


def test_what_is_said_is_what_is_written(tasks: TaskSet) -> None:
    work = at_work(tasks)
    first = work.shown()
    assert first
    assert work.take(first.key, RIGHT, ["slow"])
    say(work, TIE)
    votes = votes_of(tasks.path, "ann")
    assert (votes[0].preferred, votes[0].other, votes[0].categories) == (first.right.id, first.left.id, ("slow",))
    assert [vote.tie for vote in votes] == [False, True]


def test_undo_shows_the_last_pair_again_with_what_was_said(tasks: TaskSet) -> None:
    work = at_work(tasks)
    first = work.shown()
    assert first
    work.take(first.key, LEFT, ["slow"])
    say(work, UNDO)
    again = work.shown()
    assert again
    assert (again.key, again.before and again.before.categories) == (first.key, ("slow",))
    assert votes_of(tasks.path, "ann") == []


def test_undo_goes_back_over_labels_and_skips_and_then_does_nothing(tasks: TaskSet) -> None:
    order = order_of(tasks)
    seen = say(at_work(tasks), LEFT, SKIP, TIE, UNDO, UNDO, UNDO, UNDO, LEFT)
    assert seen == [order[at] for at in (0, 1, 2, 3, 2, 1, 0, 0)]
    assert [vote.sides for vote in votes_of(tasks.path, "ann")] == [order[0]]


def test_labels_go_on_where_they_were_and_what_was_skipped_comes_again(tasks: TaskSet) -> None:
    order = order_of(tasks)
    say(at_work(tasks), LEFT, SKIP, LEFT)
    work = at_work(tasks)
    progress = work.progress()
    assert (progress.labelled, progress.skipped, progress.all) == (2, 0, 12)
    assert say(work, LEFT, UNDO, UNDO) == [order[1], order[3], order[1]]
    assert [vote.sides for vote in votes_of(tasks.path, "ann")] == [order[0]]


def order_of(tasks: TaskSet) -> list[Sides]:
    """All pairs as they come to somebody who has labelled none."""
    return say(at_work(tasks), *[SKIP] * 12)


def test_page_that_shows_another_pair_says_nothing(tasks: TaskSet) -> None:
    work = at_work(tasks)
    shown = work.shown()
    assert shown
    assert [work.take(shown.key, LEFT, []), work.take(shown.key, LEFT, [])] == [True, False]
    assert len(votes_of(tasks.path, "ann")) == 1


def test_imported_votes_are_neither_shown_again_nor_taken_back(tasks: TaskSet) -> None:
    (tasks.path / "votes.jsonl").write_text('{"annotator":"ann","preferred":"t01-r1","other":"t01-r2"}\n')
    work = at_work(tasks)
    seen = say(work, *[UNDO], *[TIE] * 11)
    assert ("t01-r1", "t01-r2") not in seen
    assert load_annotations(tasks.path).votes[0] == Vote("ann", "t01-r1", "t01-r2")


def test_pair_on_which_candidates_disagree_comes_first(tasks: TaskSet) -> None:
    same = dict.fromkeys(tasks.rollouts, 50.0)
    telling = Telling({"c0001": {**same, "t02-r1": 60}, "c0002": {**same, "t02-r1": 40}})
    work = at_work(tasks, telling=telling)
    assert {sides[0] for sides in say(work, LEFT, LEFT, LEFT)} == {"t02-r1"}


def test_candidates_that_labels_contradict_count_for_less() -> None:
    good, bad = {"a": 9.0, "b": 1.0}, {"a": 1.0, "b": 9.0}
    rewards: dict[str, dict[str, float | None]] = {
        "c0001": {**good, "c": 1, "d": 2, "e": 1, "f": 2},
        "c0002": {**good, "c": 2, "d": 1, "e": 1, "f": 2},
        "c0003": {**bad, "c": 2, "d": 1, "e": 2, "f": 1},
        "c0004": {**bad, "c": 2, "d": 1, "e": 2, "f": 1},
    }
    couples = [("e", "f"), ("c", "d")]
    assert Telling(rewards).choose(couples, []) == ("e", "f")
    assert Telling(rewards).choose(couples, [Vote("ann", "a", "b")] * 4) == ("c", "d")


def test_without_rewards_there_is_no_opinion() -> None:
    telling = Telling({"c0001": {"a": None, "b": 1.0}})
    assert (telling.opinions(("a", "b")), telling.choose([("a", "b")], [])) == ({}, ("a", "b"))


@pytest.mark.parametrize(
    "data", [None, [], {}, {"key": 1, "said": "left"}, {"key": "", "said": "best"}, {"key": "", "said": ["left"]}]
)
def test_anything_else_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="wants key, and said: one of left, right, tie, skip, undo"):
        parse_said(data)
