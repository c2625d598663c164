"""Records become a task set, and one that grows keeps what it has."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meta_reward.tasks.about import About
from meta_reward.tasks.annotations import Annotations, Rating, Vote
from meta_reward.tasks.importers.assemble import Assembled, Settings, assemble
from meta_reward.tasks.importers.collect import Collected
from meta_reward.tasks.importers.record import PairRecord, Place, RankedRecord, Record, Run
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Message, Tool

PLACE = Place(Path("x.jsonl"), "line 1")


def run(*texts: str, policy: str | None = None, tools: Any = None) -> Run:
    roles = ("user", "assistant") * 9
    return Run(tuple(Message(role, text) for role, text in zip(roles, texts, strict=False)), policy, tools)


def records(**labels: Any) -> Collected:
    """Runs by name, such as `a1=1`: the second run of task a, with label 1."""
    found = [Record(PLACE, run(name[0], name), name[0], label) for name, label in labels.items()]
    return Collected(records=found)


def pairs(*said: tuple[str, ...], task: str | None = None) -> Collected:
    """Opening, chosen, rejected and perhaps an annotator."""
    found = [
        PairRecord(PLACE, run(opening, good), run(opening, bad), task, annotator=next(iter(who), None))
        for opening, good, bad, *who in said
    ]
    return Collected(pairs=found)


def ranked(*said: str) -> Collected:
    """The last words of runs of one task, the best first."""
    record = RankedRecord(PLACE, tuple(run("q", text) for text in said))
    return Collected(pairs=record.pairs(), ranked=[record])


def grown(made: Assembled, more: Collected, **settings: Any) -> Assembled:
    before = TaskSet(Path("x"), About("x"), made.policy, made.tools, made.rollouts, tuple(made.pairs), None, "")
    before = replace(before, groups=tuple(made.groups))
    return assemble(more, Settings(**settings), before=before, annotations=made.annotations)


def preferences(made: Assembled) -> list[tuple[str, str]]:
    """The last words of both sides of each pair."""
    last = {id: rollout.trajectory.messages[-1].content for id, rollout in made.rollouts.items()}
    return [(last[pair.preferred], last[pair.other]) for pair in made.pairs]


def orders(made: Assembled) -> list[list[str]]:
    """The last words of each trajectory of each group, the best first."""
    last = {id: rollout.trajectory.messages[-1].content for id, rollout in made.rollouts.items()}
    return [[last[id] for rank in group.ranks for id in rank] for group in made.groups]


def reasons(made: Assembled) -> list[str]:
    return [problem.what for problem in made.skipped]


def test_success_and_failure_of_a_task_make_a_pair_and_the_rest_is_kept() -> None:
    made = assemble(records(a1=1, a2=0, a3=None, b1=1), Settings())
    assert preferences(made) == [("a1", "a2")]
    assert [r.success for r in made.rollouts.values()] == [1, 0, None, 1]
    assert made.annotations == Annotations()


def test_graded_labels_make_pairs_where_they_differ_by_more_than_the_gap() -> None:
    made = assemble(records(a1=0.9, a2=0.5, a3=0.2), Settings(min_gap=0.4))
    assert preferences(made) == [("a1", "a3")]
    assert sorted(made.annotations.labels.values()) == [0.2, 0.5, 0.9]
    assert {r.success for r in made.rollouts.values()} == {None}


def test_same_trajectory_is_there_once_and_another_label_is_told() -> None:
    found = records(a1=1, a2=0)
    found.records += [*records(a1=1).records, *records(a1=0).records]
    made = assemble(found, Settings())
    assert (len(made.rollouts), len(made.pairs)) == (2, 1)
    assert reasons(made) == [
        "is a trajectory that is there already",
        "is the same trajectory as another, whose label is 1 and not 0",
    ]


def test_pairs_without_a_task_share_one_with_their_opening_and_their_trajectories() -> None:
    made = assemble(pairs(("q", "good", "bad"), ("q", "fine", "bad"), ("other", "a", "b")), Settings())
    assert len({pair.task for pair in made.pairs}) == 2
    assert made.pairs[0].task == made.pairs[1].task
    assert made.pairs[0].other == made.pairs[1].other
    assert [pair.id.rpartition("-")[2] for pair in made.pairs] == ["p1", "p2", "p1"]


def test_pairs_without_a_task_join_the_task_that_has_their_opening() -> None:
    made = assemble(pairs(("q", "good", "bad"), task="t"), Settings())
    assert {pair.task for pair in grown(made, pairs(("q", "x", "y"))).pairs} == {"t"}


def test_annotators_vote_and_an_even_vote_gives_no_pair() -> None:
    found = pairs(
        ("q", "good", "bad", "ann"), ("q", "good", "bad", "bob"), ("q", "bad", "good", "cy"),
        ("r", "good", "bad", "ann"), ("r", "bad", "good", "bob"),
    )  # fmt: skip
    made = assemble(found, Settings())
    assert preferences(made) == [("good", "bad")]
    assert len(made.annotations.votes) == 5
    assert reasons(made) == ["annotators are evenly divided over this pair"]
    more = grown(made, pairs(("r", "good", "bad", "cy")))
    assert preferences(more) == [("good", "bad")] * 2
    assert len(more.annotations.votes) == 6


def rated(*said: tuple[str, str, float]) -> Collected:
    """Trajectory by name, annotator, label."""
    return Collected(records=[Record(PLACE, run(n[0], n), n[0], label, annotator=who) for n, who, label in said])


def test_annotators_labels_of_a_trajectory_give_that_of_most() -> None:
    said = rated(
        ("a1", "ann", 1), ("a1", "bob", 1), ("a1", "cy", 0), ("a2", "ann", 0), ("a3", "ann", 1), ("a3", "bob", 0)
    )
    made = assemble(said, Settings())
    assert [r.success for r in made.rollouts.values()] == [1, 0, None]
    assert preferences(made) == [("a1", "a2")]
    assert reasons(made) == ["annotators are evenly divided over this trajectory: it gets no label"]
    assert (len(made.annotations.ratings), made.annotations.labels) == (6, {})


def test_annotators_graded_labels_give_their_mean() -> None:
    made = assemble(rated(("a1", "ann", 4), ("a1", "bob", 5), ("a2", "ann", 2)), Settings(min_gap=2))
    assert sorted(made.annotations.labels.values()) == [2, 4.5]
    assert preferences(made) == [("a1", "a2")]


def test_a_later_annotator_decides_what_was_even_and_moves_no_label_that_is_there() -> None:
    made = assemble(rated(("a1", "ann", 1), ("a1", "bob", 0), ("a2", "ann", 0), ("a3", "ann", 1)), Settings())
    more = grown(made, rated(("a1", "cy", 1), ("a2", "cy", 1), ("a2", "bob", 1)))
    assert [r.success for r in more.rollouts.values()] == [1, 0, 1]
    assert reasons(more) == ["is a trajectory that has a label already; its annotators' were added"]
    a1 = next(iter(made.rollouts))
    assert more.annotations.ratings[:3] == (Rating("ann", a1, 1), Rating("bob", a1, 0), Rating("cy", a1, 1))


def test_reversed_pairs_without_annotators_are_both_kept_for_the_check() -> None:
    made = assemble(pairs(("q", "a", "b"), ("q", "b", "a"), ("q", "a", "b")), Settings())
    assert preferences(made) == [("a", "b"), ("b", "a")]
    assert reasons(made) == ["is a pair that is there already"]


def test_policy_and_tools_of_most_are_shared_and_others_keep_their_own() -> None:
    look, cancel = (Tool("look"),), (Tool("cancel"),)
    found = Collected(
        records=[
            Record(PLACE, run("q", "1", policy="P", tools=look), "t"),
            Record(PLACE, run("q", "2", policy="P"), "t"),
            Record(PLACE, run("q", "3", policy="Q", tools=cancel), "t"),
            Record(PLACE, run("q", "4", tools=look), "t"),
        ]
    )
    made = assemble(found, Settings())
    assert (made.policy, made.tools) == ("P", look)
    assert [(r.trajectory.policy, r.trajectory.tools) for r in made.rollouts.values()] == [
        ("P", look), ("P", look), ("Q", cancel), ("P", look)
    ]  # fmt: skip
    assert made.without_policy == 1
    assert {r.trajectory.policy for r in assemble(found, Settings(policy="Mine")).rollouts.values()} == {"Mine"}


def test_policy_that_few_name_is_not_that_of_the_others() -> None:
    found = Collected(records=[Record(PLACE, run("q", str(n), policy="P" if n == 0 else None), "t") for n in range(3)])
    made = assemble(found, Settings())
    assert (made.policy, made.without_policy) == ("", 0)
    assert [r.trajectory.policy for r in made.rollouts.values()] == ["P", "", ""]
    assert reasons(grown(made, found)) == ["is a trajectory that is there already"] * 3


def test_growing_keeps_every_trajectory_and_pair_and_adds_to_them() -> None:
    made = assemble(records(a1=1, a2=0, b1=1, b2=0), Settings(seed=3))
    more = grown(made, records(a1=1, a3=0, c1=1, c2=0))
    assert more.pairs[:2] == made.pairs
    assert preferences(more)[2:] == [("a1", "a3"), ("c1", "c2")]
    assert [pair.id for pair in more.pairs] == ["a-p1", "b-p1", "a-p2", "c-p1"]
    assert list(more.rollouts)[:4] == list(made.rollouts)
    assert reasons(more) == ["is a trajectory that is there already"]


def test_label_that_comes_later_is_taken() -> None:
    made = assemble(records(a1=1, a2=None), Settings())
    assert preferences(grown(made, records(a2=0))) == [("a1", "a2")]


def test_pairs_of_a_task_stay_within_their_number_when_it_grows() -> None:
    made = assemble(records(**{f"a{n}": n % 2 for n in range(8)}), Settings(per_task=5))
    more = grown(made, records(**{f"a{n}": n % 2 for n in range(8, 20)}), per_task=7)
    assert (len(made.pairs), len(more.pairs), len({(p.preferred, p.other) for p in more.pairs})) == (5, 7, 7)


@pytest.mark.parametrize("task", ["../../etc/passwd", "", "🙂", "x" * 500, "-rf", "con.", ".hidden"])
def test_names_of_trajectories_are_safe_names_of_files(task: str) -> None:
    from meta_reward.tasks.records import is_name

    made = assemble(Collected(records=[Record(PLACE, run("q", "a"), task)]), Settings())
    assert all(map(is_name, made.rollouts))


def test_names_from_a_benchmark_are_kept_unless_they_are_taken() -> None:
    found = [Record(PLACE, run("q", said), "t000", 1.0, None, "t000-r0") for said in ("a", "b")]
    first, second = assemble(Collected(records=found), Settings()).rollouts
    assert (first, second[:5], len(second)) == ("t000-r0", "t000-", 17)


def test_vote_has_the_same_sides_in_either_direction() -> None:
    assert Vote("ann", "b", "a").sides == Vote("bob", "a", "b").sides == ("a", "b")


def test_ranked_runs_are_a_pair_for_each_two_and_a_group_that_is_added_once() -> None:
    made = assemble(ranked("good", "fair", "bad"), Settings())
    assert preferences(made) == [("good", "fair"), ("good", "bad"), ("fair", "bad")]
    assert orders(made) == [["good", "fair", "bad"]]
    again = grown(grown(made, ranked("good", "fair", "bad")), ranked("better", "good", "bad"))
    assert orders(again) == [["good", "fair", "bad"], ["better", "good", "bad"]]
    assert len({group.id for group in again.groups}) == 2
    assert len({rollout.task for rollout in again.rollouts.values()}) == 1


def test_graded_labels_make_groups_of_runs_that_all_differ() -> None:
    labels = {"a1": 0.9, "a2": 0.5, "a3": 0.5, "a4": 0.2}
    made = assemble(records(**labels), Settings())
    assert sorted(orders(made)) == [["a1", "a2", "a4"], ["a1", "a3", "a4"]]
    assert assemble(records(**labels), Settings(min_gap=0.1)).groups == []
    assert assemble(records(a1=1, a2=0, a3=0), Settings()).groups == []
