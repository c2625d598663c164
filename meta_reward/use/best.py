"""Best-of-N over a stream of scores: the trajectory with the highest score of each task. Ties go to the earlier one."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Best:
    """The best trajectory of a task."""

    task: str
    n: int | None = None
    """Its line in the output, from 1; None if no trajectory of the task has a score."""
    id: str | None = None
    score: float | None = None
    """From 0 to 100."""
    of: int = 0
    """How many trajectories the task has."""
    failed: int = 0
    """How many of them have no score."""


@dataclass(slots=True)
class BestOf:
    """The best so far. Memory grows with the number of tasks, not of trajectories."""

    without_task: int = 0
    """Number of trajectories that name no task."""
    _best: dict[str, Best] = field(default_factory=dict)

    def add(self, n: int, task: str | None, id: str | None, score: float | None) -> None:
        """Count one more line of the output. n: its number, from 1."""
        if task is None:
            self.without_task += 1
            return
        best = self._best.setdefault(task, Best(task))
        best.of += 1
        if score is None:
            best.failed += 1
        elif best.score is None or score > best.score:
            best.n, best.id, best.score = n, id, score

    def __iter__(self) -> Iterator[Best]:
        """One per task, in the order in which the tasks first occurred."""
        return iter(self._best.values())

    def __len__(self) -> int:
        return len(self._best)
