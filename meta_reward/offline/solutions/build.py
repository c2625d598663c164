"""Builds the task set: problems of `puzzles`, each answered in several ways, a right answer preferred to a wrong one.

The same arguments give the same bytes. Nothing in a rollout's id or order says in which way it was answered.
"""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from meta_reward.offline import puzzles
from meta_reward.offline.solutions.ways import POLICY, WAYS, answered, is_right, make_solver
from meta_reward.tasks.about import About
from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.tasks.problems import Problem, load_problem_set
from meta_reward.tasks.splits import division_of_new
from meta_reward.tasks.taskset import save_task_set
from meta_reward.trajectory import Rollout


def build(path: Path, *, name: str = "solutions", tasks: int = 200, rollouts: int = 6, seed: int = 0) -> None:
    """Write a simulated set of so many problems to `path`, in place of what is there.

    Tasks that already exist stay in their splits. Problems that are only answered rightly, or only wrongly, are in no
    pair.
    """
    with tempfile.TemporaryDirectory() as folder:
        puzzles.build(Path(folder) / "puzzles", tasks=tasks, texts=1, seed=seed)
        problems = load_problem_set(Path(folder) / "puzzles").problems
    made = [rollout for problem in problems for rollout in _rollouts(problem, rollouts, seed)]
    about = About(
        name,
        source=f"answers of a simulated solver to generated problems, seed {seed}",
        licence="Apache-2.0",
        simulated=True,
    )
    pairs = pairs_from_labels(made, seed=seed)
    division = division_of_new(path, name, made, pairs)
    save_task_set(path, about, policy=POLICY, tools=(), rollouts=made, pairs=pairs, division=division, replace=True)


def _rollouts(problem: Problem, count: int, seed: int) -> Iterator[Rollout]:
    chance = random.Random(f"{seed}/{problem.id}")
    solver = make_solver(seed)
    for number, way in enumerate(chance.choices(list(WAYS), k=count), 1):
        trajectory = answered(solver, problem.problem, way, number)
        yield Rollout(f"{problem.id}-r{number}", problem.id, trajectory, int(is_right(trajectory)))
