"""Kind `reward`: what of its task sets a proposer sees, and by which groups rewards are measured."""

from pathlib import Path

import pytest

from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.harness.runtime import Reward
from meta_reward.kinds.registry import KINDS
from meta_reward.report.group_tables import groups_by_size
from meta_reward.tasks.groups import RankedGroup
from meta_reward.tasks.taskset import TaskSet, load_task_set, save_task_set
from tests.conftest import make_task_set

KIND = KINDS["reward"]
TASKS = ["t01", "t02"]


@pytest.fixture
def taskset(tmp_path: Path) -> TaskSet:
    """Ten tasks, of whose four runs r1 and r3 succeed."""
    return make_task_set(tmp_path / "made")


def with_groups(taskset: TaskSet, path: Path) -> TaskSet:
    """The same with a group for each task, in another folder."""
    groups = [
        RankedGroup(f"{task}-g1", task, tuple((f"{task}-r{n}",) for n in (1, 3, 2))) for task in sorted(taskset.tasks)
    ]
    rollouts, pairs = taskset.part(taskset.tasks)
    about, policy, tools = taskset.about, taskset.policy, taskset.tools
    save_task_set(path, about, policy=policy, tools=tools, rollouts=rollouts, pairs=pairs, groups=groups)
    return load_task_set(path)


def scored(taskset: TaskSet, tasks: list[str]) -> Evaluation:
    """Rewards that put earlier runs of a task first."""
    rollouts, _ = taskset.part(tasks)
    return Evaluation([Result(r.id, r.task, Reward(100 - 10.0 * int(r.id[-1])), None, [], []) for r in rollouts])


def sizes(taskset: TaskSet, tasks: list[str]) -> dict[int, tuple[int, float]]:
    part, evaluation = KIND.part(taskset, tasks), scored(taskset, tasks)
    metrics = KIND.metrics(taskset, part, evaluation, KIND.outcomes(taskset, part, evaluation))
    return {size: (one.groups, one.right) for size, one in groups_by_size(metrics).items()}


def test_proposer_sees_the_groups_of_search_alone(taskset: TaskSet, tmp_path: Path) -> None:
    given = with_groups(taskset, tmp_path / "given")
    KIND.show(given, TASKS, tmp_path / "shown")
    assert [group.task for group in load_task_set(tmp_path / "shown").groups] == TASKS
    assert "t03" not in (tmp_path / "shown" / "groups.jsonl").read_text()
    assert given.digest != taskset.digest


def test_given_groups_take_the_place_of_those_from_labels(taskset: TaskSet, tmp_path: Path) -> None:
    assert sizes(taskset, TASKS) == {2: (8, 0.75), 3: (4, 0.5)}
    assert sizes(with_groups(taskset, tmp_path / "given"), TASKS) == {2: (8, 0.75), 3: (2, 0.0)}
