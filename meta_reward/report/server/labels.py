"""The labelling of one annotator: which couple comes next, and what is written for a label.

Labels are on disk, and read again for each page. Skipped couples are only remembered in this process, so they come up
again after the next start. The order of couples, and which trajectory is on the left, depend only on the annotator's
name, not on candidates or labels.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from meta_reward import files
from meta_reward.report.server.telling import Telling
from meta_reward.run.events import now
from meta_reward.tasks.annotations import Vote
from meta_reward.tasks.labelling import Sides, save_label, votes_of, withdraw_label
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Rollout

LEFT, RIGHT, TIE, SKIP, UNDO = "left", "right", "tie", "skip", "undo"
SAID = (LEFT, RIGHT, TIE, SKIP, UNDO)
_LONGEST_CATEGORY, _MOST_CATEGORIES = 60, 12


@dataclass(frozen=True, slots=True)
class Shown:
    """A couple as it is shown to the annotator."""

    key: str
    """Identifies it in requests of the page, without revealing which trajectories it has."""
    left: Rollout
    right: Rollout
    before: Vote | None
    """The annotator's own label that was just taken back."""

    @property
    def sides(self) -> Sides:
        first, second = sorted((self.left.id, self.right.id))
        return first, second


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the annotator is."""

    labelled: int
    skipped: int
    all: int


@dataclass(slots=True)
class Labelling:
    """One annotator at work on a task set."""

    taskset: TaskSet
    annotator: str
    couples: Sequence[Sides]
    telling: Telling | None = None
    """Chooses which couple comes next; None keeps their order."""
    _order: list[Sides] = field(init=False)
    _skipped: list[Sides] = field(init=False, default_factory=list)
    _again: tuple[Sides, Vote | None] | None = field(init=False, default=None)
    """The couple that was taken back, and is shown again."""
    _done: list[Sides] = field(init=False, default_factory=list)
    """The couples that can be taken back, in order of their labels."""
    _lock: Lock = field(init=False, default_factory=Lock)
    """Pages may ask at the same time."""

    def __post_init__(self) -> None:
        self._order = sorted(self.couples)
        random.Random(f"{self.taskset.name}\n{self.annotator}").shuffle(self._order)
        wanted = set(self._order)
        self._done = [vote.sides for vote in self._votes() if vote.when and vote.sides in wanted]

    def shown(self) -> Shown | None:
        """The couple to label now; None if only skipped ones are left."""
        with self._lock:
            return self._shown()

    def progress(self) -> Progress:
        """How far the annotator is."""
        said, wanted = {vote.sides for vote in self._votes()}, set(self._order)
        return Progress(len(said & wanted), len(set(self._skipped) - said), len(wanted))

    def take(self, key: str, said: str, categories: Sequence[str]) -> bool:
        """Record what was said about the couple that is shown. False for another key, since the page is out of date."""
        with self._lock:
            now_shown = self._shown()
            if key != (now_shown.key if now_shown else ""):
                return False
            if said == UNDO:
                self._undo()
            elif now_shown is not None:
                self._label(now_shown, said, categories)
            return True

    def _label(self, shown: Shown, said: str, categories: Sequence[str]) -> None:
        if said == SKIP:
            self._skipped.append(shown.sides)
        else:
            best, other = (shown.right, shown.left) if said == RIGHT else (shown.left, shown.right)
            vote = Vote(self.annotator, best.id, other.id, said == TIE, tuple(categories), when=now())
            save_label(self.taskset.path, vote, self._tasks())
        self._done.append(shown.sides)
        self._again = None

    def _undo(self) -> None:
        if not self._done:
            return
        sides = self._done.pop()
        before = next((vote for vote in self._votes() if vote.sides == sides), None)
        if sides in self._skipped:
            self._skipped.remove(sides)
        else:
            withdraw_label(self.taskset.path, self.annotator, sides, self._tasks())
        self._again = (sides, before)

    def _shown(self) -> Shown | None:
        votes = self._votes()
        said = {vote.sides for vote in votes}
        if self._again is not None and self._again[0] not in said:
            return self._as_shown(*self._again)
        left = [sides for sides in self._order if sides not in said and sides not in self._skipped]
        if not left:
            return None
        return self._as_shown(self.telling.choose(left, votes) if self.telling else left[0], None)

    def _as_shown(self, sides: Sides, before: Vote | None) -> Shown:
        of_it = f"{self.annotator}\n{sides[0]}\n{sides[1]}"
        first, second = (self.taskset.rollouts[id] for id in sides)
        left, right = (first, second) if random.Random(of_it).random() < 0.5 else (second, first)
        return Shown(files.digest([self.taskset.name, of_it])[:16], left, right, before)

    def _votes(self) -> list[Vote]:
        return votes_of(self.taskset.path, self.annotator)

    def _tasks(self) -> dict[str, str]:
        return {id: rollout.task for id, rollout in self.taskset.rollouts.items()}


def categories_of(taskset: TaskSet) -> list[str]:
    """The categories to choose from: those that the task set describes or uses."""
    used = (name for pair in taskset.pairs for name in pair.categories)
    return sorted({*taskset.about.category_notes, *used})


def parse_said(data: object) -> tuple[str, str, list[str]]:
    """The key, what was said and the categories in what a page sent. Raises ValueError for anything else."""
    fields = data if isinstance(data, dict) else {}
    key, said, categories = fields.get("key"), fields.get("said"), fields.get("categories", [])
    if not isinstance(key, str) or said not in SAID:
        raise ValueError(f"wants key, and said: one of {', '.join(SAID)}")
    if not isinstance(categories, list) or len(categories) > _MOST_CATEGORIES:
        raise ValueError(f"categories are not a list of at most {_MOST_CATEGORIES}")
    for name in categories:
        if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_CATEGORY or not name.isprintable():
            raise ValueError(f"a category is 1 to {_LONGEST_CATEGORY} printable characters")
    return key, str(said), [str(name).strip() for name in categories]
