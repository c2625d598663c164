"""The numbers of `study optimizers`, from runs that were searched and tested.

A search reports the gain of its best program on the search split, which is optimistic, as the program was selected
there. So the tables also have that program's gain on validation, and the gain of the gate's choice on test. Agreements
are from 0 to 1, gains in [-1, 1].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from meta_reward import files
from meta_reward.evaluation.metrics import differences
from meta_reward.evaluation.outcome import Outcome
from meta_reward.evaluation.statistics import Interval, difference_interval, share_interval
from meta_reward.run.decisions import last_decision
from meta_reward.run.evaluations import load_outcomes
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.search.decide import finalists_of

ByTask = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class OptimizerSearch:
    """One search."""

    optimizer: str
    seed: int
    evaluated: int
    """Programs that it proposed and that were scored."""
    refused: int
    """Programs that the validator refused, or that failed."""
    start: float
    """The best agreement on search among the seed programs."""
    median: float | None
    """Median agreement on search of the programs that it proposed; None without any."""
    best: float
    """The best agreement on search."""
    reported: float
    """The gain that it reports: the best minus the baseline on search."""
    sealed: float
    """The same program's gain on validation, where it was not selected."""
    replaced: bool
    """Whether the gate replaced the baseline."""
    chosen: float
    """Agreement on test of the gate's choice."""
    gain: float
    """`chosen` minus the baseline's agreement on test."""
    tokens: float | None
    """The proposer's tokens per iteration; None if it reports none."""
    to_match: int | None
    """Proposals until it matched the other optimizers' final best on search; None if it never did."""


@dataclass(frozen=True, slots=True)
class OptimizerRow:
    """All searches of one arm, on average."""

    optimizer: str
    searches: int
    evaluated: float
    refused: float
    median: float | None
    best: float
    chosen: Interval
    """Agreement on test; the 95% interval by test task."""
    tokens: float | None
    matched: int
    """In how many searches it matched the best of the others."""
    to_match: float | None
    """The median over these."""
    reported: float
    sealed: Interval | None
    """None where each search has the baseline as its best."""
    replaced: int
    gain: Interval | None
    """None where no baseline was replaced."""


@dataclass(frozen=True, slots=True)
class Found:
    """A search, and values on pairs by task, of which intervals are made. No values: a gain of 0 on all pairs."""

    search: OptimizerSearch
    sealed: ByTask
    chosen: ByTask
    gain: ByTask


def measure(layout: Layout, optimizer: str, seed: int, rival: float) -> Found:
    """The numbers of a search that was tested. rival: the best of the other optimizers with this seed."""
    rows, decision = load_ledger(layout.ledger), last_decision(layout)
    assert decision is not None  # a test makes one
    by_id = {row.id: row for row in rows}
    own = [row for row in rows if row.iteration]
    scores = [row.score for row in own if row.score is not None]
    top = next(iter(finalists_of(layout)), rows[0])
    sealed = _gain(layout, "validation", rows[0], top)
    gain = _gain(layout, "test", rows[0], by_id[decision.chosen])
    test = _outcomes(layout, "test", by_id[decision.chosen])
    chosen = _by_task(test)
    return Found(
        OptimizerSearch(
            optimizer=optimizer,
            seed=seed,
            evaluated=len(scores),
            refused=len(own) - len(scores),
            start=best_of([row for row in rows if not row.iteration]),
            median=median(scores) if scores else None,
            best=best_of(rows),
            reported=(top.score or 0.0) - (rows[0].score or 0.0),
            sealed=_mean(sealed),
            replaced=decision.chosen != decision.baseline,
            chosen=_mean(chosen),
            gain=_mean(gain),
            tokens=_tokens(layout),
            to_match=proposals_to_reach(rows, rival),
        ),
        sealed,
        chosen,
        gain,
    )


def row_of(found: Sequence[Found]) -> OptimizerRow:
    """The searches of one arm, on average."""
    searches = [one.search for one in found]
    matched = [one.to_match for one in searches if one.to_match is not None]
    chosen = share_interval(_averaged([one.chosen for one in found]))
    assert chosen is not None  # a test split has pairs
    return OptimizerRow(
        optimizer=searches[0].optimizer,
        searches=len(searches),
        evaluated=fmean(one.evaluated for one in searches),
        refused=fmean(one.refused for one in searches),
        median=_known_mean([one.median for one in searches]),
        best=fmean(one.best for one in searches),
        chosen=chosen,
        tokens=_known_mean([one.tokens for one in searches]),
        matched=len(matched),
        to_match=median(matched) if matched else None,
        reported=fmean(one.reported for one in searches),
        sealed=difference_interval(_averaged([one.sealed for one in found])),
        replaced=sum(one.replaced for one in searches),
        gain=difference_interval(_averaged([one.gain for one in found])),
    )


def _averaged(searches: Sequence[ByTask]) -> ByTask:
    """The mean over searches on each pair, by task."""
    some = next(filter(None, searches), {})
    zeros = {task: [0.0] * len(values) for task, values in some.items()}
    full = [one or zeros for one in searches]
    return {task: [fmean(values) for values in zip(*(one[task] for one in full), strict=True)] for task in some}


def _known_mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _gain(layout: Layout, split: str, baseline: Row, row: Row) -> ByTask:
    """A program minus the baseline on each pair of a sealed split, by task; nothing where it is the baseline."""
    if row is baseline:
        return {}
    return differences(_outcomes(layout, split, baseline), _outcomes(layout, split, row))


def _outcomes(layout: Layout, split: str, row: Row) -> list[Outcome]:
    return load_outcomes(layout.sealed_evaluation(split, row.folder))


def _by_task(outcomes: Sequence[Outcome]) -> ByTask:
    grouped: dict[str, list[float]] = {}
    for outcome in outcomes:
        grouped.setdefault(outcome.task, []).append(outcome.value)
    return grouped


def _mean(by_task: ByTask) -> float:
    return fmean([value for values in by_task.values() for value in values] or [0.0])


def best_of(rows: Sequence[Row]) -> float:
    """The best agreement on search, 0 without any."""
    return max(row.score or 0.0 for row in rows)


def proposals_to_reach(rows: Sequence[Row], rival: float) -> int | None:
    """How many proposals it took to reach a score; 0 where a seed program has it."""
    if best_of([row for row in rows if not row.iteration]) >= rival:
        return 0
    own = [row for row in rows if row.iteration]
    return next((number for number, row in enumerate(own, 1) if (row.score or 0.0) >= rival), None)


def _tokens(layout: Layout) -> float | None:
    """Tokens of the proposer's sessions, an iteration."""
    kept = [*layout.candidates.glob("*/proposer/session.json"), *layout.history.glob("sessions/*/session.json")]
    sessions = {line["iteration"]: line for line in map(files.load_json, kept) if line["iteration"]}
    used = [line["input_tokens"] + line["output_tokens"] for line in sessions.values() if line.get("input_tokens")]
    return sum(used) / len(sessions) if used else None
