"""Task sets in brief, as data and as a table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward.errors import UsageError
from meta_reward.kinds.registry import load_any_task_set
from meta_reward.report.tables import fit, render_table
from meta_reward.tasks.about import REWARD
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.divide import SPLITS
from meta_reward.tasks.openings import count_openings
from meta_reward.tasks.splits import splits_of
from meta_reward.tasks.taskset import TaskSet

_LEGEND = (
    f"items: pairs, texts or problems; {', '.join(SPLITS)}: tasks/items in that split; opened: how often the test "
    "split was opened. Below each: its kind, or its failure categories with their number of pairs."
)


@dataclass(frozen=True, slots=True)
class SplitSize:
    """The size of a split."""

    tasks: int
    items: int


@dataclass(frozen=True, slots=True)
class TaskSetSummary:
    """A task set in brief."""

    name: str
    """The name of its folder, by which commands find it."""
    kind: str
    simulated: bool
    tasks: int
    """All tasks, also those without items, which belong to no split."""
    trajectories: int | None
    """None if the kind has no trajectories."""
    items: int
    """Number of items; for rewards, of pairs."""
    splits: dict[str, SplitSize]
    """Empty if there are too few tasks to divide."""
    categories: dict[str, int]
    """Number of pairs by failure category."""
    openings: int
    """How often its test split was opened."""


def summary_of_task_set(path: Path) -> TaskSetSummary:
    """The task set in a folder. Raises DataError if it cannot be read."""
    taskset = load_any_task_set(path)
    rollouts = taskset.rollouts.values() if isinstance(taskset, TaskSet) else None
    pairs = taskset.pairs if isinstance(taskset, TaskSet) else ()
    categories = Counter(category for pair in pairs for category in pair.categories)
    return TaskSetSummary(
        name=path.name,
        kind=taskset.about.kind,
        simulated=taskset.about.simulated,
        tasks=len(taskset.tasks_with_items if rollouts is None else {rollout.task for rollout in rollouts}),
        trajectories=None if rollouts is None else len(rollouts),
        items=len(taskset.tasks_of_items),
        splits=_splits(taskset),
        categories=dict(sorted(categories.items())),
        openings=count_openings(path),
    )


def render_task_sets(listed: Sequence[TaskSetSummary]) -> str:
    """One row per task set, with its kind or its failure categories below."""
    headers = ["task set", "tasks", "trajectories", "items", *SPLITS, "opened"]
    rows = [
        [
            *(item.name, item.tasks, "-" if item.trajectories is None else item.trajectories, item.items),
            *(_size(item.splits.get(split)) for split in SPLITS),
            f"{item.openings}x",
        ]
        for item in listed
    ]
    below = [_below(item) for item in listed]
    return f"{render_table(headers, rows, below=below)}\n\n{fit(_LEGEND)}"


def _below(item: TaskSetSummary) -> str:
    if item.kind != REWARD:
        return f"kind {item.kind}"
    return ", ".join(f"{name} {count}" for name, count in item.categories.items())


def _splits(taskset: AnyTaskSet) -> dict[str, SplitSize]:
    try:
        splits = splits_of(taskset)
    except UsageError:  # too few tasks
        return {}
    return {split: SplitSize(len(tasks), sum(taskset.items_of_each(tasks))) for split, tasks in splits.items()}


def _size(split: SplitSize | None) -> str:
    return f"{split.tasks}/{split.items}" if split else "-"
