"""What people said about a task set beyond its pairs: graded labels, and each annotator's votes and labels.

    labels.jsonl    one line per trajectory: id, label; only if labels are more than success and failure
    votes.jsonl     one line per vote: annotator, preferred, other; only if annotators are named; from `tasks label`
                    also tie, categories, made and when
    ratings.jsonl   one line per label of one annotator: annotator, id, label; only if annotators are named

These files are in the task set's folder but not part of its digest: no harness and no proposer reads them.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.agreement import Agreement, Judgement, agreement_of

LABELS, VOTES, RATINGS = "labels.jsonl", "votes.jsonl", "ratings.jsonl"


@dataclass(frozen=True, slots=True)
class Vote:
    """One annotator prefers one trajectory to another, both by id."""

    annotator: str
    preferred: str
    other: str
    tie: bool = False
    """Neither is preferred; then the order of the two means nothing."""
    categories: tuple[str, ...] = ()
    """What the worse trajectory does wrong, in this annotator's words."""
    made: bool = False
    """Whether the pair exists only because people labelled it, so that it follows from its votes."""
    when: str = ""
    """The local time at which it was given in `tasks label`, in ISO 8601; empty for an imported vote."""

    @property
    def sides(self) -> tuple[str, str]:
        """The ids of the two trajectories in sorted order, whichever is preferred."""
        first, second = sorted((self.preferred, self.other))
        return first, second

    @property
    def value(self) -> float:
        """1 if the first of its sides is preferred, 0 if the second is, one half for a tie."""
        return 0.5 if self.tie else float(self.preferred == self.sides[0])


@dataclass(frozen=True, slots=True)
class Rating:
    """One annotator's label of one trajectory; the higher, the better."""

    annotator: str
    id: str
    label: float


@dataclass(frozen=True, slots=True)
class Annotations:
    """What people said about a task set beyond its pairs."""

    labels: dict[str, float] = field(default_factory=dict)
    """Graded labels by trajectory."""
    votes: tuple[Vote, ...] = ()
    ratings: tuple[Rating, ...] = ()


def load_annotations(folder: Path) -> Annotations:
    """The annotations of a task set. Raises DataError that names the line."""
    labels: dict[str, float] = {}
    for number, line in _lines(folder / LABELS):
        if not _has(line, "id") or not isinstance(line.get("label"), int | float):
            raise DataError(folder / LABELS, "is not a label: needs id and label", place=f"line {number}")
        labels[line["id"]] = float(line["label"])
    votes = []
    for number, line in _lines(folder / VOTES):
        if not _has(line, "annotator", "preferred", "other"):
            what = "is not a vote: needs annotator, preferred and other"
            raise DataError(folder / VOTES, what, place=f"line {number}")
        votes.append(_vote(line))
    ratings = []
    for number, line in _lines(folder / RATINGS):
        if not _has(line, "annotator", "id") or not isinstance(line.get("label"), int | float):
            what = "is not a label: needs annotator, id and label"
            raise DataError(folder / RATINGS, what, place=f"line {number}")
        ratings.append(Rating(line["annotator"], line["id"], float(line["label"])))
    return Annotations(labels, tuple(votes), tuple(ratings))


def save_annotations(folder: Path, annotations: Annotations) -> None:
    """Write the annotations; kinds of annotations that are empty get no file."""
    if annotations.labels:
        lines = ({"id": id, "label": label} for id, label in sorted(annotations.labels.items()))
        files.write_lines(folder / LABELS, lines)
    if annotations.votes:
        save_votes(folder, annotations.votes)
    if annotations.ratings:
        files.write_lines(folder / RATINGS, map(asdict, annotations.ratings))


def save_votes(folder: Path, votes: Iterable[Vote]) -> None:
    """Write the votes, atomically; fields at their default are left out."""
    always = ("annotator", "preferred", "other")
    lines = ({k: v for k, v in files.as_dict(vote).items() if k in always or v} for vote in votes)
    files.write_lines(folder / VOTES, lines)


def agreement_of_votes(votes: Iterable[Vote]) -> Agreement | None:
    """How well annotators agree about pairs; None if no pair was judged by two."""
    return agreement_of(Judgement(v.sides, v.annotator, v.value) for v in votes)


def agreement_of_ratings(ratings: Iterable[Rating]) -> Agreement | None:
    """How well annotators agree about labels; None if no trajectory was labelled by two."""
    return agreement_of(Judgement(r.id, r.annotator, r.label) for r in ratings)


def _vote(line: dict[str, Any]) -> Vote:
    categories = line.get("categories", [])
    return Vote(
        annotator=line["annotator"],
        preferred=line["preferred"],
        other=line["other"],
        tie=line.get("tie") is True,
        categories=tuple(str(one) for one in categories) if isinstance(categories, list) else (),
        made=line.get("made") is True,
        when=str(line.get("when", "")),
    )


def _lines(path: Path) -> list[tuple[int, Any]]:
    return files.numbered_lines(path) if path.exists() else []


def _has(line: Any, *names: str) -> bool:
    return isinstance(line, dict) and all(isinstance(line.get(name), str) for name in names)
