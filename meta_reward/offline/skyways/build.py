"""Builds the task set: cases from situations, conversations from agents, labels from the grader.

The same arguments give the same bytes. Each task depends on its number and the seed alone, and
nothing in a rollout's id, order or messages says which agent it came from.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meta_reward.offline.skyways import rules
from meta_reward.offline.skyways.agents import faulty, sound
from meta_reward.offline.skyways.case import Case
from meta_reward.offline.skyways.conversation import converse
from meta_reward.offline.skyways.grader import CATEGORIES, grade
from meta_reward.offline.skyways.scene import Scene
from meta_reward.offline.skyways.situations import INTENTS, Situation
from meta_reward.offline.skyways.tools import TOOLS
from meta_reward.offline.skyways.voice import Voice
from meta_reward.tasks.about import About
from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.tasks.splits import division_of_new
from meta_reward.tasks.taskset import save_task_set
from meta_reward.trajectory import Rollout, Trajectory

_TOOLS = tuple(tool.spec for tool in TOOLS.values())


@dataclass(frozen=True, slots=True)
class Acted:
    """A task of a world. rollouts: each with its faults, as `grade` names them."""

    task: str
    case: Case
    rollouts: tuple[tuple[Rollout, tuple[str, ...]], ...]


def build(path: Path, *, name: str = "skyways", tasks: int = 90, rollouts: int = 8, seed: int = 0) -> None:
    """Write a simulated task set of this size to `path`, in place of what is there; another seed, another world.

    Tasks that already exist stay in their splits.
    """
    made: list[Rollout] = []
    categories: dict[str, tuple[str, ...]] = {}
    for acted in act_out(tasks=tasks, rollouts=rollouts, seed=seed):
        for rollout, faults in acted.rollouts:
            made.append(rollout)
            categories[rollout.id] = faults
    about = About(
        name=name,
        source=f"a simulated airline desk, seed {seed}: scripted agents, graded by replay",
        licence="Apache-2.0",
        simulated=True,
        category_notes=CATEGORIES,
    )
    pairs = pairs_from_labels(made, seed=seed, categories=categories)
    division = division_of_new(path, name, made, pairs)
    save_task_set(
        path, about, policy=rules.POLICY, tools=_TOOLS, rollouts=made, pairs=pairs, division=division, replace=True
    )


def act_out(*, tasks: int, rollouts: int, seed: int) -> Iterator[Acted]:
    """Every task of a world: its case, and its conversations with the faults that replay finds in each."""
    for number, situation in enumerate(situations(tasks, seed)):
        task = f"t{number:03d}"
        case, rng = draw_case(situation, f"{seed}/{task}")
        yield Acted(task, case, tuple(_rollouts(task, case, rollouts, rng)))


def draw_case(situation: Situation, seed: str) -> tuple[Case, random.Random]:
    """A case of a situation, and the source of chance as drawing it has left it."""
    rng = random.Random(seed)
    scene = Scene(rng)
    return scene.case(situation(scene)), rng


def situations(tasks: int, seed: int) -> list[Situation]:
    """One situation per task: each situation once per round, every round in a new order."""
    rng = random.Random(f"{seed}/situations")
    every = [situation for situations in INTENTS.values() for situation in situations]
    chosen: list[Situation] = []
    while len(chosen) < tasks:
        chosen += rng.sample(every, len(every))
    return chosen[:tasks]


def _rollouts(task: str, case: Case, count: int, rng: random.Random) -> list[tuple[Rollout, tuple[str, ...]]]:
    agents = [sound] * _sound_ones(count, rng)
    agents += [faulty] * (count - len(agents))
    rng.shuffle(agents)
    rollouts = []
    for number, agent in enumerate(agents):
        messages = converse(case, agent(case, rng), _voice(agent is faulty, rng), rng)
        faults = grade(case, messages)
        trajectory = Trajectory(rules.POLICY, _TOOLS, messages)
        rollouts.append((Rollout(f"{task}-r{number}", task, trajectory, int(not faults)), faults))
    return rollouts


def _sound_ones(count: int, rng: random.Random) -> int:
    """How many of a task's agents are sound: some, and not all, so that nearly every task has pairs."""
    return min(count - 1, max(1, round(count * rng.choice((0.2, 0.35, 0.5, 0.5, 0.65, 0.8)))))


def _voice(is_faulty: bool, rng: random.Random) -> Voice:
    """A manner of speaking. Faulty agents talk and flatter a little more, as real ones do."""
    weights = (30, 35, 35) if is_faulty else (35, 35, 30)
    length, warmth = (rng.choices((0, 1, 2), weights)[0] for _ in range(2))
    return Voice(length, warmth)
