"""Task sets in brief, as data and as a table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward.errors import UsageError
from meta_reward.report.tables import fit, render_table
from meta_reward.tasks.divide import SPLITS
from meta_reward.tasks.openings import count_openings
from meta_reward.tasks.splits import splits_of
from meta_reward.tasks.taskset import TaskSet, load_task_set

_LEGEND = (
    f"{', '.join(SPLITS)}: tasks/pairs in that split; opened: how often the test split was looked at. "
    "Under each its failure categories, with their pairs."
)


@dataclass(frozen=True, slots=True)
class SplitSize:
    """What a split holds."""

    tasks: int
    pairs: int


@dataclass(frozen=True, slots=True)
class TaskSetSummary:
    """A task set in brief."""

    name: str
    """That of its folder, by which commands find it."""
    simulated: bool
    tasks: int
    """All tasks, also those without pairs, which belong to no split."""
    trajectories: int
    pairs: int
    splits: dict[str, SplitSize]
    """Empty if there are too few tasks to divide."""
    categories: dict[str, int]
    """Pairs of each failure category."""
    openings: int
    """How often its test split was opened."""


def summary_of_task_set(path: Path) -> TaskSetSummary:
    """The task set in a folder. Raises DataError if it cannot be read."""
    taskset = load_task_set(path)
    categories = Counter(category for pair in taskset.pairs for category in pair.categories)
    return TaskSetSummary(
        name=path.name,
        simulated=taskset.about.simulated,
        tasks=len({rollout.task for rollout in taskset.rollouts.values()}),
        trajectories=len(taskset.rollouts),
        pairs=len(taskset.pairs),
        splits=_splits(taskset),
        categories=dict(sorted(categories.items())),
        openings=count_openings(path),
    )


def render_task_sets(listed: Sequence[TaskSetSummary]) -> str:
    """A row for each, with its failure categories below."""
    headers = ["task set", "tasks", "trajectories", "pairs", *SPLITS, "opened"]
    rows = [
        [
            *(item.name, item.tasks, item.trajectories, item.pairs),
            *(_size(item.splits.get(split)) for split in SPLITS),
            f"{item.openings}x",
        ]
        for item in listed
    ]
    below = [", ".join(f"{name} {count}" for name, count in item.categories.items()) for item in listed]
    return f"{render_table(headers, rows, below=below)}\n\n{fit(_LEGEND)}"


def _splits(taskset: TaskSet) -> dict[str, SplitSize]:
    try:
        splits = splits_of(taskset)
    except UsageError:  # too few tasks
        return {}
    return {split: SplitSize(len(tasks), len(taskset.part(tasks)[1])) for split, tasks in splits.items()}


def _size(split: SplitSize | None) -> str:
    return f"{split.tasks}/{split.pairs}" if split else "-"
