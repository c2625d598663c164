"""The worlds that `meta-reward tasks build` can simulate, by name. Each is imported when it is asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class BuildWorld(Protocol):
    """Writes a simulated task set to a path; the same arguments give the same bytes."""

    def __call__(self, path: Path, *, name: str, tasks: int, rollouts: int, seed: int) -> None:
        """rollouts: trajectories per task."""
        ...


def world_builder(world: str) -> BuildWorld:
    """The builder of one of `WORLDS`."""
    return _BUILDERS[world]()


def _skyways() -> BuildWorld:
    from meta_reward.offline.skyways import build

    return build


_BUILDERS: dict[str, Callable[[], BuildWorld]] = {"skyways": _skyways}
WORLDS = tuple(_BUILDERS)
