"""Collects what the pages of one candidate, one pair and one trajectory show.

The page of a candidate needs its folder. The page of a pair or trajectory needs the trajectories in the run's copy of
the search split, and the traces of the candidates whose questions and replies it shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward import files
from meta_reward.errors import MetaRewardError
from meta_reward.evaluation.metrics import Metrics
from meta_reward.harness.validate.report import Report, parse_report
from meta_reward.report.page.collect import RunPage
from meta_reward.report.page.outcomes import MapPair
from meta_reward.report.page.sessions import Session, Step, load_session, steps_of
from meta_reward.run.evaluations import load_scores
from meta_reward.run.layout import HistoryLayout, Layout
from meta_reward.run.ledger import Row
from meta_reward.run.query_answers import TraceOfPair, TrajectoryTrace
from meta_reward.run.query_trace import trace
from meta_reward.tasks.records import load_rollouts, parse_tools
from meta_reward.trajectory import Rollout


@dataclass(frozen=True, slots=True)
class CategoryChange:
    """Agreement on the pairs of a category, before and after."""

    name: str
    pairs: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """The contents of a candidate's page."""

    row: Row
    proposal: str
    """Its `proposal.md`."""
    source: str
    report: Report | None
    """The validator's report; None if it cannot be read."""
    metrics: Metrics | None
    categories: Mapping[str, tuple[CategoryChange, ...]]
    """By id of a parent or the baseline, the changes since that candidate; those that got worse come first."""
    session: Session | None
    steps: tuple[Step, ...]


def collect_candidate(layout: Layout, run: RunPage, id: str) -> CandidatePage:
    """One candidate. Raises KeyError for an id that does not exist."""
    row = run.row(id)
    folder = layout.candidate(row.folder)
    metrics = _metrics(folder)
    known = {one.id: one for one in run.rows}
    others = [known[other] for other in dict.fromkeys([*row.parents, run.rows[0].id]) if other in known and other != id]
    compared = {other.id: _metrics(layout.candidate(other.folder)) for other in others}
    return CandidatePage(
        row=row,
        proposal=files.read_text(folder / "proposal.md"),
        source=source_of(layout, row),
        report=_report(folder / "validator.json"),
        metrics=metrics,
        categories={other: _changes(before, metrics) for other, before in compared.items() if before and metrics},
        session=load_session(folder / "proposer"),
        steps=tuple(steps_of(folder / "proposer")),
    )


def source_of(layout: Layout, row: Row) -> str:
    """The program of a candidate."""
    return files.read_bytes(layout.candidate(row.folder) / "harness.py").decode(errors="replace")


def _metrics(folder: Path) -> Metrics | None:
    scores = load_scores(folder)
    return scores.metrics if scores else None


def _report(path: Path) -> Report | None:
    try:
        with files.reading(path):
            return parse_report(files.load_json(path))
    except MetaRewardError:
        return None


def _changes(before: Metrics, after: Metrics) -> tuple[CategoryChange, ...]:
    both = [
        (name, before.by_category[name], group)
        for name, group in after.by_category.items()
        if name in before.by_category
    ]
    found = [CategoryChange(name, new.items, old.score, new.score) for name, old, new in both]
    return tuple(sorted(found, key=lambda one: (one.after - one.before, one.name)))


@dataclass(frozen=True, slots=True)
class PairPage:
    """The contents of the page of a pair of the search split."""

    pair: MapPair
    why: str
    """Why it is worth a look; empty if it was not picked for a reason."""
    preferred: Rollout
    other: Rollout
    exchanges: Mapping[str, tuple[TrajectoryTrace, ...]]
    """By candidate, what it asked the judge about the preferred trajectory and about the other."""


def load_search_rollouts(layout: Layout) -> dict[str, Rollout]:
    """The trajectories of the search split, from the run's own copy of it."""
    folder = layout.taskset
    policy = files.read_text(folder / "policy.md")
    tools = parse_tools(files.load_json(folder / "tools.json"), folder / "tools.json")
    return load_rollouts(folder / "trajectories", policy, tools)


def collect_pair(
    layout: Layout, pair: MapPair, candidates: Sequence[str], rollouts: Mapping[str, Rollout], why: str = ""
) -> PairPage:
    """One pair, with the questions and replies of some candidates. Raises KeyError if a trajectory is missing."""
    return PairPage(
        pair=pair,
        why=why,
        preferred=rollouts[pair.preferred],
        other=rollouts[pair.other],
        exchanges={candidate: _exchange(layout, candidate, pair.id) for candidate in candidates},
    )


@dataclass(frozen=True, slots=True)
class TrajectoryPage:
    """The contents of the page of a trajectory of the search split."""

    rollout: Rollout
    pairs: tuple[str, ...]
    """Ids of the pairs that it is in."""
    exchanges: Mapping[str, tuple[TrajectoryTrace, ...]]
    """By candidate, what it asked the judge about it."""


def collect_trajectory(
    layout: Layout, rollout: Rollout, pairs: Sequence[MapPair], candidates: Sequence[str]
) -> TrajectoryPage:
    """One trajectory, with the questions and replies of some candidates. pairs: all pairs of the search split."""
    return TrajectoryPage(
        rollout,
        tuple(pair.id for pair in pairs if rollout.id in (pair.preferred, pair.other)),
        {candidate: _exchange(layout, candidate, rollout.id) for candidate in candidates},
    )


def _exchange(layout: Layout, candidate: str, id: str) -> tuple[TrajectoryTrace, ...]:
    """What a candidate asked about a pair or a trajectory; empty if it has no traces of that."""
    try:
        found = trace(HistoryLayout(layout.history), candidate, id)
    except MetaRewardError:
        return ()
    return tuple(found.sides) if isinstance(found, TraceOfPair) else (found.trace,)
