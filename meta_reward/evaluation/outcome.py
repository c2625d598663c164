"""The input and the outcomes of an evaluation, the same for every kind of program."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Example:
    """The input of one run of a program; for rewards, a trajectory."""

    id: str
    task: str
    entry: str
    """The function of the program that is called, one of `harness/entries.py`."""
    arguments: Mapping[str, Any]
    """Everything that the program sees, in JSON form."""
    after: str = ""
    """The id of the example whose output is passed as the argument `memory`; if empty, `memory` is empty too."""
    repeat: int = 0
    """The number of this trial with the same arguments, from 0; every trial asks the model anew."""
    setting: Mapping[str, Any] = field(default_factory=dict)
    """What the program's host is opened with, in JSON form; the program does not see it."""


@dataclass(frozen=True, slots=True)
class Item:
    """The unit that gets an outcome; for rewards, a pair."""

    id: str
    task: str
    examples: tuple[str, ...]
    """The ids of the examples whose results decide it."""
    categories: tuple[str, ...] = ()
    weight: float = 1.0
    """1; with several data sets, 1 / (number of items of its data set in the split)."""


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a task set that is evaluated, such as a split."""

    tasks: frozenset[str]
    examples: Sequence[Example]
    items: Sequence[Item]

    @property
    def counted(self) -> list[Example]:
        """The examples that decide items; the others only prepare them."""
        wanted = {id for item in self.items for id in item.examples}
        return [example for example in self.examples if example.id in wanted]

    def of_items(self, items: Sequence[Item]) -> "Part":
        """This part with only these items, and the examples that they need."""
        return replace(self.of_examples({id for item in items for id in item.examples}), items=items)

    def of_examples(self, ids: Collection[str]) -> "Part":
        """This part with only these examples, and those that they come after."""
        by_id, wanted = {example.id: example for example in self.examples}, set[str]()
        for id in ids:
            while id and id not in wanted:
                wanted.add(id)
                id = by_id[id].after
        return replace(self, examples=[e for e in self.examples if e.id in wanted])

    def for_program(self, defined: Collection[str], optional: Collection[str]) -> "Part":
        """This part without examples for optional functions that a program does not define.

        defined: the names at the top level of the program's source. optional: the names of optional functions.
        """
        left_out = {e.id for e in self.examples if e.entry in optional and e.entry not in defined}
        if not left_out:
            return self
        kept = [e for e in self.examples if e.id not in left_out]
        return replace(self, examples=[replace(e, after="") if e.after in left_out else e for e in kept])


@dataclass(frozen=True, slots=True)
class Outcome:
    """How well one candidate did on an item."""

    id: str
    task: str
    value: float
    """In [0, 1]. For a pair: 1 if it was won, 0.5 for a tie, 0 if it was lost. 0 if the candidate failed."""
    categories: tuple[str, ...] = ()
    weight: float = 1.0
    """The item's."""


REWARDS = "rewards"
"""The key in `ItemOutcome.about` for the learned reward of each trial."""


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """The stored outcome of an item under one candidate; pairs have a class of their own, `PairOutcome`."""

    id: str
    task: str
    categories: tuple[str, ...]
    expected: str
    """The trusted answer."""
    output: str | None
    """What the program answered; None if it failed."""
    score: float
    """1 if the answer is right, 0 if it is wrong; for comparisons and agents a mean, in between."""
    weight: float = 1.0
    about: Mapping[str, Any] = field(default_factory=dict)
    """Further facts for readers, such as the data set."""

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.id, self.task, self.score, self.categories, self.weight)

    @property
    def rewards(self) -> str | None:
        """The learned reward of each trial, None if no learned reward scored the item."""
        return self.about.get(REWARDS)

    @property
    def orders(self) -> Mapping[str, Mapping[str, Any]]:
        """For a comparison: each order by its example id, with what was `shown` and the resulting `ranking`."""
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
        """How far the score is above or below a tie, from -1 to 1; None if the program failed."""
        return None if self.failed else 2 * self.score - 1
