"""The decision that ends a search: its finalists are evaluated on validation, and the gate tests them together.

Its results neither reach the proposer nor steer the search. Its expected cost is held back from the run's limits.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from meta_reward import files
from meta_reward.errors import DataError, UsageError
from meta_reward.evaluation import gate
from meta_reward.evaluation.outcome import Outcome
from meta_reward.models.usage import Spent
from meta_reward.run import decisions, git
from meta_reward.run.decisions import Decision, Finalist
from meta_reward.run.evaluations import load_outcomes, load_scores, required_scores
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, frontier_of, load_ledger
from meta_reward.run.settings import OFFICIAL
from meta_reward.search.context import Search
from meta_reward.search.evaluate_split import run_splits
from meta_reward.search.limits import NOTHING
from meta_reward.tasks.openings import chosen_before, record_look

_MOST_LOSSES = 5

_Cost = tuple[float, ...]
"""Mean judge calls, tokens and US dollars per trajectory."""


def is_decided(layout: Layout) -> bool:
    """Whether the decisions on record cover all candidates that would be finalists now."""
    return _covers(decisions.load_decisions(layout), finalists_of(layout))


def _covers(stands: Sequence[Decision], finalists: Iterable[Row]) -> bool:
    known = set(decisions.finalists_so_far(stands))
    return bool(stands) and all(row.id in known for row in finalists)


async def decide(search: Search) -> Decision:
    """The decision on a run: the one on record if it covers every finalist, else a new one, made by the next look.

    Raises LimitReached and JudgeUnavailable while finalists are evaluated.
    """
    layout = search.layout
    rows, stands = load_ledger(layout.ledger), decisions.load_decisions(layout)
    now = _finalists(layout, rows)
    if _covers(stands, now):
        return stands[-1]
    finalists = _with_earlier(now, rows, stands)
    if finalists:
        await run_splits(search, [rows[0].folder, *(row.folder for row in finalists)], "validation")
    decision = _decision(search, rows[0], finalists, stands)
    if stands and stands[-1].by == decisions.PERSON:
        search.events.note(f"this decision replaces the choice of {stands[-1].chosen}, which was made by hand")
    for note in decisions.save_decision(layout, decision, rows):
        search.events.note(note)
    if finalists:
        _count_look(search, decision, rows)
    return decision


def choose(layout: Layout, id: str) -> Decision:
    """Record a person's choice, which replaces the current decision. Raises UsageError for an id without a score."""
    rows, last = load_ledger(layout.ledger), decisions.last_decision(layout)
    scored = [row.id for row in rows if row.score is not None]
    if id not in scored:
        raise UsageError(f"{id} is not a scored candidate", hint=f"those are: {' '.join(scored) or 'none yet'}")
    if last is not None and (last.by, last.chosen) == (decisions.PERSON, id):
        return last
    last = last or Decision(decisions.PERSON, id, rows[0].id)
    decision = replace(last, by=decisions.PERSON, chosen=id)
    decisions.save_decision(layout, decision, rows)
    return decision


def reserve(search: Search, under_way: Iterable[Row] = ()) -> Spent:
    """What it will take to evaluate the baseline and the finalists on validation, without those evaluated already.

    under_way: candidates that are scored but not in the ledger yet. Finalists still to be found are assumed to cost as
    much as the most expensive candidate so far. Nothing is reserved in a run without a limit on spending.
    """
    layout, limits = search.layout, search.config.limits
    if not (limits.max_calls or limits.max_tokens or limits.max_usd):
        return NOTHING
    rows = [*load_ledger(layout.ledger), *under_way]
    if not rows or rows[0].score is None:
        return NOTHING
    trajectories = len(search.part("validation").examples)
    expected = [rows[0], *_finalists(layout, rows)]
    waiting = [row for row in expected if load_scores(layout.sealed_evaluation("validation", row.folder)) is None]
    each = [_per_trajectory(layout, row) for row in expected]
    dearest = [_dearest(each)] * (1 + gate.FINALISTS - len(expected))
    return _whole([*(_per_trajectory(layout, row) for row in waiting), *dearest], trajectories)


def _per_trajectory(layout: Layout, row: Row) -> _Cost:
    found = required_scores(layout.candidate(row.folder)).metrics
    return tuple((n or 0.0) / found.examples for n in (found.judge_calls, found.judge_tokens, found.cost_usd))


def _dearest(each: Sequence[_Cost]) -> _Cost:
    return tuple(map(max, zip(*each, strict=True)))


