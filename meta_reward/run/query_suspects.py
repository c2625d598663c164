"""The query `suspects`: the search pairs whose label nearly all good candidates contradict.

A candidate is good here if it was scored and has at least the baseline's agreement on search; of several with the same
outcome on every pair, only one counts. A candidate contradicts a pair if both sides have a reward and the preferred
side has the lower one. If many different harnesses contradict a pair, either its label is wrong or none of them sees
what makes the difference, so a person has to look. The query reads only a history, so it knows only the search split.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import Row
from meta_reward.run.lookup import find_pairs, find_rows
from meta_reward.run.query_answers import Suspect, Suspects
from meta_reward.tasks.annotations import Vote

FEWEST_CANDIDATES = 3
"""With fewer good candidates no pair is suspected, because they may share a fault."""
NEARLY_ALL = 0.8


def suspects(history: HistoryLayout, *, limit: int = 0) -> Suspects:
    """The pairs that nearly all good candidates contradict, ordered by the share that does, then by margin."""
    good = _good(history, find_rows(history))
    pairs = _by_pair(good)
    found = [_suspect(said) for said in pairs.values()] if len(good) >= FEWEST_CANDIDATES else []
    doubted = [one for one in found if one is not None]
    ordered = sorted(doubted, key=lambda one: (-one.share, one.mean_margin, one.id))
    return Suspects(
        candidates=list(good),
        pairs=len(pairs),
        suspected=len(ordered),
        worst=ordered[:limit] if limit else ordered,
    )


def with_votes(answer: Suspects, votes: Sequence[Vote]) -> Suspects:
    """The answer, with the annotators' votes on each pair that several of them judged."""
    return replace(answer, worst=[_voted(one, votes) for one in answer.worst])


def _good(history: HistoryLayout, rows: Sequence[Row]) -> dict[str, list[PairOutcome]]:
    """The outcomes of each good candidate, the best first; of candidates with the same outcomes, only one."""
    scored = [row for row in rows if row.score is not None]
    bar = rows[0].score if rows else None
    distinct: dict[tuple[tuple[str, float], ...], tuple[str, list[PairOutcome]]] = {}
    for row in sorted(scored, key=lambda row: (-(row.score or 0), row.judge_tokens, row.id)):
        if bar is not None and (row.score or 0) >= bar:
            outcomes = find_pairs(history, row)
            distinct.setdefault(tuple((pair.id, pair.score) for pair in outcomes), (row.id, outcomes))
    return dict(distinct.values())


def _by_pair(good: Mapping[str, Sequence[PairOutcome]]) -> dict[str, dict[str, PairOutcome]]:
    """The outcome of each pair under each candidate, by pair id and candidate id."""
    found: dict[str, dict[str, PairOutcome]] = {}
    for candidate, outcomes in good.items():
        for pair in outcomes:
            found.setdefault(pair.id, {})[candidate] = pair
    return found


def _suspect(said: Mapping[str, PairOutcome]) -> Suspect | None:
    """A pair as a suspect; None if too few contradict it."""
    margins = {candidate: pair.margin for candidate, pair in said.items() if pair.margin is not None}
    against = [candidate for candidate, margin in margins.items() if margin < 0]
    if len(margins) < FEWEST_CANDIDATES or len(against) < NEARLY_ALL * len(margins):
        return None
    pair = next(iter(said.values()))
    return Suspect(
        **{name: getattr(pair, name) for name in ("id", "task", "categories", "preferred", "other")},
        contradicted_by=against,
        judged_by=len(margins),
        share=len(against) / len(margins),
        mean_margin=statistics.fmean(margins.values()),
        votes_for=None,
        votes_against=None,
    )


def _voted(one: Suspect, votes: Sequence[Vote]) -> Suspect:
    said = [(vote.preferred, vote.other) for vote in votes if not vote.tie]
    for_it, against = said.count((one.preferred, one.other)), said.count((one.other, one.preferred))
    return replace(one, votes_for=for_it, votes_against=against) if for_it + against > 1 else one
