"""Kind `reward`: a harness scores trajectories, and pairs say which of two should have the higher reward."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, TypeGuard, cast

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.best_of_n import best_of_n
from meta_reward.evaluation.learned import learned_rewards
from meta_reward.evaluation.metrics import Metrics, PairOutcome, outcomes, preferences_of, summarize
from meta_reward.evaluation.outcome import Example, Item, Part
from meta_reward.evaluation.ranking import group_scores
from meta_reward.evaluation.records import Evaluation
from meta_reward.evaluation.reward_stats import reward_stats
from meta_reward.harness.entries import Output
from meta_reward.harness.runtime import Reward
from meta_reward.harness.validate import REWARD, Cases, cases_of
from meta_reward.kinds.base import Kind, Outcomes, Words
from meta_reward.tasks.about import REWARD as REWARD_KIND
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.taskset import TaskSet, load_task_set, save_task_set
from meta_reward.trajectory import Pair, Rollout, parse_trajectory, trajectory_to_json


class RewardKind(Kind):
    """The product's own kind."""

    name = REWARD_KIND
    words = Words(
        "agreement",
        "pairs",
        "trajectories",
        "agreement: share of pairs whose preferred trajectory got the higher reward, a tie counting one half; [95%]: "
        "its interval by task, or why there is none; strict: a tie counts nothing; failures: pairs without both "
        "rewards, which are lost; coverage: share of pairs with both; mean margin: the preferred reward minus the "
        "other, in points",
        "judge tokens",
        "judge",
        "a linear model of words and tool calls, trained on the pairs of search and validation",
    )
    program = REWARD
    texts = Path(__file__).parent / "texts" / "reward"
    seeds = ""
    simulated = "simulated"
    proposer = "catalog"

    def load(self, path: Path) -> TaskSet:
        return load_task_set(path)

    def part(self, taskset: AnyTaskSet, tasks: Collection[str]) -> Part:
        rollouts, pairs = set_of_pairs(taskset).part(tasks)
        return reward_part(rollouts, pairs)

    def characters(self, example: Example) -> int:
        return len(parse_trajectory(example.arguments["trajectory"]).transcript())

    def outcomes(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation) -> Sequence[PairOutcome]:
        wanted = {item.id for item in part.items}
        pairs = [pair for pair in set_of_pairs(taskset).part(part.tasks)[1] if pair.id in wanted]
        return outcomes(pairs, evaluation.rewards)

    def metrics(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation, outcomes: Outcomes) -> Metrics:
        rollouts, _ = set_of_pairs(taskset).part(part.tasks)
        pairs, rewards = cast(Sequence[PairOutcome], outcomes), evaluation.rewards
        told = preferences_of(
            pairs,
            rewards=reward_stats(rollouts, rewards),
            selection=best_of_n(rollouts, rewards),
            groups=group_scores(set_of_pairs(taskset).groups_of(part.tasks), rewards),
        )
        return summarize(pairs, examples=len(evaluation.results), tokens=evaluation.tokens, preferences=told)

    def combined(self, outputs: Sequence[Output]) -> Output:
        return Reward(fmean(one.score for one in outputs if isinstance(one, Reward)))

    def learned(self, taskset: AnyTaskSet, known: Collection[str], asked: Collection[str]) -> Mapping[str, Output]:
        training, pairs = set_of_pairs(taskset).part(known)
        found = learned_rewards({r.id: r for r in training}, pairs, set_of_pairs(taskset).part(asked)[0])
        return {id: Reward(score) for id, score in found.items()}

    def show(self, taskset: AnyTaskSet, tasks: Collection[str], folder: Path) -> None:
        show_pairs(set_of_pairs(taskset), tasks, folder)

    def parts(self, taskset: AnyTaskSet) -> Mapping[str, Mapping[str, Any]]:
        return parts_of_pairs(set_of_pairs(taskset))

    def cases(self, taskset: AnyTaskSet, tasks: Collection[str], common: Sequence[str]) -> Cases:
        pairwise = set_of_pairs(taskset)
        return cases_of(pairwise.part(tasks)[0], policy=pairwise.policy, tools=pairwise.tools, common=common)


def show_pairs(taskset: TaskSet, tasks: Collection[str], folder: Path) -> None:
    """Write some tasks of a task set of pairs as a task set of its own."""
    rollouts, pairs = taskset.part(tasks)
    policy, tools, groups = taskset.policy, taskset.tools, taskset.given_groups(tasks)
    save_task_set(folder, taskset.about, policy=policy, tools=tools, rollouts=rollouts, pairs=pairs, groups=groups)


def parts_of_pairs(taskset: TaskSet) -> Mapping[str, Mapping[str, Any]]:
    """What a task set of pairs holds, part by part."""
    return {
        "shared": {"policy": taskset.policy, "tools": taskset.tools},
        "trajectories": {id: _own(rollout, taskset) for id, rollout in sorted(taskset.rollouts.items())},
        "pairs": {pair.id: files.as_dict(pair) for pair in taskset.pairs},
        "groups": {group.id: files.as_dict(group) for group in taskset.groups},
    }


def reward_part(rollouts: Sequence[Rollout], pairs: Sequence[Pair] = ()) -> Part:
    """The part that has these trajectories as examples and these pairs as items."""
    tasks = frozenset(rollout.task for rollout in rollouts)
    items = [Item(pair.id, pair.task, (pair.preferred, pair.other), pair.categories) for pair in pairs]
    return Part(tasks, reward_examples(rollouts), items)


def reward_examples(rollouts: Sequence[Rollout]) -> list[Example]:
    """Trajectories as examples for a harness."""
    return [Example(r.id, r.task, "reward", {"trajectory": trajectory_to_json(r.trajectory)}) for r in rollouts]


def has_rewards(taskset: AnyTaskSet) -> TypeGuard[TaskSet]:
    """Whether a task set is of pairs, for programs that score single trajectories."""
    return isinstance(taskset, TaskSet) and taskset.about.kind == REWARD_KIND


def pairwise(taskset: AnyTaskSet) -> TaskSet:
    """A task set of pairs for rewards, with its own type. Raises UsageError for any other."""
    if isinstance(taskset, TaskSet) and not has_rewards(taskset):
        what = f"programs of kind {taskset.about.kind} do not reward single trajectories, and this needs rewards"
        raise UsageError(what, hint="name a reward harness, or a run of them")
    if not has_rewards(taskset):
        what = f"task set {taskset.name} is for kind {taskset.about.kind}, and this needs preference pairs"
        raise UsageError(what, hint="name a task set of pairs, or a run on one")
    return taskset


def set_of_pairs(taskset: AnyTaskSet) -> TaskSet:
    """A task set with its own type, if the caller knows that it is of pairs, for rewards or programs that compare."""
    assert isinstance(taskset, TaskSet)
    return taskset


def _own(rollout: Rollout, taskset: TaskSet) -> list[Any]:
    """A rollout without the policy and tools that all share, so that a change of these changes no rollout."""
    own = rollout.trajectory
    policy = None if own.policy == taskset.policy else own.policy
    tools = None if own.tools == taskset.tools else own.tools
    return [rollout.task, rollout.success, own.messages, policy, tools]
