"""What an evaluation is given, and what everything that follows it works with, whatever is evaluated."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Example:
    """What one run of a program is given; for rewards, a trajectory."""

    id: str
    task: str
    entry: str
    """The function of the program that is called, of `harness/entries.py`."""
    arguments: Mapping[str, Any]
    """All that the program sees, in JSON form."""
    after: str = ""
    """The example whose output is its argument `memory`; without one that is empty."""
    repeat: int = 0
    """Which trial of the same arguments it is; each asks the model anew."""
    setting: Mapping[str, Any] = field(default_factory=dict)
    """What its host is opened with, in JSON form; the program does not see it."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is decided about; for rewards, a pair."""

    id: str
    task: str
    examples: tuple[str, ...]
    """The ids of those that it needs."""
    categories: tuple[str, ...] = ()
    weight: float = 1.0
    """1, or with several data sets 1 / (items of its set in the split)."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is evaluated of a task set, such as a split."""

    tasks: frozenset[str]
    examples: Sequence[Example]
    items: Sequence[Item]

    @property
    def counted(self) -> list[Example]:
        """The examples that items need; the others only prepare them."""
        wanted = {id for item in self.items for id in item.examples}
        return [example for example in self.examples if example.id in wanted]

    def of_items(self, items: Sequence[Item]) -> "Part":
        """The same with some of its items alone, and the examples that these need."""
        return replace(self.of_examples({id for item in items for id in item.examples}), items=items)

    def of_examples(self, ids: Collection[str]) -> "Part":
        """The same with some of its examples alone, and those that they come after."""
        by_id, wanted = {example.id: example for example in self.examples}, set[str]()
        for id in ids:
            while id and id not in wanted:
                wanted.add(id)
                id = by_id[id].after
        return replace(self, examples=[e for e in self.examples if e.id in wanted])

    def for_program(self, defined: Collection[str], optional: Collection[str]) -> "Part":
        """The same without the examples of optional functions that a program does not define.

        defined: names at the top level of its source.
        """
        left_out = {e.id for e in self.examples if e.entry in optional and e.entry not in defined}
        if not left_out:
            return self
        kept = [e for e in self.examples if e.id not in left_out]
        return replace(self, examples=[replace(e, after="") if e.after in left_out else e for e in kept])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item under one candidate."""

    id: str
    task: str
    value: float
    """In [0, 1]: for a pair 1 where it was won, 0.5 for a tie; 0 where the candidate failed."""
    categories: tuple[str, ...] = ()
    weight: float = 1.0
    """The item's."""


REWARDS = "rewards"
"""In what a reader may want to know of an item: the learned reward of each trial."""


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """An item with one example under one candidate, as it is written down; pairs have their own, `PairOutcome`."""

    id: str
    task: str
    categories: tuple[str, ...]
    expected: str
    """The trusted answer."""
    output: str | None
    """What the program answered; None if it failed."""
    score: float
    """1 if that is right, else 0."""
    weight: float = 1.0
    about: Mapping[str, Any] = field(default_factory=dict)
    """What a reader may want to know of it, such as its data set."""

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.id, self.task, self.score, self.categories, self.weight)

    @property
    def rewards(self) -> str | None:
        """The learned reward of each trial, where one has scored it."""
        return self.about.get(REWARDS)

    @property
    def orders(self) -> Mapping[str, Mapping[str, Any]]:
        """Of a comparison, each order by its id as an example: what was `shown`, and the `ranking` that came of it."""
        found: Mapping[str, Mapping[str, Any]] = self.about.get("orders", {})
        return found

    @property
    def failed(self) -> bool:
        return self.output is None

    @property
    def tied(self) -> bool:
        return 0 < self.score < 1

    @property
    def margin(self) -> float | None:
        """How far it is above or below a tie, from -1 to 1; None if the program failed."""
        return None if self.failed else 2 * self.score - 1
