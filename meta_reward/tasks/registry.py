"""The worlds that `meta-reward tasks build` can simulate, by name. Each is imported when it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


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


WORLDS = {
    "skyways": World("skyways", {"tasks": 90, "rollouts": 8}),
    "errands": World("errands", {"tasks": 150}),
    "puzzles": World("puzzles", {"tasks": 200, "texts": 800}),
}
