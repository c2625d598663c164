"""Questions about a history: which candidates there are, which pairs they lose, what differs between them.

Each query reads only a history folder, or the copy that a proposer sees. A limit of 0 means all. Queries raise
UsageError for an unknown id, and for what the copy leaves out; the error says what there is instead. `query_table.py`
declares the commands that ask them.
"""

import difflib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any, TypeVar

from meta_reward import files
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.harness.validate import definitions
from meta_reward.run.evaluations import items_file, load_scores
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import Row, frontier_on_search, leader_of
from meta_reward.run.lookup import find_candidate, find_outcomes, find_rows, standing_of, unknown
from meta_reward.run.proposal import parse_proposal
from meta_reward.run.query_answers import (
    Diff,
    ErrorCount,
    FailureGroup,
    Failures,
    FlippedItem,
    FlippedPair,
    Flips,
    Ledger,
    LedgerEntry,
    LostPair,
    LowReward,
    Turned,
    WrongItem,
)
from meta_reward.run.query_suspects import suspects
from meta_reward.run.query_trace import trace
from meta_reward.run.trace_file import load_error

UNCATEGORISED = "none"
_MAX_ERRORS = 10
_LOWEST_MARGIN = -100.0
_T = TypeVar("_T")
Decided = PairOutcome | ItemOutcome
"""A pair, or an item of another kind, under a candidate."""


def ledger(history: HistoryLayout, *, limit: int = 0) -> Ledger:
    """The last candidates, oldest first, with the part that each changed; and the best and the frontier."""
    rows = find_rows(history)
    frontier = [row.id for row in frontier_on_search(rows)]
    shown = rows[-limit:] if limit else rows
    return Ledger(
        candidates=[_entry(history, row, row.id in frontier) for row in shown],
        left_out=len(rows) - len(shown),
        best=leader_of(rows).id if rows else None,
        frontier=frontier,
    )


def failures(history: HistoryLayout, candidate: str, *, category: str = "", limit: int = 0) -> Failures:
    """The pairs that a candidate does not win, by category, those lost by the widest margin first; and its errors.

    If a learned reward scores the items, those with the lowest reward.
    """
    row = find_candidate(history, candidate)
    pairs = find_outcomes(history, row)
    names = _check_category(category, pairs)
    winners = _winners(history)
    groups = [
        _group(name, [pair for pair in pairs if name in _categories(pair)], limit, winners)
        for name in names
        if category in ("", name)
    ]
    return Failures(
        candidate=standing_of(row),
        **_counts(pairs),
        groups=sorted(groups, key=_how_well),
        errors=_errors(history, row),
    )


def flips(history: HistoryLayout, first: str, second: str, *, category: str = "", limit: int = 0) -> Flips:
    """The pairs that two candidates decide differently: what the second gains over the first, and what it loses."""
    a, b = find_candidate(history, first), find_candidate(history, second)
    before: dict[str, Decided] = {pair.id: pair for pair in find_outcomes(history, a)}
    both: list[tuple[Decided, Decided]] = [
        (before[pair.id], pair) for pair in find_outcomes(history, b) if pair.id in before
    ]
    _check_category(category, [pair for pair, _ in both])
    chosen = [(x, y) for x, y in both if category in ("", *_categories(x))]
    return Flips(
        first=standing_of(a),
        second=standing_of(b),
        pairs=len(chosen),
        difference=sum(y.score - x.score for x, y in chosen) / len(chosen) if chosen else 0.0,
        gained=_turned([(x, y) for x, y in chosen if y.score > x.score], limit),
        lost=_turned([(x, y) for x, y in chosen if y.score < x.score], limit),
    )


def diff(history: HistoryLayout, first: str, second: str) -> Diff:
    """What the second candidate's program changes compared to the first's, and how both did."""
    a, b = find_candidate(history, first), find_candidate(history, second)
    before, after = (files.read_text(history.candidate(row.folder) / "harness.py") for row in (a, b))
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{a.folder}/harness.py", f"{b.folder}/harness.py", lineterm=""
    )
    return Diff(standing_of(a), standing_of(b), _definitions_that_differ(before, after), list(lines))


ANSWERS: Mapping[str, Callable[..., object]] = {
    "ledger": ledger,
    "failures": failures,
    "flips": flips,
    "diff": diff,
    "trace": trace,
    "suspects": suspects,
}
"""The function of each query of `query_table.py`; it takes a history and the query's arguments by name."""


def _entry(history: HistoryLayout, row: Row, on_frontier: bool) -> LedgerEntry:
    proposal = history.candidate(row.folder) / "proposal.md"
    part = parse_proposal(files.read_text(proposal)).part if proposal.exists() else ""
    return LedgerEntry(**files.as_dict(row), part=part, frontier=on_frontier)


