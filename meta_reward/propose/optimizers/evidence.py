"""What the history has on each candidate, as scores and feedback for optimizers.

The score of an item of the search split is 0 if the candidate was refused or failed. Feedback on an item is short and
self-contained: what the model was sent, what it replied, and what the result should have been.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.run.evaluations import has_items, load_items
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.trace_file import load_trace

_HEAD, _TAIL = 3000, 1500


@dataclass(frozen=True)
class Tried:
    """A candidate as the history shows it."""

    id: str
    folder: Path
    source: str
    row: Row | None
    """Its line of the ledger; None if the history shows no ledger."""

    @cached_property
    def items(self) -> Mapping[str, PairOutcome | ItemOutcome]:
        """Its pairs or other items by id; empty if it was not scored or the history does not show them."""
        return {one.id: one for one in load_items(self.folder)} if has_items(self.folder) else {}

    @property
    def score(self) -> float:
        return self.row.score or 0.0 if self.row else 0.0

    def value(self, item: str) -> float:
        """The score of an item: 1 if it is won, 0 if it is not known."""
        return self.items[item].score if item in self.items else 0.0

    def feedback(self, item: str) -> dict[str, str]:
        """Feedback on an item: texts by heading."""
        if item not in self.items:
            why = f"{self.row.status}: {self.row.reason}" if self.row else "not evaluated"
            return {"Result": f"This program scored nothing on anything. It was {why}"}
        found = self.items[item]
        told = self._of_pair(found) if isinstance(found, PairOutcome) else self._of_item(found)
        return {**({"Categories": ", ".join(found.categories)} if found.categories else {}), **told}

    def _of_pair(self, found: PairOutcome) -> dict[str, str]:
        won = {1.0: "won", 0.5: "tied"}.get(found.score, "lost")
        return {
            "The preferred trajectory": self._said(found.preferred),
            "The other trajectory": self._said(found.other),
            "Result": (
                f"This pair is {won}. The preferred trajectory got {_reward(found.preferred_reward)}, the other "
                f"{_reward(found.other_reward)}; the preferred one must get more."
            ),
        }

    def _of_item(self, found: ItemOutcome) -> dict[str, str]:
        answer = "none, because the program failed" if found.output is None else _clipped(found.output)
        right = "right" if found.score == 1 else "wrong"
        result = f"This is {right}. The answer was: {answer}\nIt should be: {found.expected}"
        return {"What was asked": self._said(found.id), "Result": result}

    def lost(self) -> Iterator[str]:
        """Ids of the items that it loses or ties, the clearest losses first."""
        lost = [item for item in self.items.values() if item.score < 1]
        yield from (item.id for item in sorted(lost, key=lambda item: (item.margin or 0.0, item.id)))

    def _said(self, trajectory: str) -> str:
        """The first question about an example and its reply, and the error if the program failed."""
        try:
            trace = load_trace(self.folder / "traces" / f"{trajectory}.json")
        except DataError:
            return "not shown"
        asked = [
            f"The model was sent:\n{_clipped(_text(call['messages'][-1]['content']))}\n"
            f"The model replied:\n{_clipped(_text(call['reply']))}"
            for call in trace["calls"][:1]
        ]
        error = trace["error"]
        return "\n".join([*asked, *([f"The program failed: {error['kind']}: {error['message']}"] if error else [])])


def as_key(source: str) -> str:
    """A source in a normal form, by which programs are recognised: line ends and space at either end do not count."""
    return source.replace("\r\n", "\n").strip()


def load_tried(history: HistoryLayout) -> list[Tried]:
    """The candidates in order of their ids."""
    rows = {row.folder: row for row in load_ledger(history.ledger)} if history.ledger.exists() else {}
    names = list(rows) or sorted(path.name for path in history.candidates.iterdir())
    found = []
    for name in names:
        folder = history.candidate(name)
        source = files.read_text(folder / "harness.py")
        found.append(Tried(name.partition("-")[0], folder, source, rows.get(name)))
    return found


def divided_items(seed: Tried) -> tuple[list[str], list[str]]:
    """The ids of the search split's items in two halves, divided by task, for optimizers that need two sets."""
    first = set(sorted({item.task for item in seed.items.values()})[::2])
    items = sorted(seed.items.values(), key=lambda item: item.id)
    one, other = ([item.id for item in items if (item.task in first) == own] for own in (True, False))
    return one, other or one


def load_replies(history: HistoryLayout) -> list[str]:
    """All replies of the writing model in earlier sessions, in order."""
    kept = [*history.candidates.glob("*/proposer/session.json"), *history.path.glob("sessions/*/session.json")]
    by_iteration = {files.load_json(path)["iteration"]: path.with_name("transcript.jsonl") for path in sorted(kept)}
    replies: list[str] = []
    for _, path in sorted(by_iteration.items()):
        with files.reading(path):
            replies += [line["text"] for line in files.iter_whole_lines(path) if line["type"] == "reply"]
    return replies


def _reward(reward: float | None) -> str:
    return "none, because the program failed on it" if reward is None else f"{reward:g}"


def _text(content: object) -> str:
    return str(files.as_text(content))


def _clipped(text: str) -> str:
    """A text, without its middle if it is long."""
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n[...]\n{text[-_TAIL:]}"
