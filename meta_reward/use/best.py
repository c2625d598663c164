"""Best-of-N from scores as they pass by: of each task, the trajectory with the highest. Ties go to the earlier."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Best:
    """The best trajectory of a task."""

    task: str
    n: int | None = None
    """Its line in the output, from 1; None if none of the task has a score."""
    id: str | None = None
    score: float | None = None
    """From 0 to 100."""
    of: int = 0
    """How many trajectories the task has."""
    failed: int = 0
    """How many of them have no score."""


@dataclass(slots=True)
class BestOf:
    """The best so far. Its memory grows with the tasks and not with the trajectories."""

    without_task: int = 0
    """Trajectories that name no task."""
    _best: dict[str, Best] = field(default_factory=dict)

    def add(self, n: int, task: str | None, id: str | None, score: float | None) -> None:
        """One more line."""
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
        """In the order in which the tasks came."""
        return iter(self._best.values())

    def __len__(self) -> int:
        return len(self._best)