def _categories(pair: Decided) -> tuple[str, ...]:
    return pair.categories or (UNCATEGORISED,)


def _check_category(category: str, pairs: Sequence[Decided]) -> list[str]:
    """All categories of these pairs. Raises UsageError if `category` is given but not among them."""
    names = sorted({name for pair in pairs for name in _categories(pair)})
    if category and category not in names:
        raise unknown("category", category, names)
    return names


def _how_well(group: FailureGroup) -> float:
    return -(group.lost + group.failed + group.tied / 2) if group.learned is None else group.learned


def _counts(pairs: Sequence[Decided]) -> dict[str, Any]:
    failed = sum(pair.failed for pair in pairs)
    whole = {"pairs": len(pairs), "lost": 0, "tied": 0, "failed": failed, "learned": None}
    if any(isinstance(pair, ItemOutcome) and pair.rewards is not None for pair in pairs):
        return whole | {"learned": 100 * fmean(pair.score for pair in pairs)}
    lost = sum(pair.score == 0 for pair in pairs) - failed
    return whole | {"lost": lost, "tied": sum(pair.tied for pair in pairs)}


def _winners(history: HistoryLayout) -> dict[str, list[str]]:
    """The candidates that win each pair, by its id."""
    winners: dict[str, list[str]] = {}
    for row in find_rows(history):
        path = items_file(history.candidate(row.folder))
        if row.status == "scored" and path.exists():
            for pair in files.load_lines(path):
                if pair["score"] == 1:
                    winners.setdefault(pair["id"], []).append(row.id)
    return winners


def _group(name: str, pairs: Sequence[Decided], limit: int, winners: Mapping[str, list[str]]) -> FailureGroup:
    missed = sorted((p for p in pairs if p.score < 1), key=lambda p: (p.margin is not None, p.margin or 0, p.id))
    worst = [_lost(pair, winners.get(pair.id, [])) for pair in _first(missed, limit)]
    return FailureGroup(name, **_counts(pairs), worst=worst)


def _lost(one: Decided, won_by: list[str]) -> LostPair | WrongItem | LowReward:
    if isinstance(one, PairOutcome):
        return LostPair(**files.as_dict(one), won_by=won_by)
    if one.rewards is not None:
        return LowReward(one.id, one.task, one.categories, None if one.failed else 100 * one.score, one.rewards)
    return WrongItem(one.id, one.task, one.categories, one.expected, one.output, one.score, won_by)


def _turned(both: Sequence[tuple[Decided, Decided]], limit: int) -> Turned:
    """The pairs that turned one way: how many, by category, and those whose margins differ most."""
    counts = Counter(name for pair, _ in both for name in _categories(pair))
    widest = sorted(both, key=lambda xy: (-_swing(*xy), xy[0].id))
    return Turned(len(both), dict(counts.most_common()), [_flipped(x, y) for x, y in _first(widest, limit)])


def _flipped(x: Decided, y: Decided) -> FlippedPair | FlippedItem:
    if not isinstance(x, PairOutcome):
        second = y.output if isinstance(y, ItemOutcome) else None
        return FlippedItem(x.id, x.task, x.categories, x.expected, x.output, second)
    return FlippedPair(
        **{name: getattr(x, name) for name in ("id", "task", "categories", "preferred", "other")},
        first_margin=x.margin,
        second_margin=y.margin,
    )


def _swing(x: Decided, y: Decided) -> float:
    first, second = (_LOWEST_MARGIN if pair.margin is None else pair.margin for pair in (x, y))
    return abs(second - first)


def _errors(history: HistoryLayout, row: Row) -> list[ErrorCount]:
    """Why a candidate failed on trajectories: its errors, the most frequent first, with an example of each."""
    folder = history.candidate(row.folder)
    scores = load_scores(folder)
    if scores is None or not (scores.metrics.failures or scores.broken):
        return []
    examples: dict[str, list[str]] = {}
    for path in sorted((folder / "traces").glob("*.json")):
        if error := load_error(path):
            examples.setdefault(error, []).append(path.stem)
    commonest = sorted(examples.items(), key=lambda item: -len(item[1]))
    return [ErrorCount(error, len(ids), ids[0]) for error, ids in commonest[:_MAX_ERRORS]]


def _definitions_that_differ(first: str, second: str) -> list[str]:
    """Names that the two programs define differently at their top level; empty if one does not parse."""
    try:
        a, b = definitions(first), definitions(second)
    except SyntaxError:
        return []
    return [name for name in dict.fromkeys([*a, *b]) if a.get(name) != b.get(name)]


def _first(items: Sequence[_T], limit: int) -> Sequence[_T]:
    return items[:limit] if limit else items
