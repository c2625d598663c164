"""The policy `desk`: how an agent of the simulated airline desk handles a case, and in which manner.

On each case it chooses a course, sound or one of the faults that the case leaves room for, and a manner of speaking.
It begins as the agents of the task set do, and learns for all cases of a kind and for each situation. What it did is
graded by replay (`skyways/grader.py`); the manner makes no difference to that.
"""

import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from meta_reward.errors import UsageError
from meta_reward.offline.mpo.softmax import Decision
from meta_reward.offline.mpo.trained import SoftmaxPolicy, rates_of
from meta_reward.offline.skyways import agents, rules
from meta_reward.offline.skyways.build import draw_case, situations
from meta_reward.offline.skyways.case import Case
from meta_reward.offline.skyways.conversation import converse
from meta_reward.offline.skyways.grader import grade
from meta_reward.offline.skyways.tools import TOOLS
from meta_reward.offline.skyways.voice import Voice
from meta_reward.search.mpo.policy import PolicyContext
from meta_reward.trajectory import Trajectory

MANNERS: Mapping[str, Voice] = {"plain": Voice(0, 0), "usual": Voice(1, 1), "effusive": Voice(2, 2)}
_SOUND = "sound"
_SOURCE = re.compile(r"a simulated airline desk, seed (\d+):")
_SPECS = tuple(tool.spec for tool in TOOLS.values())


@dataclass(frozen=True, slots=True)
class _Task:
    """A task of the world, as the policy sees it."""

    case: Case
    course: Decision
    manner: Decision


@dataclass(slots=True)
class DeskPolicy(SoftmaxPolicy):
    """Chooses a course and a manner on each case. cases: of each task, its case and the name of its situation."""

    cases: Mapping[str, tuple[Case, str]] = field(default_factory=dict)
    _tasks: dict[str, _Task] = field(default_factory=dict)
    _acted: dict[tuple[str, str, str, int], tuple[Trajectory, float]] = field(default_factory=dict)

    def decisions(self, task: str) -> Sequence[Decision]:
        found = self._task(task)
        return found.course, found.manner

    def act(self, task: str, moves: Sequence[str], variant: int) -> tuple[Trajectory, float]:
        course, manner = moves
        key = (task, course, manner, variant)
        if key not in self._acted:
            self._acted[key] = self._converse(*key)
        return self._acted[key]

    def _converse(self, task: str, course: str, manner: str, variant: int) -> tuple[Trajectory, float]:
        case, rng = self._task(task).case, random.Random(f"{task}/{course}/{manner}/{variant}")
        taken = _agent(course)(case, rng)
        assert taken is not None, "the case leaves room for the course"
        messages = converse(case, taken, MANNERS[manner], rng)
        return Trajectory(rules.POLICY, _SPECS, messages), float(not grade(case, messages))

    def _task(self, task: str) -> _Task:
        if task not in self._tasks:
            case, situation = self.cases[task]
            kind = "act" if case.errand.plan else "refrain"
            course = Decision(("every case", kind, situation), _start(case))
            self._tasks[task] = _Task(case, course, Decision(("manner",), dict.fromkeys(MANNERS, 0.0)))
        return self._tasks[task]


def make(model: str, context: PolicyContext) -> DeskPolicy:
    """The policy on a task set of the desk. Raises UsageError for any other."""
    if model:
        raise UsageError(f"policy desk takes no argument, and was given {model!r}")
    return DeskPolicy(context.seed, rates_of(context.settings), cases=cases_of(context))


def cases_of(context: PolicyContext) -> dict[str, tuple[Case, str]]:
    """The case behind each task of a set that `tasks build skyways` made, and the name of its situation."""
    taskset = context.taskset
    found = _SOURCE.match(taskset.about.source)
    numbers = {task: int(task[1:]) for task in taskset.tasks if re.fullmatch(r"t\d+", task)}
    if found is None or taskset.policy.strip() != rules.POLICY.strip() or len(numbers) < len(set(taskset.tasks)):
        what = f"task set {taskset.name} is not of the simulated airline desk, and policy desk acts nowhere else"
        raise UsageError(what, hint="name skyways, or one that `meta-reward tasks build skyways` made")
    seed = int(found[1])
    every = situations(max(numbers.values()) + 1, seed)
    return {
        task: (draw_case(every[number], f"{seed}/{task}")[0], f"{every[number].__module__}.{every[number].__name__}")
        for task, number in numbers.items()
    }


def _start(case: Case) -> dict[str, float]:
    """Start logits: sound half of the time, else a fault by its weight, as the agents of the task set."""
    weights = agents.faults_of(case)
    possible = {f.__name__: weight for f, weight in weights.items() if f(case, random.Random(0)) is not None}
    return {_SOUND: math.log(sum(possible.values())), **{name: math.log(w) for name, w in possible.items()}}


def _agent(course: str) -> agents.Fault:
    found: agents.Fault = getattr(agents, course)
    return found
