"""The tree of candidates as a list: each below its first parent, and indented by its generation."""

from collections.abc import Sequence
from dataclasses import dataclass

from meta_reward.run.ledger import Row


@dataclass(frozen=True, slots=True)
class Branch:
    """A candidate at its place in the tree."""

    row: Row
    depth: int
    """The number of generations above it."""


def branches(rows: Sequence[Row]) -> list[Branch]:
    """All candidates, each followed by its children. Without recursion: a lineage may be longer than a stack."""
    earlier: set[str] = set()
    below: dict[str, list[Row]] = {}
    for row in rows:  # a parent always comes before its child
        parent = next((parent for parent in row.parents if parent in earlier), "")
        below.setdefault(parent, []).append(row)
        earlier.add(row.id)
    found, waiting = [], [(row, 0) for row in reversed(below.get("", ()))]
    while waiting:
        row, depth = waiting.pop()
        found.append(Branch(row, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(row.id, ()))]
    return found
