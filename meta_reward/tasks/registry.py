"""Simulated worlds by name: those from which `meta-reward tasks build` makes task sets, and those that answer agents.

A world is imported only when it is used.
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
    """Its module in `offline/`, with a function `build` that writes a task set; equal arguments give equal bytes."""
    size: Mapping[str, int]
    """What its size is measured in, with the default of each."""

    def build(self, path: Path, *, name: str, seed: int, **size: int) -> None:
        """Write a simulated task set to a path, replacing an existing one."""
        import_module(f"meta_reward.offline.{self.module}").build(path, name=name, seed=seed, **{**self.size, **size})


@dataclass(frozen=True, slots=True)
class Grade:
    """The true outcome of a conversation, as its world knows it."""

    success: float
    """From 0 to 1."""
    faults: tuple[str, ...] = ()
    """What went wrong, in a word or two each."""


class LiveWorld(Protocol):
    """One conversation in a world that answers an agent.

    The world's answers depend only on the task, the repeat, and what was said and done before.
    """

    def say(self, text: str) -> str | None:
        """Say something to the customer. Returns the customer's answer, None if they have left."""
        ...

    def call(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        """Call a tool. Returns the result as text, and whether it is an error."""
        ...

    def trajectory(self) -> Trajectory:
        """Everything that was said and done so far."""
        ...

    def grade(self) -> Grade:
        """The true outcome of the conversation so far."""
        ...


def open_live(name: str, arguments: Mapping[str, Any], *, repeat: int) -> LiveWorld:
    """Open a world of LIVE for one conversation. Raises KeyError, TypeError or ValueError for invalid arguments."""
    module, cls = LIVE[name]
    return cast(LiveWorld, getattr(import_module(f"meta_reward.offline.{module}"), cls).open(arguments, repeat))


LIVE = {"skyways": ("skyways.desk", "Desk")}
"""The module in `offline/`, and the class, of each world that answers agents."""
WORLDS = {
    "skyways": World("skyways", {"tasks": 90, "rollouts": 8}),
    "errands": World("errands", {"tasks": 150}),
    "puzzles": World("puzzles", {"tasks": 200, "texts": 800}),
    "frontdesk": World("frontdesk", {"tasks": 60}),
    "solutions": World("solutions", {"tasks": 200, "rollouts": 6}),
    "essays": World("essays", {"tasks": 24}),
}
