"""Opens the sealed test split of a run: compares the chosen harness, or others on request, with the baseline.

Each is compared with the controls too, unless they are switched off.

Results are kept in `test.json` of the sealed folder; asking for the same harnesses again shows them. Every opening is
counted with the task set. A run without a decision gets one first. A run that has reached a limit on spending does not
open the split. Once the split is open, only the limit in dollars holds; the other limits are for the search.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from meta_reward.errors import LimitReached, UsageError
from meta_reward.evaluation.best_of_n import Lift, lifts
from meta_reward.evaluation.metrics import difference
from meta_reward.kinds.reward import has_rewards
from meta_reward.run import git
from meta_reward.run.decisions import PERSON, Decision, last_decision, sentence_of
from meta_reward.run.evaluations import (
    load_outcomes,
    load_rewards,
    load_scores,
    required_scores,
)
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.record import commit_paths
from meta_reward.run.set_aside import inside
from meta_reward.run.settings import Limits
from meta_reward.search.context import Search
from meta_reward.search.controls import LEARNED, REROLL, run_controls
from meta_reward.search.decide import decide
from meta_reward.search.evaluate_split import run_splits
from meta_reward.search.limits import elsewhere_usd, limit_check
from meta_reward.search.loop import finished
from meta_reward.search.open import check_sandbox
from meta_reward.search.test_record import Tested, TestResult, load_tested, save_tested
from meta_reward.tasks.openings import count_looks, count_openings, record_opening

Choice = Callable[[Decision], Sequence[str]]
"""Takes the current decision, returns the ids to test."""


def chosen_alone(decision: Decision) -> Sequence[str]:
    """The default: test only the chosen harness."""
    return [decision.chosen]


def finalists_and_frontier(decision: Decision) -> Sequence[str]:
    """Test all candidates that the decision evaluated on validation."""
    return [decision.chosen, *decision.frontier, *(finalist.verdict.id for finalist in decision.finalists)]


async def open_test(
    search: Search, wanted: Choice | Sequence[str] = chosen_alone, *, controls: bool = True
) -> TestResult:
    """Test the baseline and the wanted harnesses on the test split.

    wanted: their ids, or a function that chooses them from the decision. controls: whether to evaluate controls that
    are not on record; those on record are in the result in any case. Raises UsageError for an id without a score,
    LimitReached and JudgeUnavailable.
    """
    layout = search.layout
    rows = load_ledger(layout.ledger)
    if not rows:
        raise UsageError(f"run {layout.root.name} has no candidate yet", hint="run `meta-reward search` first")
    if not callable(wanted):
        _rows_of(rows, wanted)  # before anything is decided or opened
    await check_sandbox(search)
    stored = load_tested(layout)
    if stored:
        _commit(layout, "Test: as it is on disk")
    else:  # results on record are shown even if the budget is used up
        _check_budget(search, begun=any(_has_begun(layout, row) for row in rows))
    _limit_dollars(search)
    if finished(layout, search.config.limits) is None:
        search.events.note("the search has not finished; what it finds later will need another opening")
    stands = last_decision(layout)
    decision = stands if stands is not None and stands.by == PERSON else await decide(search)
    search.events.note(sentence_of(decision))
    asked = _rows_of(rows, wanted(decision) if callable(wanted) else wanted)
    if any(row.id not in stored for row in (rows[0], *asked)):
        stored = await _open(search, rows[0], asked, stored)
    asked = [row for row in asked if row is not rows[0]]
    if controls:
        stored = await _add_controls(search, rows[0], asked or [rows[0]], stored)
    tested = tuple(stored[row.id] for row in asked)
    openings, looks = count_openings(search.taskset.path), count_looks(search.taskset.path)
    judge, simulated = search.config.judge.spec, search.gateway.backend.simulated
    return TestResult(search.kind.name, judge, simulated, stored[rows[0].id], tested, decision, openings, looks)


async def _open(search: Search, baseline: Row, asked: Sequence[Row], stored: Mapping[str, Tested]) -> dict[str, Tested]:
    """Count an opening, evaluate the harnesses, and add them to the results on record, which are returned."""
    layout = search.layout
    search.gateway.check_limit()
    key = " ".join([git.first_commit(layout.root), *(row.id for row in asked)])
    record_opening(search.taskset.path, search.taskset.digest, by=f"test of run {layout.root.name}", key=key)
    rows = [baseline, *(row for row in asked if row is not baseline)]
    await run_splits(search, [row.folder for row in rows], "test")
    found = {**{row.id: _tested(search, row, baseline) for row in rows}, **stored}
    said = ", ".join(f"{row.id} {found[row.id].scores.metrics.score:.1%}" for row in rows)
    _record(layout, f"Test: {said}", found)
    return found


async def _add_controls(
    search: Search, baseline: Row, asked: Sequence[Row], stored: Mapping[str, Tested]
) -> dict[str, Tested]:
    """Evaluate the missing controls of these harnesses, and add them to the results on record, which are returned."""
    last = LEARNED if search.kind.words.learned else REROLL
    lacking = [row for row in asked if last not in {control.name for control in stored[row.id].controls}]
    if not lacking:
        return dict(stored)
    try:
        controls = await run_controls(search, baseline, lacking)
    except LimitReached:
        search.events.note("only the controls are missing: `meta-reward test` with --no-controls shows the result")
        raise
    found = {id: replace(one, controls=controls.get(id, one.controls)) for id, one in stored.items()}
    _record(search.layout, f"Test: controls of {', '.join(row.id for row in lacking)}", found)
    return found


def _record(layout: Layout, subject: str, found: Mapping[str, Tested]) -> None:
    """Save the results so far, and commit them with their evaluations."""
    save_tested(layout, [found[id] for id in sorted(found)])
    _commit(layout, subject)


def _commit(layout: Layout, subject: str) -> None:
    """Commit the results so far, unless that was done already; a kill may have come between saving and committing."""
    name = inside(layout, layout.test_result)
    if git.blob_ids(layout.root, [name]).get(name) != git.blob_id(layout.test_result.read_bytes()):
        evaluations = [path for path in sorted(layout.sealed.glob("test*/*")) if load_scores(path) is not None]
        commit_paths(layout, subject, [layout.test_result, *evaluations])
        git.refresh(layout.root)


def _tested(search: Search, row: Row, baseline: Row) -> Tested:
    folder, other = (search.layout.sealed_evaluation("test", one.folder) for one in (row, baseline))
    if row is baseline:
        return Tested(row.id, row.name, required_scores(folder), None)
    found = difference(load_outcomes(other), load_outcomes(folder))
    picked: list[Lift] = []
    if has_rewards(search.taskset):
        rollouts, _ = search.taskset.part(search.splits["test"])
        picked = lifts(rollouts, load_rewards(other), load_rewards(folder))
    return Tested(row.id, row.name, required_scores(folder), found, tuple(picked))


def _rows_of(rows: Sequence[Row], ids: Sequence[str]) -> list[Row]:
    scored = {row.id: row for row in rows if row.score is not None}
    if missing := [id for id in ids if id not in scored]:
        raise UsageError(f"{missing[0]} is not a scored candidate", hint=f"those are: {' '.join(scored)}")
    return [row for row in rows if row.id in set(ids)]


def _check_budget(search: Search, *, begun: bool) -> None:
    """Raise LimitReached if nothing more may be spent, before an opening is counted.

    begun: whether the test has begun already. Its own calls are then part of what is spent, so only the limit in
    dollars holds.
    """
    limits, beside_usd = search.config.limits, elsewhere_usd(search.layout)
    holding = Limits(max_usd=limits.max_usd) if begun else replace(limits, max_hours=0.0)
    search.gateway.limit(limit_check(holding), elsewhere_usd=lambda: beside_usd)
    search.gateway.check_limit()


def _limit_dollars(search: Search) -> None:
    beside_usd = elsewhere_usd(search.layout)
    search.gateway.limit(limit_check(Limits(max_usd=search.config.limits.max_usd)), elsewhere_usd=lambda: beside_usd)


def _has_begun(layout: Layout, row: Row) -> bool:
    return (
        layout.journal("test", row.folder).exists()
        or load_scores(layout.sealed_evaluation("test", row.folder)) is not None
    )
