"""Programs that compare: each pair in both orders, each given group of K in K, and what the order changes is told."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from meta_reward.errors import DataError, UsageError
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.metrics import Metrics
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.harness.budget import Budget
from meta_reward.harness.runtime import Comparison
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.registry import KINDS, for_programs, for_source, kind_of_source, load_any_task_set
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from meta_reward.run.evaluations import load_items, load_outputs, load_scores, save_evaluation
from meta_reward.tasks.groups import RankedGroup
from meta_reward.tasks.taskset import TaskSet, save_task_set
from meta_reward.trajectory import trajectory_to_json
from tests.conftest import LEVEL, make_task_set

KIND = KINDS["compare"]
FINDS_GOOD = """
async def compare(trajectories, judge):
    return [90 if "GOOD" in one.transcript() else 10 for one in trajectories]
"""
TAKES_THE_FIRST = """
async def compare(trajectories, judge):
    return [100 - at for at, _ in enumerate(trajectories)]
"""
FAILS_ON_GOOD_FIRST = """
async def compare(trajectories, judge):
    if "GOOD" in trajectories[0].transcript():
        raise ValueError("not this")
    return [10, 90]
"""


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> TaskSet:
    """Three tasks of four runs, of which r1 and r3 are good, each of these paired with r2 and r4."""
    return make_task_set(tmp_path_factory.mktemp("compare") / "made", tasks=3).of_kind("compare")


@pytest.fixture(scope="module")
def grouped(pairs: TaskSet) -> TaskSet:
    """The same with a group of three in the first task."""
    return replace(pairs, groups=(RankedGroup("g1", "t01", (("t01-r1", "t01-r3"), ("t01-r2",))),))


def run(source: str, taskset: TaskSet) -> Evaluation:
    part, gateway = KIND.part(taskset, taskset.tasks), Gateway(make_backend("simulated:comparer", {}), None)

    async def work() -> Evaluation:
        async with Sandbox(Budget(), level=LEVEL) as sandbox:
            return await evaluate(source, part.examples, gateway=gateway, sandbox=sandbox)

    return asyncio.run(work())


def outcomes_of(taskset: TaskSet, evaluation: Evaluation) -> Sequence[ItemOutcome]:
    found = KIND.outcomes(taskset, KIND.part(taskset, taskset.tasks), evaluation)
    return [one for one in found if isinstance(one, ItemOutcome)]


def metrics_of(taskset: TaskSet, evaluation: Evaluation) -> Metrics:
    return KIND.metrics(taskset, KIND.part(taskset, taskset.tasks), evaluation, outcomes_of(taskset, evaluation))


def test_each_pair_is_shown_in_both_orders_and_a_group_so_that_each_stands_in_each_place(grouped: TaskSet) -> None:
    part = KIND.part(grouped, ["t01"])
    by_id = {id: rollout.trajectory for id, rollout in grouped.rollouts.items()}
    names = {str(trajectory_to_json(one)): id for id, one in by_id.items()}
    shown = {one.id: [names[str(given)] for given in one.arguments["trajectories"]] for one in part.examples}
    assert (shown["t01-p1-1"], shown["t01-p1-2"]) == (["t01-r1", "t01-r2"], ["t01-r2", "t01-r1"])
    group = [shown[f"g1-{n}"] for n in (1, 2, 3)]
    assert {tuple(sorted(column)) for column in zip(*group, strict=True)} == {("t01-r1", "t01-r2", "t01-r3")}
    assert [len(item.examples) for item in part.items] == [2, 2, 2, 2, 3]


def test_place_and_name_tell_nothing_of_what_is_preferred(pairs: TaskSet) -> None:
    turned = replace(pairs, pairs=tuple(replace(p, preferred=p.other, other=p.preferred) for p in pairs.pairs))
    one, other = (KIND.part(taskset, taskset.tasks) for taskset in (pairs, turned))
    assert one.examples == other.examples
    assert {tuple(example.arguments) for example in one.examples} == {("trajectories",)}
    given = [given for example in one.examples for given in example.arguments["trajectories"]]
    assert {tuple(sorted(trajectory)) for trajectory in given} == {("messages", "policy", "tools")}
    places = Counter("GOOD" in str(example.arguments["trajectories"][0]) for example in one.examples)
    assert places[True] == places[False]


def test_right_in_both_orders_is_won_and_what_the_place_decides_is_half(grouped: TaskSet) -> None:
    good, first = (run(source, grouped) for source in (FINDS_GOOD, TAKES_THE_FIRST))
    assert {one.score for one in outcomes_of(grouped, good)} == {1.0}
    assert {one.score for one in outcomes_of(grouped, first)} == {0.5}
    told = {one.id: (one.expected, one.output) for one in outcomes_of(grouped, first)}
    assert told["t01-p1"] == ("t01-r1 > t01-r2", "number 1 of those shown in each order")
    won = outcomes_of(grouped, good)[0]
    assert (won.output, won.about["orders"]["t01-p1-2"]) == (
        "t01-r1 > t01-r2 in each order",
        {"shown": ("t01-r2", "t01-r1"), "ranking": "t01-r1 > t01-r2"},
    )


def test_numbers_say_how_much_the_order_decides(grouped: TaskSet) -> None:
    good, first = (metrics_of(grouped, run(source, grouped)) for source in (FINDS_GOOD, TAKES_THE_FIRST))
    assert (good.score, good.comparisons.same, good.comparisons.first, good.comparisons.ties) == (1.0, 1.0, 0.5, 0)
    assert (first.score, first.comparisons.same, first.comparisons.first) == (0.5, 0.0, 1.0)
    assert [(one.size, one.groups, one.right, round(one.chance, 3)) for one in first.comparisons.groups] == [
        (2, 12, 0.5, 0.5),
        (3, 1, 1 / 3, 0.333),
    ]


def test_order_on_which_the_program_failed_is_lost(pairs: TaskSet) -> None:
    evaluation = run(FAILS_ON_GOOD_FIRST, pairs)
    outcome = outcomes_of(pairs, evaluation)[0]
    assert (outcome.score, outcome.output, outcome.failed) == (0.5, "failed; t01-r1 > t01-r2", False)
    metrics = metrics_of(pairs, evaluation)
    assert (metrics.score, metrics.failures, metrics.comparisons.same) == (0.5, 0, None)


def test_tie_counts_one_half(pairs: TaskSet) -> None:
    part = KIND.part(pairs, pairs.tasks)
    results = [Result(one.id, one.task, Comparison([50, 50]), None, [], []) for one in part.examples]
    metrics = metrics_of(pairs, Evaluation(results))
    assert (metrics.score, metrics.comparisons.ties, metrics.comparisons.first) == (0.5, 24, None)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("[50]", "compare() returned 1 scores for 2 trajectories"),
        ("[50, 50, 50]", "compare() returned 3 scores for 2 trajectories"),
        ("50", "compare() returned int, not a Comparison or a list of numbers"),
        ("'ab'", "compare() returned str, not a Comparison or a list of numbers"),
        ("[50, 101]", "score 101 lies outside 0 to 100"),
        ("[50, float('nan')]", "score nan lies outside 0 to 100"),
        ("[50, True]", "compare() returned bool among the scores, not a number"),
    ],
)
def test_what_is_no_score_for_each_is_the_programs_failure(pairs: TaskSet, returned: str, message: str) -> None:
    only = replace(pairs, pairs=pairs.pairs[:1])
    evaluation = run(f"async def compare(trajectories, judge):\n    return {returned}\n", only)
    assert {result.error.message for result in evaluation.results if result.error} == {message}


def test_evaluation_is_written_and_read_with_its_orders(grouped: TaskSet, tmp_path: Path) -> None:
    evaluation = run(TAKES_THE_FIRST, grouped)
    part = KIND.part(grouped, grouped.tasks)
    saved = save_evaluation(tmp_path, evaluation, part, grouped, judge="simulated:comparer")
    assert load_scores(tmp_path) == saved
    assert load_outputs(tmp_path)["g1-1"] == Comparison([100, 99, 98])
    (item,) = [one for one in load_items(tmp_path) if one.id == "g1"]
    assert isinstance(item, ItemOutcome)
    assert list(item.orders) == ["g1-1", "g1-2", "g1-3"]


def test_answers_of_several_rounds_are_combined_by_place() -> None:
    assert KIND.combined([Comparison([10, 20]), Comparison([20, 0])]) == Comparison([15.0, 10.0])


def test_pair_whose_id_names_no_file_has_one_that_does(pairs: TaskSet) -> None:
    odd = replace(pairs, pairs=(replace(pairs.pairs[0], id="../a b"),))
    (first, second) = [example.id for example in KIND.part(odd, ["t01"]).examples]
    assert first.removesuffix("-1") == second.removesuffix("-2") == "comparison-" + first[11:-2]
    assert "/" not in first


def test_task_sets_of_pairs_serve_both_kinds_and_others_do_not(pairs: TaskSet, tmp_path: Path) -> None:
    rewards = load_any_task_set(pairs.path)
    assert (rewards.about.kind, load_any_task_set(pairs.path, kind="compare").about.kind) == ("reward", "compare")
    assert kind_of_source(FINDS_GOOD) is KIND
    assert for_source(rewards, FINDS_GOOD).about.kind == "compare"
    with pytest.raises(UsageError, match="is for kind reward, and not for solve"):
        for_programs(rewards, "solve")
    KIND.show(pairs, ["t01"], tmp_path / "shown")
    assert load_any_task_set(tmp_path / "shown").about.kind == "compare"


def test_group_may_not_be_named_as_a_pair(pairs: TaskSet, tmp_path: Path) -> None:
    group = RankedGroup("t01-p1", "t01", (("t01-r1",), ("t01-r2", "t01-r4")))
    rollouts, known = pairs.part(pairs.tasks)
    about, policy, tools = pairs.about, pairs.policy, pairs.tools
    save_task_set(tmp_path / "x", about, policy=policy, tools=tools, rollouts=rollouts, pairs=known, groups=[group])
    with pytest.raises(DataError, match="group id 't01-p1' is also the id of a pair"):
        load_any_task_set(tmp_path / "x")
