"""Kind `compare`: a program sees several trajectories of a task at once, and scores each of them.

It works on task sets of pairs. Each pair is shown in both orders, and each group of K trajectories in `groups.jsonl` in
K orders, every order to a new process. The agreement of a comparison is the mean over its orders.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any, cast

from meta_reward import files
from meta_reward.evaluation.comparisons import (
    Order,
    agreement_of,
    comparisons_of,
    orders_of,
    ranking_of,
    verdict_of,
)
from meta_reward.evaluation.learned import learned_rewards
from meta_reward.evaluation.metrics import Metrics, summarize
from meta_reward.evaluation.outcome import Example, Item, ItemOutcome, Part
from meta_reward.evaluation.records import Evaluation
from meta_reward.harness.entries import Output
from meta_reward.harness.runtime import Comparison
from meta_reward.harness.validate import COMPARE as PROGRAM
from meta_reward.harness.validate import Cases, cases_of, chain_of_several
from meta_reward.kinds.base import Kind, Outcomes
from meta_reward.kinds.reward import RewardKind, parts_of_pairs, set_of_pairs, show_pairs
from meta_reward.tasks.about import COMPARE
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.groups import RankedGroup, group_of_pair
from meta_reward.tasks.records import is_name
from meta_reward.tasks.taskset import TaskSet, load_task_set
from meta_reward.trajectory import parse_trajectory, trajectory_to_json


class CompareKind(Kind):
    """Pairs of trajectories, and groups of more, each shown at once."""

    name = COMPARE
    words = replace(
        RewardKind.words,
        items="comparisons",
        examples="orders",
        explained="agreement: share of pairs whose preferred trajectory got the higher score, the mean over both "
        "orders, a tie counting one half; of a given group, the share of its pairs, the mean over as many "
        "orders as it has trajectories; [95%]: its interval by task, or why there is none; failures: "
        "comparisons on which the program failed in every order, which are lost as single orders are; "
        "coverage: share of the others; same in each order: share of comparisons whose ranking does not "
        "depend on the order; first one wins: of the orders of pairs with a winner, those in which it was "
        "shown first, half of them where places mean nothing; orders: how often the program was run",
    )
    program = PROGRAM
    texts = Path(__file__).parent / "texts" / "compare"
    seeds = "compare"
    simulated = "simulated:comparer"
    proposer = "stock"

    def load(self, path: Path) -> TaskSet:
        return load_task_set(path)

    def part(self, taskset: AnyTaskSet, tasks: Collection[str]) -> Part:
        pairwise = set_of_pairs(taskset)
        rollouts, pairs = pairwise.part(tasks)
        stored = {rollout.id: trajectory_to_json(rollout.trajectory) for rollout in rollouts}
        categories = {pair.id: pair.categories for pair in pairs}
        examples, items = list[Example](), list[Item]()
        for group in _groups(pairwise, tasks):
            orders = dict(_orders(group))
            for id, shown in orders.items():
                given = {"trajectories": [stored[one] for one in shown]}
                examples.append(Example(id, group.task, COMPARE, given))
            items.append(Item(group.id, group.task, tuple(orders), categories.get(group.id, ())))
        return Part(frozenset(tasks), examples, items)

    def characters(self, example: Example) -> int:
        return sum(len(parse_trajectory(one).transcript()) for one in example.arguments["trajectories"])

    def outcomes(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation) -> Sequence[ItemOutcome]:
        return [
            _outcome(item, group, orders) for item, group, orders in _compared(set_of_pairs(taskset), part, evaluation)
        ]

    def metrics(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation, outcomes: Outcomes) -> Metrics:
        compared = [
            (group, [*orders.values()]) for _, group, orders in _compared(set_of_pairs(taskset), part, evaluation)
        ]
        found, runs = cast(Sequence[ItemOutcome], outcomes), len(evaluation.results)
        return summarize(found, examples=runs, tokens=evaluation.tokens, comparisons=comparisons_of(compared))

    def combined(self, outputs: Sequence[Output]) -> Output:
        scores = [one.scores for one in outputs if isinstance(one, Comparison)]
        return Comparison([fmean(place) for place in zip(*scores, strict=True)])

    def learned(self, taskset: AnyTaskSet, known: Collection[str], asked: Collection[str]) -> Mapping[str, Output]:
        pairwise = set_of_pairs(taskset)
        training, pairs = pairwise.part(known)
        scores = learned_rewards({r.id: r for r in training}, pairs, pairwise.part(asked)[0])
        orders = (order for group in _groups(pairwise, asked) for order in _orders(group))
        return {id: Comparison([scores[one] for one in shown]) for id, shown in orders}

    def show(self, taskset: AnyTaskSet, tasks: Collection[str], folder: Path) -> None:
        show_pairs(set_of_pairs(taskset), tasks, folder)

    def parts(self, taskset: AnyTaskSet) -> Mapping[str, Mapping[str, Any]]:
        return parts_of_pairs(set_of_pairs(taskset))

    def cases(self, taskset: AnyTaskSet, tasks: Collection[str], common: Sequence[str]) -> Cases:
        pairwise = set_of_pairs(taskset)
        rollouts, known = pairwise.part(tasks)[0], pairwise.rollouts
        runs = [
            chain_of_several(*(known[one].trajectory for one in shown))
            for shown in (orders_of(group)[0] for group in _groups(pairwise, tasks))
        ]
        return cases_of(rollouts, policy=pairwise.policy, tools=pairwise.tools, common=common, runs=runs)


def _groups(taskset: TaskSet, tasks: Collection[str]) -> list[RankedGroup]:
    """What is compared: the pairs, as groups of two, and the groups of `groups.jsonl`."""
    return [*map(group_of_pair, taskset.part(tasks)[1]), *taskset.given_groups(tasks)]


def _orders(group: RankedGroup) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each order of a comparison with its id as an example, which also names files."""
    name = group.id if is_name(group.id) else f"comparison-{files.digest(group.id)[:12]}"
    for number, shown in enumerate(orders_of(group), 1):
        yield f"{name}-{number}", shown


def _compared(
    taskset: TaskSet, part: Part, evaluation: Evaluation
) -> Iterator[tuple[Item, RankedGroup, dict[str, Order]]]:
    """Each item of a part with its group and its orders by id, each with the scores that it got."""
    outputs = {result.example: result.output for result in evaluation.results}
    groups = {group.id: group for group in _groups(taskset, part.tasks)}
    for item in part.items:
        orders = {id: _order(shown, outputs.get(id)) for id, shown in _orders(groups[item.id])}
        yield item, groups[item.id], orders


def _order(shown: tuple[str, ...], output: Output | None) -> Order:
    return Order(shown, dict(zip(shown, output.scores, strict=True)) if isinstance(output, Comparison) else None)


def _outcome(item: Item, group: RankedGroup, orders: Mapping[str, Order]) -> ItemOutcome:
    every = [*orders.values()]
    score = fmean(agreement_of(group, order) for order in every)
    told = {id: {"shown": order.shown, "ranking": order.ranking} for id, order in orders.items()}
    expected = ranking_of(group.ranks)
    return ItemOutcome(
        item.id, item.task, item.categories, expected, verdict_of(every), score, item.weight, {"orders": told}
    )
