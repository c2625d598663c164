"""The loop: propose, validate, evaluate, challenge, record.

Its state is the run directory and nothing else. Every step looks at what is on disk first and does
only what is missing, so a search that was killed anywhere goes on from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from meta_reward import files, folders
from meta_reward.errors import LimitReached, UsageError
from meta_reward.evaluation.gate import Contender, choose_challenger, decide, level_of
from meta_reward.evaluation.metrics import differences
from meta_reward.models.usage import Spent
from meta_reward.propose.session_cost import proposer_usd
from meta_reward.run import git, record
from meta_reward.run.evaluations import load_outcomes
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, best_of, idle_iterations, load_ledger
from meta_reward.run.settings import Limits
from meta_reward.run.stop_reason import Stop
from meta_reward.run.usage import spent_on_disk
from meta_reward.search.context import Search, check_sandbox
from meta_reward.search.evaluate_split import run_split
from meta_reward.search.limits import limit_check
from meta_reward.search.session import run_session, save_candidates

_MOST_BARREN_SESSIONS = 3


async def search(setup: Search) -> Stop:
    """Go on from what is on disk until a limit. Raises what stops a run otherwise: an outage of the judge."""
    await check_sandbox(setup)
    limits, barren = limit_check(setup.config.limits), 0
    setup.layout.make_sealed()
    folders.sweep(setup.layout.root, deep=False)
    for folder in (setup.layout.history, setup.layout.sealed):
        folders.sweep(folder)
    git.unlock(setup.layout.root)
    record.tag_last_candidate(setup.layout)
    record.commit_candidates(setup.layout)
    record.commit_last_iteration(setup.layout)
    git.refresh(setup.layout.root)
    try:
        while (reason := finished(setup.layout, setup.config.limits)) is None:
            if barren == _MOST_BARREN_SESSIONS:
                return Stop("stopped", _why_barren(record.load_iterations(setup.layout)[-1]))
            _watch(setup, limits, partial(proposer_usd, setup.layout))  # it grows while a session tries drafts
            line = await _iterate(setup, len(record.load_iterations(setup.layout)), limits)
            barren = 0 if line.candidates else barren + 1
        git.repack(setup.layout.root)
        return Stop("finished", reason)
    except LimitReached as limit:
        used, kept = setup.gateway.spent, spent_on_disk(setup.layout)
        return Stop("stopped", str(limit), used.calls - kept.calls, used.tokens - kept.tokens)


def finished(layout: Layout, limits: Limits) -> str | None:
    """Why a run is finished, None where there is more to do. The seeds are not counted as an iteration."""
    done = len(record.load_iterations(layout)) - 1
    if done >= limits.iterations:
        return f"{done} iteration{'s' if done != 1 else ''} done"
    idle = idle_iterations(load_ledger(layout.ledger), done)
    if limits.patience and idle >= limits.patience:
        return f"no progress for {idle} iterations"
    return None


def _why_barren(last: record.Iteration) -> str:
    why = f"; the last: {last.notes[0]}" if last.notes else ""
    return f"{_MOST_BARREN_SESSIONS} sessions of the proposer in a row left no candidate{why}"


def _watch(setup: Search, limits: Callable[[Spent], None], sessions_usd: Callable[[], float]) -> None:
    """Stop at the limits from now on, and at once where one is reached: what sessions have cost counts as well."""
    counted = sessions_usd if setup.config.limits.max_usd else lambda: 0.0  # it takes reading
    setup.gateway.check = lambda spent: limits(replace(spent, cost_usd=spent.cost_usd + counted()))
    setup.gateway.check(setup.gateway.spent)


async def _iterate(setup: Search, iteration: int, limits: Callable[[Spent], None]) -> record.Iteration:
    """One iteration, from the proposer's session to the commits."""
    session = await run_session(setup, iteration)
    so_far = proposer_usd(setup.layout)
    _watch(setup, limits, lambda: so_far)
    folders = save_candidates(setup, session, iteration)
    before = [row for row in load_ledger(setup.layout.ledger) if row.iteration < iteration]
    rows = [await _score_candidate(setup, folder, iteration) for folder in folders]
    rows, unknown = _with_known_parents(rows, {row.id for row in before})
    accepted = await _challenge(setup, iteration, before, rows)
    rows = [replace(row, accepted=row.id == accepted) for row in rows]
    line = record.Iteration(iteration, tuple(row.id for row in rows), accepted, (*session.notes, *unknown))
    for note in record.save_iteration(setup.layout, [*before, *rows], line):
        setup.progress.note(note)
    if rows:
        record.commit_candidates(setup.layout)
    else:
        record.commit_iteration_without_candidates(setup.layout, line)
    git.refresh(setup.layout.root)
    return line


async def _score_candidate(setup: Search, folder: str, iteration: int) -> Row:
    """A candidate's row after its evaluation on the search split, or its rejection."""
    validator = files.load_json(setup.layout.candidate(folder) / "validator.json")
    if validator["ok"]:
        await run_split(setup, folder, "search")
    row = record.row_of(setup.layout, folder, iteration, judge=setup.config.judge.spec)
    scored = row.agreement is not None
    result = f"{row.agreement:.1%} on search, judge {row.judge}" if scored else f"{row.status}: {row.reason}"
    setup.progress.note(f"{row.id} {row.name}: {result}")
    return row


def _with_known_parents(rows: Sequence[Row], known: set[str]) -> tuple[list[Row], list[str]]:
    """The rows with only those parents that exist, and a note for each that does not."""
    notes = [f"{row.id} names parent {p}, which does not exist" for row in rows for p in row.parents if p not in known]
    return [replace(row, parents=tuple(p for p in row.parents if p in known)) for row in rows], notes


async def _challenge(setup: Search, iteration: int, before: Sequence[Row], rows: Sequence[Row]) -> str | None:
    """The id of the candidate that replaces the incumbent, None where none does."""
    incumbent = best_of(before or rows)
    if incumbent.agreement is None:
        raise UsageError(f"the baseline {incumbent.name} {incumbent.status}: {incumbent.reason}", hint="mend it")
    contenders = [_contender(row) for row in rows if row.agreement is not None and row.id != incumbent.id]
    challenge = choose_challenger(_contender(incumbent), contenders)
    if challenge is None:
        return None
    challenger = next(row for row in rows if row.id == challenge.challenger)
    for side in (incumbent, challenger):
        await run_split(setup, side.folder, "validation")
    values = differences(
        *(load_outcomes(setup.layout.sealed_evaluation("validation", s.folder)) for s in (incumbent, challenger))
    )
    decision = decide(values, ground=challenge.ground, level=level_of(setup.config.limits.iterations))
    stands = record.save_decision(setup.layout, iteration, challenger.id, incumbent.id, decision)
    provisional = " (provisional: too few validation tasks for a test)" if stands["provisional"] else ""
    verdict = "replaces" if stands["accepted"] else "does not replace"
    setup.progress.note(f"{challenger.id} {verdict} {incumbent.id}{provisional}")
    return challenger.id if stands["accepted"] else None


def _contender(row: Row) -> Contender:
    return Contender(row.id, row.agreement or 0.0, row.judge_tokens)
