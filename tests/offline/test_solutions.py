"""Solutions: problems of `puzzles` answered in several ways, and the task set made of them."""

from pathlib import Path

import pytest

from meta_reward.errors import UsageError
from meta_reward.offline.solutions import build
from meta_reward.offline.solutions.policy import make
from meta_reward.offline.solutions.ways import WAYS, answered, is_right, make_solver
from meta_reward.search.mpo.policy import PolicyContext
from meta_reward.tasks.problems import load_problem_set
from meta_reward.tasks.taskset import load_task_set
from meta_reward.trajectory import Message, Trajectory
from tests.conftest import PROJECT, make_task_set

PROBLEMS = load_problem_set(PROJECT / "tasks" / "puzzles").problems[:100]


def share_right(way: str) -> float:
    solver = make_solver(0)
    return sum(is_right(answered(solver, one.problem, way, 0)) for one in PROBLEMS) / len(PROBLEMS)


def test_work_finds_more_than_words() -> None:
    share = {way: share_right(way) for way in WAYS}
    assert share["checked"] > share["worked"] > share["bare"] + 0.1
    assert (share["assured"], share["padded"], share["vague"]) == (share["bare"], share["bare"], 0.0)


def test_what_is_right_is_what_the_problem_set_trusts() -> None:
    for one in PROBLEMS:
        said = (f"Answer: {one.answer}", "Answer: -0.123456", one.answer)
        told = [Trajectory("", (), (Message("user", one.problem), Message("assistant", text))) for text in said]
        assert [is_right(trajectory) for trajectory in told] == [True, False, False]


def test_another_problem_has_no_known_answer() -> None:
    with pytest.raises(ValueError, match="none of puzzles"):
        is_right(Trajectory("", (), (Message("user", "What is 1 + 1?"), Message("assistant", "Answer: 2"))))


def test_task_set_is_the_same_every_time_and_prefers_right_answers(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build(tmp_path / name, name="solutions", tasks=20, seed=3)
    one, two = load_task_set(tmp_path / "one"), load_task_set(tmp_path / "two")
    assert one.digest == two.digest
    assert one.about.simulated
    assert {(one.rollouts[p.preferred].success, one.rollouts[p.other].success) for p in one.pairs} == {(1, 0)}


def test_policy_that_is_rewarded_for_right_answers_gives_more_of_them(tmp_path: Path) -> None:
    build(tmp_path / "solutions", tasks=8, seed=3)
    taskset = load_task_set(tmp_path / "solutions")
    policy, tasks = make("", PolicyContext(taskset, 0)), sorted(taskset.tasks)
    before = policy.success(tasks)
    for _ in range(12):
        samples = policy.sample(tasks, 4)
        policy.update(samples, [100 * (sample.official or 0.0) for sample in samples])
    assert policy.success(tasks) > before + 0.1


def test_policy_answers_nothing_but_puzzles(tmp_path: Path) -> None:
    taskset = make_task_set(tmp_path / "small", tasks=3)
    with pytest.raises(UsageError, match="small holds other problems than puzzles"):
        make("", PolicyContext(taskset, 0))
