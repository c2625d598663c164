"""Opening the sealed test split of a run: the baseline against the chosen harness, or others that are asked for.

What was found is kept in `test.json` of the sealed folder, and asking again for the same harnesses shows it
again. Every opening is counted with the task set. A run that has no decision yet gets one first. A run that has
used up what it may spend opens nothing. Once the split is open, the limit in dollars holds and no other: the
rest end the search alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import differences
from meta_reward.evaluation.statistics import Interval, difference_interval
from meta_reward.propose.session_cost import proposer_usd
from meta_reward.run import git
from meta_reward.run.decisions import PERSON, Decision, last_decision, sentence_of
from meta_reward.run.evaluations import (
    Scores,
    load_outcomes,
    load_scores,
    parse_scores,
    required_scores,
    scores_to_json,
)
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.record import commit_paths
from meta_reward.run.settings import Limits
from meta_reward.search.context import Search
from meta_reward.search.decide import decide
from meta_reward.search.evaluate_split import run_splits
from meta_reward.search.limits import limit_check
from meta_reward.search.loop import finished
from meta_reward.search.open import check_sandbox
from meta_reward.tasks.openings import count_looks, count_openings, record_opening

SCHEMA = 2


@dataclass(frozen=True, slots=True)
class Tested:
    """A harness on the test split."""

    id: str
    name: str
    scores: Scores
    difference: Interval | None
    """Its agreement minus the baseline's, with the 95% interval by task; None for the baseline itself."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """What was asked for, and what it was measured against."""

    judge: str
    simulated: bool
    baseline: Tested
    tested: tuple[Tested, ...]
    """In the order of their ids, without the baseline."""
    decision: Decision
    openings: int
    """How often the test split of this task set has been opened, by all runs."""
    looks: int
    """How many decisions were made on its validation split, by all runs."""


Choice = Callable[[Decision], Sequence[str]]
"""The ids to test, by the decision that stands."""


def chosen_alone(decision: Decision) -> Sequence[str]:
    """What a test is of, where nothing else is asked for."""
    return [decision.chosen]


def finalists_and_frontier(decision: Decision) -> Sequence[str]:
    """All that was validated by the last decision."""
    return [decision.chosen, *decision.frontier, *(finalist.verdict.id for finalist in decision.finalists)]


async def open_test(search: Search, wanted: Choice | Sequence[str] = chosen_alone) -> TestResult:
    """The baseline and the wanted harnesses on the test split. Raises UsageError for an id that was not scored.

    wanted: their ids, or a choice among what the decision knows.
    """
    layout = search.layout
    rows = load_ledger(layout.ledger)
    if not rows:
        raise UsageError(f"run {layout.root.name} has no candidate yet", hint="run `meta-reward search` first")
    if not callable(wanted):
        _rows_of(rows, wanted)  # before anything is decided or opened
    await check_sandbox(search)
    stored = _stored(layout)
    _check_budget(search, begun=bool(stored) or any(_has_begun(layout, row) for row in rows))
    if finished(layout, search.config.limits) is None:
        search.events.note("the search has not finished; what it finds later will need another opening")
    stands = last_decision(layout)
    decision = stands if stands is not None and stands.by == PERSON else await decide(search)
    search.events.note(sentence_of(decision))
    asked = _rows_of(rows, wanted(decision) if callable(wanted) else wanted)
    if any(row.id not in stored for row in (rows[0], *asked)):
        stored = await _open(search, rows[0], asked, stored)
    tested = tuple(stored[row.id] for row in asked if row is not rows[0])
    openings, looks = count_openings(search.taskset.path), count_looks(search.taskset.path)
    judge, simulated = search.config.judge.spec, search.gateway.backend.simulated
    return TestResult(judge, simulated, stored[rows[0].id], tested, decision, openings, looks)


async def _open(search: Search, baseline: Row, asked: Sequence[Row], stored: Mapping[str, Tested]) -> dict[str, Tested]:
    """Count an opening, evaluate what it is for, and put it on record beside what was tested before."""
    layout = search.layout
    key = " ".join([git.first_commit(layout.root), *(row.id for row in asked)])
    record_opening(search.taskset.path, search.taskset.digest, by=f"test of run {layout.root.name}", key=key)
    rows = [baseline, *(row for row in asked if row is not baseline)]
    await run_splits(search, [row.folder for row in rows], "test")
    found = {**stored, **{row.id: _tested(layout, row, baseline) for row in rows}}
    found = dict(sorted(found.items()))
    files.write_json(layout.test_result, {"schema": SCHEMA, "tested": [_tested_to_json(one) for one in found.values()]})
    said = ", ".join(f"{row.id} {found[row.id].scores.metrics.score:.1%}" for row in rows)
    commit_paths(
        layout, f"Test: {said}", [layout.test_result, *(layout.sealed_evaluation("test", row.folder) for row in rows)]
    )
    git.refresh(layout.root)
    return found


def _tested(layout: Layout, row: Row, baseline: Row) -> Tested:
    folder, other = (layout.sealed_evaluation("test", one.folder) for one in (row, baseline))
    by_task = differences(load_outcomes(other), load_outcomes(folder))
    difference = None if row is baseline else difference_interval(by_task)
    return Tested(row.id, row.name, required_scores(folder), difference)


def _rows_of(rows: Sequence[Row], ids: Sequence[str]) -> list[Row]:
    scored = {row.id: row for row in rows if row.score is not None}
    if missing := [id for id in ids if id not in scored]:
        raise UsageError(f"{missing[0]} is no candidate with a score", hint=f"those are: {' '.join(scored)}")
    return [row for row in rows if row.id in set(ids)]


def _stored(layout: Layout) -> dict[str, Tested]:
    """What was tested so far, by id."""
    if not layout.test_result.exists():
        return {}
    data = files.load_json(layout.test_result)
    with files.reading(layout.test_result):
        return {item["id"]: _parse_tested(item, layout.test_result) for item in data["tested"]}


def test_to_json(result: TestResult) -> dict[str, Any]:
    """A result as `test --json` prints it."""
    baseline, tested = _tested_to_json(result.baseline), [_tested_to_json(one) for one in result.tested]
    return {**asdict(result), "baseline": baseline, "tested": tested}


def _tested_to_json(tested: Tested) -> dict[str, Any]:
    """A tested harness as `test.json` holds it."""
    return {**asdict(tested), "scores": scores_to_json(tested.scores)}


def _parse_tested(data: dict[str, Any], path: Path) -> Tested:
    difference = data["difference"]
    scores = parse_scores(data["scores"], path)
    return Tested(data["id"], data["name"], scores, None if difference is None else Interval(**difference))


def _check_budget(search: Search, *, begun: bool) -> None:
    """Raise LimitReached where nothing may be spent any more, before an opening is counted; dollars hold from then on.

    begun: whether the split is open already; what the test itself has asked is then among the calls.
    """
    limits, sessions_usd = search.config.limits, proposer_usd(search.layout)
    dollars = limit_check(Limits(max_usd=limits.max_usd))
    first = dollars if begun else limit_check(replace(limits, max_hours=0.0))
    search.gateway.limit(first, elsewhere_usd=lambda: sessions_usd)
    search.gateway.check_limit()
    search.gateway.limit(dollars, elsewhere_usd=lambda: sessions_usd)


def _has_begun(layout: Layout, row: Row) -> bool:
    return (
        layout.journal("test", row.folder).exists()
        or load_scores(layout.sealed_evaluation("test", row.folder)) is not None
    )
