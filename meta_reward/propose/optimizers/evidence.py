"""What the history says of each candidate, in the words that optimizers are fed with.

A score is an item's value on the search split, 0 where the candidate was refused or failed. Feedback is short and
complete in itself: what the judge was sent and said about both sides of a pair, and which of them should have got more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.run.evaluations import load_pairs
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
    """None where the history shows no ledger."""

    @cached_property
    def pairs(self) -> Mapping[str, PairOutcome]:
        """By id; empty unless it was scored and the history shows pairs."""
        path = self.folder / "pairs.jsonl"
        return {pair.id: pair for pair in load_pairs(self.folder)} if path.exists() else {}

    @property
    def score(self) -> float:
        return self.row.score or 0.0 if self.row else 0.0

    def value(self, pair: str) -> float:
        """Of a pair: 1 if it is won."""
        return self.pairs[pair].score if pair in self.pairs else 0.0

    def feedback(self, pair: str) -> dict[str, str]:
        """What happened on a pair, by heading."""
        if pair not in self.pairs:
            why = f"{self.row.status}: {self.row.reason}" if self.row else "not evaluated"
            return {"Result": f"This program scored nothing on any pair. It was {why}"}
        found = self.pairs[pair]
        won = {1.0: "won", 0.5: "tied"}.get(found.score, "lost")
        verdict = (
            f"This pair is {won}. The preferred trajectory got {_reward(found.preferred_reward)}, the other "
            f"{_reward(found.other_reward)}; the preferred one must get more."
        )
        about = {"Failure categories": ", ".join(found.categories)} if found.categories else {}
        return {
            **about,
            "The preferred trajectory": self._said(found.preferred),
            "The other trajectory": self._said(found.other),
            "Result": verdict,
        }

    def lost(self) -> Iterator[str]:
        """The ids of pairs that it does not win, the clearest losses first."""
        lost = [pair for pair in self.pairs.values() if pair.score < 1]
        yield from (pair.id for pair in sorted(lost, key=lambda pair: (pair.margin or 0.0, pair.id)))

    def _said(self, trajectory: str) -> str:
        """What the judge was asked about a trajectory and answered, or what went wrong."""
        try:
            trace = load_trace(self.folder / "traces" / f"{trajectory}.json")
        except DataError:
            return "not shown"
        asked = [
            f"The judge was sent:\n{_clipped(_text(call['messages'][-1]['content']))}\n"
            f"The judge replied:\n{_clipped(_text(call['reply']))}"
            for call in trace["calls"][:1]
        ]
        error = trace["error"]
        return "\n".join([*asked, *([f"The program failed: {error['kind']}: {error['message']}"] if error else [])])


def as_key(source: str) -> str:
    """A program as it is recognised, however its lines and its file end."""
    return source.replace("\r\n", "\n").strip()


def load_tried(history: HistoryLayout) -> list[Tried]:
    """The candidates in the order of their ids."""
    rows = {row.folder: row for row in load_ledger(history.ledger)} if history.ledger.exists() else {}
    names = list(rows) or sorted(path.name for path in history.candidates.iterdir())
    found = []
    for name in names:
        folder = history.candidate(name)
        source = files.read_text(folder / "harness.py")
        found.append(Tried(name.partition("-")[0], folder, source, rows.get(name)))
    return found


def divided_pairs(seed: Tried) -> tuple[list[str], list[str]]:
    """The ids of the pairs of the search split in two halves, by task: for optimizers that want two sets."""
    first = set(sorted({pair.task for pair in seed.pairs.values()})[::2])
    pairs = sorted(seed.pairs.values(), key=lambda pair: pair.id)
    one, other = ([pair.id for pair in pairs if (pair.task in first) == own] for own in (True, False))
    return one, other or one


def load_replies(history: HistoryLayout) -> list[str]:
    """All that the writing model replied in earlier sessions, in order."""
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
    """A text, without its middle where it is long."""
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n[...]\n{text[-_TAIL:]}"
