"""The policy `solve`: in which way a problem is answered.

It begins with all ways alike, and learns for all problems and for each method by itself. What is true of an answer is
whether it is right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from meta_reward.errors import UsageError
from meta_reward.offline.mpo.softmax import Decision
from meta_reward.offline.mpo.trained import SoftmaxPolicy, rates_of
from meta_reward.offline.solutions.ways import WAYS, answered, is_right, make_solver
from meta_reward.offline.solver import SimulatedSolver
from meta_reward.offline.solver.reading import read_page
from meta_reward.search.mpo.policy import PolicyContext
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Trajectory


@dataclass(slots=True)
class SolvePolicy(SoftmaxPolicy):
    """Chooses a way on each problem. problems: the text of each, by its task; methods: what each takes."""

    problems: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)
    solver: SimulatedSolver = field(default_factory=lambda: make_solver(0))
    _acted: dict[tuple[str, str, int], tuple[Trajectory, float]] = field(default_factory=dict)

    def decisions(self, task: str) -> Sequence[Decision]:
        return (Decision(("every problem", self.methods[task]), dict.fromkeys(WAYS, 0.0)),)

    def act(self, task: str, moves: Sequence[str], variant: int) -> tuple[Trajectory, float]:
        key = (task, moves[0], variant)
        if key not in self._acted:
            trajectory = answered(self.solver, self.problems[task], moves[0], variant)
            self._acted[key] = trajectory, float(is_right(trajectory))
        return self._acted[key]


def make(model: str, context: PolicyContext) -> SolvePolicy:
    """The policy on a task set of puzzles that are answered. Raises UsageError for any other."""
    if model:
        raise UsageError(f"policy solve takes no argument, and was given {model!r}")
    problems = {one.task: one.trajectory.messages[0].content for one in context.taskset.rollouts.values()}
    methods = {task: _method_of(text, context.taskset) for task, text in problems.items()}
    return SolvePolicy(
        context.seed, rates_of(context.settings), problems=problems, methods=methods, solver=make_solver(context.seed)
    )


def _method_of(problem: str, taskset: TaskSet) -> str:
    target = read_page(problem).target
    if target is None:
        what = f"task set {taskset.name} holds other problems than puzzles, and policy solve answers no others"
        raise UsageError(what, hint="name one that `meta-reward tasks build solutions` made")
    return target.method.name
