"""Simulated worlds by name: those that `meta-reward tasks build` makes task sets of, and those that answer agents.

Each is imported when it is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from meta_reward.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class World:
    """A simulated world."""

    module: str
    """In `offline/`. Its function `build` writes a task set; the same arguments give the same bytes."""
    size: Mapping[str, int]
    """What its size is made of, and how much of each there is by default."""

    def build(self, path: Path, *, name: str, seed: int, **size: int) -> None:
        """Write a simulated task set to a path, in place of what is there."""
        import_module(f"meta_reward.offline.{self.module}").build(path, name=name, seed=seed, **{**self.size, **size})


@dataclass(frozen=True, slots=True)
class Grade:
    """What became of a conversation in a world that knows."""

    success: float
    """From 0 to 1."""
    faults: tuple[str, ...] = ()
    """What went wrong, in a word or two each."""


class LiveWorld(Protocol):
    """One conversation in a world that answers an agent. It follows from task, repeat, and what was said and done."""

    def say(self, text: str) -> str | None:
        """What the customer answers; None if they have left."""
        ...

    def call(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        """The result of a call as text, and whether it is an error."""
        ...

    def trajectory(self) -> Trajectory:
        """All that was said and done so far."""
        ...

    def grade(self) -> Grade:
        """How it went."""
        ...


def open_live(name: str, arguments: Mapping[str, Any], *, repeat: int) -> LiveWorld:
    """A world of LIVE, opened for one conversation. Raises KeyError, TypeError or ValueError for wrong arguments."""
    module, cls = LIVE[name]
    return cast(LiveWorld, getattr(import_module(f"meta_reward.offline.{module}"), cls).open(arguments, repeat))


LIVE = {"skyways": ("skyways.desk", "Desk")}
"""The module in `offline/` of each world that answers agents, and its class."""
WORLDS = {
    "skyways": World("skyways", {"tasks": 90, "rollouts": 8}),
    "errands": World("errands", {"tasks": 150}),
    "puzzles": World("puzzles", {"tasks": 200, "texts": 800}),
    "frontdesk": World("frontdesk", {"tasks": 60}),
    "solutions": World("solutions", {"tasks": 200, "rollouts": 6}),
    "essays": World("essays", {"tasks": 24}),
}
