"""What people said about a task set beyond its pairs: graded labels, and each annotator's vote.

    labels.jsonl    a line a trajectory: id, label; only where labels are more than success and failure
    votes.jsonl     a line a vote: annotator, preferred, other; only where annotators are named

Both lie beside the task set and are no part of its digest: no harness and no proposer reads them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError

LABELS, VOTES = "labels.jsonl", "votes.jsonl"


@dataclass(frozen=True, slots=True)
class Vote:
    """One annotator prefers one trajectory to another, both by id."""

    annotator: str
    preferred: str
    other: str

    @property
    def sides(self) -> tuple[str, str]:
        """The two trajectories, whichever is preferred."""
        first, second = sorted((self.preferred, self.other))
        return first, second


@dataclass(frozen=True, slots=True)
class Annotations:
    """What is known of a task set beyond its pairs."""

    labels: dict[str, float] = field(default_factory=dict)
    """Graded labels by trajectory."""
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far annotators agree on pairs that several of them judged."""

    annotators: int
    pairs: int
    """Judged by two or more."""
    share: float
    """Of all couples of votes on one pair, how many agree."""
    alpha: float | None
    """Krippendorff's alpha, nominal; None where every vote would be the same anyway."""
    kappa: float | None
    """Cohen's kappa, the mean over couples of annotators, weighted by the pairs that both judged."""


def load_annotations(folder: Path) -> Annotations:
    """The annotations of a task set. Raises DataError that names the line."""
    labels: dict[str, float] = {}
    for number, line in _lines(folder / LABELS):
        if not _has(line, "id") or not isinstance(line.get("label"), int | float):
            raise DataError(folder / LABELS, "is not a label: wants id and label", place=f"line {number}")
        labels[line["id"]] = float(line["label"])
    votes = []
    for number, line in _lines(folder / VOTES):
        if not _has(line, "annotator", "preferred", "other"):
            what = "is not a vote: wants annotator, preferred and other"
            raise DataError(folder / VOTES, what, place=f"line {number}")
        votes.append(Vote(line["annotator"], line["preferred"], line["other"]))
    return Annotations(labels, tuple(votes))


def save_annotations(folder: Path, annotations: Annotations) -> None:
    """Write what there is; no file for what there is not."""
    if annotations.labels:
        lines = ({"id": id, "label": label} for id, label in sorted(annotations.labels.items()))
        files.write_lines(folder / LABELS, lines)
    if annotations.votes:
        files.write_lines(folder / VOTES, map(asdict, annotations.votes))


def agreement_of(votes: Sequence[Vote]) -> Agreement | None:
    """How far annotators agree; None where no pair was judged by two."""
    by_pair: dict[tuple[str, str], dict[str, bool]] = {}
    for vote in votes:
        by_pair.setdefault(vote.sides, {})[vote.annotator] = vote.preferred == vote.sides[0]
    shared = [said for said in by_pair.values() if len(said) > 1]
    if not shared:
        return None
    couples = [(a == b) for said in shared for a, b in combinations(said.values(), 2)]
    names = {name for said in shared for name in said}
    return Agreement(len(names), len(shared), sum(couples) / len(couples), _alpha(shared), _kappa(shared))


def _alpha(shared: Sequence[Mapping[str, bool]]) -> float | None:
    """Krippendorff's alpha for two values. Source: Krippendorff (2011), Computing Krippendorff's alpha-reliability."""
    apart = total = 0.0
    values: Counter[bool] = Counter()
    for said in shared:
        counts = Counter(said.values())
        apart += 2 * counts[True] * counts[False] / (len(said) - 1)
        values += counts
        total += len(said)
    expected = 2 * values[True] * values[False] / (total - 1)
    return 1 - apart / expected if expected else None


def _kappa(shared: Sequence[Mapping[str, bool]]) -> float | None:
    """Cohen's kappa over couples of annotators; a couple whose agreement chance explains whole is left out."""
    couples: dict[tuple[str, str], list[tuple[bool, bool]]] = {}
    for said in shared:
        for a, b in combinations(sorted(said), 2):
            couples.setdefault((a, b), []).append((said[a], said[b]))
    kappas = [(_kappa_of(both), len(both)) for both in couples.values()]
    known = [(kappa, size) for kappa, size in kappas if kappa is not None]
    return sum(kappa * size for kappa, size in known) / sum(size for _, size in known) if known else None


def _kappa_of(both: Sequence[tuple[bool, bool]]) -> float | None:
    size = len(both)
    observed = sum(a == b for a, b in both) / size
    first, second = sum(a for a, _ in both) / size, sum(b for _, b in both) / size
    chance = first * second + (1 - first) * (1 - second)
    return (observed - chance) / (1 - chance) if chance < 1 else None


def _lines(path: Path) -> list[tuple[int, Any]]:
    return files.numbered_lines(path) if path.exists() else []


def _has(line: Any, *names: str) -> bool:
    return isinstance(line, dict) and all(isinstance(line.get(name), str) for name in names)