def _whole(each: Sequence[_Cost], trajectories: int) -> Spent:
    calls, tokens, usd = (trajectories * sum(column) for column in zip(*each, strict=True)) if each else (0, 0, 0)
    return Spent(calls=round(calls), tokens=round(tokens), cost_usd=usd)


def finalists_of(layout: Layout) -> list[Row]:
    """The best candidates on search that are above the baseline, one for each distinct vector of outcomes."""
    return _finalists(layout, load_ledger(layout.ledger))


def _finalists(layout: Layout, rows: Sequence[Row]) -> list[Row]:
    scored = [row for row in rows if row.score is not None]
    if not scored or scored[0] is not rows[0]:
        return []
    outcomes = {row.id: load_outcomes(layout.candidate(row.folder)) for row in scored}
    candidates = [gate.Candidate(row.id, row.judge_tokens, outcomes[row.id]) for row in scored]
    chosen = gate.choose_finalists(candidates[0], candidates[1:])
    by_id = {row.id: row for row in rows}
    return [by_id[candidate.id] for candidate in chosen]


def _with_earlier(finalists: Sequence[Row], rows: Sequence[Row], stands: Sequence[Decision]) -> list[Row]:
    """The finalists together with those of earlier looks, in the order of their ids."""
    wanted = {*(row.id for row in finalists), *decisions.finalists_so_far(stands)}
    return [row for row in rows if row.id in wanted]


def _decision(search: Search, baseline: Row, finalists: Sequence[Row], stands: Sequence[Decision]) -> Decision:
    """The next decision; baseline and finalists are evaluated on validation already."""
    nobody = Decision(decisions.GATE, baseline.id, baseline.id, claimed=_claimed(search), tasks=_tasks(search))
    if not finalists:
        return nobody
    layout, rows = search.layout, [baseline, *finalists]
    folders = {row.id: layout.sealed_evaluation("validation", row.folder) for row in rows}
    found_on = {id: required_scores(folder).metrics for id, folder in folders.items()}
    first, *others = (
        gate.Candidate(
            row.id, row.judge_tokens, load_outcomes(layout.candidate(row.folder)), load_outcomes(folders[row.id])
        )
        for row in rows
    )
    objective = search.config.objective
    found = gate.decide(
        first,
        others,
        scored_alike=not (objective.spec != OFFICIAL and objective.validate_on == OFFICIAL),
        look=decisions.next_look(stands),
        passed=decisions.passed_so_far(stands),
        seed=search.config.seed,
    )
    elsewhere = chosen_before(search.taskset.path, search.taskset.digest, run=git.first_commit(layout.root))
    return replace(
        nobody,
        chosen=found.chosen,
        untested=found.untested,
        look=found.look,
        level=found.level,
        baseline_validation=found_on[baseline.id].score,
        frontier=tuple(frontier_of({id: (on.score, on.cost) for id, on in found_on.items()})),
        finalists=tuple(
            Finalist(
                row.name,
                verdict,
                found_on[row.id].score,
                found_on[row.id].judge_tokens,
                not_covered=row.iteration == 0 and _digest(layout, row) in elsewhere,
                worst_tasks=_worst(first, candidate, lambda item: (item.task,)),
                worst_categories=_worst(first, candidate, lambda item: item.categories),
            )
            for row, candidate, verdict in zip(finalists, others, found.finalists, strict=True)
        ),
    )


def _worst(
    baseline: gate.Candidate, finalist: gate.Candidate, names: Callable[[Outcome], Iterable[str]]
) -> tuple[gate.Loss, ...]:
    return tuple(gate.losses(baseline.validation, finalist.validation, names)[:_MOST_LOSSES])


def _tasks(search: Search) -> int:
    return len(search.splits["validation"])


def _claimed(search: Search) -> bool:
    """Whether the gate's guarantee can be claimed: no proposer was able to read the validation split."""
    return search.config.proposer.jail != "none"


def _digest(layout: Layout, row: Row) -> str:
    return hashlib.sha256(files.read_bytes(layout.candidate(row.folder) / "harness.py")).hexdigest()


def _count_look(search: Search, decision: Decision, rows: Sequence[Row]) -> None:
    """Count the look in the task set's record of openings. If that cannot be written, the decision stands anyway."""
    chosen = next(row for row in rows if row.id == decision.chosen)
    run, taskset = search.layout.root.name, search.taskset
    key = f"{git.first_commit(search.layout.root)} look {decision.look}"
    try:
        record_look(taskset.path, taskset.digest, by=f"run {run}", key=key, chosen=_digest(search.layout, chosen))
    except (DataError, UsageError) as error:
        search.events.note(f"the look at validation could not be counted: {error}")
