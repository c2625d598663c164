"""The outcome of every search pair under every candidate: the map of pairs, suspects, and the most telling pairs.

Reads `pairs.jsonl` of each candidate, so only the search split.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.run.evaluations import load_pairs
from meta_reward.run.layout import HistoryLayout, Layout
from meta_reward.run.ledger import Row
from meta_reward.run.query_answers import Suspects
from meta_reward.run.query_suspects import suspects

WON, TIED, LOST, FAILED = "w", "t", "l", "f"


@dataclass(frozen=True, slots=True)
class MapPair:
    """A pair with its outcomes under all candidates."""

    id: str
    task: str
    categories: tuple[str, ...]
    preferred: str
    other: str
    outcomes: str
    """One letter per candidate of the map: won, tied, lost, or failed, which means that a reward is missing."""
    won: float
    """Share of the candidates that win it, a tie counting one half."""


@dataclass(frozen=True, slots=True)
class PairMap:
    """The search pairs under all scored candidates."""

    candidates: tuple[str, ...]
    """Ids of the candidates, in order."""
    pairs: tuple[MapPair, ...]
    """Pairs that most candidates lose come first."""
    margins: Mapping[str, Mapping[str, float | None]]
    """By candidate and pair, the preferred reward minus the other, in points; None if a reward is missing."""
    suspects: Suspects | None
    """None before any candidate is on record."""

    @property
    def never_won(self) -> list[MapPair]:
        """The pairs that no candidate wins; a tie does not count as a win."""
        return [pair for pair in self.pairs if WON not in pair.outcomes]

    def pair(self, id: str) -> MapPair:
        """A pair by its id. Raises KeyError for one that does not exist."""
        found = next((pair for pair in self.pairs if pair.id == id), None)
        if found is None:
            raise KeyError(id)
        return found


def collect_map(layout: Layout, rows: Sequence[Row]) -> PairMap:
    """The map of pairs by candidates."""
    found = {row.id: load_pairs(layout.candidate(row.folder)) for row in rows if row.score is not None}
    by_pair: dict[str, dict[str, PairOutcome]] = {}
    for candidate, pairs in found.items():
        for pair in pairs:
            by_pair.setdefault(pair.id, {})[candidate] = pair
    made = [_map_pair(of, found) for of in by_pair.values()]
    return PairMap(
        candidates=tuple(found),
        pairs=tuple(sorted(made, key=lambda pair: (pair.won, pair.id))),
        margins={candidate: {pair.id: pair.margin for pair in pairs} for candidate, pairs in found.items()},
        suspects=_suspects(layout),
    )


def _suspects(layout: Layout) -> Suspects | None:
    try:
        return suspects(HistoryLayout(layout.history))
    except UsageError:
        return None


def _map_pair(of: Mapping[str, PairOutcome], candidates: Iterable[str]) -> MapPair:
    pair = next(iter(of.values()))
    letters = "".join(_letter(of.get(candidate)) for candidate in candidates)
    won = sum(one.score for one in of.values()) / len(of)
    return MapPair(pair.id, pair.task, pair.categories, pair.preferred, pair.other, letters, won)


def _letter(pair: PairOutcome | None) -> str:
    if pair is None or pair.margin is None:
        return FAILED
    return WON if pair.margin > 0 else LOST if pair.margin < 0 else TIED


@dataclass(frozen=True, slots=True)
class Telling:
    """A pair that is worth reading, and why."""

    pair: MapPair
    why: str


def telling_pairs(found: PairMap, before: str, after: str) -> list[Telling]:
    """The most telling pairs: in turn one that no candidate wins, one that `after` fixes, one that it breaks.

    Of each kind, the widest margins come first. before, after: ids of candidates.
    """
    was, now = found.margins.get(before, {}), found.margins.get(after, {})
    lost = [Telling(pair, "lost or tied by every candidate") for pair in found.never_won]
    lost.sort(key=lambda one: _or_zero(now.get(one.pair.id)))
    changed = [(pair, _or_zero(now.get(pair.id)), _or_zero(was.get(pair.id))) for pair in found.pairs]
    fixed = [(new - old, pair) for pair, new, old in changed if _sign(new) > _sign(old)]
    broken = [(old - new, pair) for pair, new, old in changed if _sign(new) < _sign(old)]
    kinds = [
        lost,
        [Telling(pair, f"fixed by {after}") for _, pair in sorted(fixed, key=_widest)],
        [Telling(pair, f"broken by {after}") for _, pair in sorted(broken, key=_widest)],
    ]
    longest = max(map(len, kinds))
    in_turn = [kind[place] for place in range(longest) for kind in kinds if place < len(kind)]
    return list({one.pair.id: one for one in reversed(in_turn)}.values())[::-1]


def _widest(item: tuple[float, MapPair]) -> tuple[float, str]:
    return (-item[0], item[1].id)


def _or_zero(margin: float | None) -> float:
    return -100.0 if margin is None else margin


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
