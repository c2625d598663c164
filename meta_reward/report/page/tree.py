"""The tree of candidates as a list: each below its first parent."""

from collections.abc import Sequence
from dataclasses import dataclass

from meta_reward.run.ledger import Row


@dataclass(frozen=True, slots=True)
class Branch:
    """A candidate with its children."""

    row: Row
    also_from: tuple[str, ...]
    """Its parents but the first, under which it stands."""
    children: tuple["Branch", ...]


def branches(rows: Sequence[Row]) -> list[Branch]:
    """The roots: candidates without a parent. A parent always comes before its child, so this ends."""
    earlier: set[str] = set()
    below: dict[str, list[Row]] = {}
    for row in rows:
        parent = next((parent for parent in row.parents if parent in earlier), "")
        below.setdefault(parent, []).append(row)
        earlier.add(row.id)
    made: dict[str, Branch] = {}
    for row in reversed(rows):
        children = tuple(made[child.id] for child in below.get(row.id, ()))
        made[row.id] = Branch(row, row.parents[1:], children)
    return [made[row.id] for row in below.get("", ())]
