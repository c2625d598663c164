"""What everything that follows an evaluation works with, whatever was evaluated."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item, such as a pair, under one candidate."""

    id: str
    task: str
    value: float
    """In [0, 1]: for a pair 1 where it was won, 0.5 for a tie; 0 where the candidate failed."""
    categories: tuple[str, ...] = ()
    weight: float = 1.0
    """1, or with several data sets 1 / (items of its set in the split)."""
