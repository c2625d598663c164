"""The search loop: propose, validate, evaluate, record; and at the end, decide.

Its only state is the run directory. Every step looks at what is on disk first and does only what is missing, so a
search that was killed at any point resumes from there.
"""

from meta_reward.errors import LimitReached, UsageError
from meta_reward.evaluation.gate import FINALISTS
from meta_reward.run import record
from meta_reward.run.decisions import last_decision
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, idle_iterations, leader_of, load_ledger
from meta_reward.run.settings import Limits
from meta_reward.run.stop_reason import Stop
from meta_reward.search.context import Search
from meta_reward.search.decide import is_decided
from meta_reward.search.iterate import at_limit, iterate, make_whole, settle, tell_begin
from meta_reward.search.limits import limit_check
from meta_reward.search.open import check_sandbox
from meta_reward.search.session import place_by_hand
from meta_reward.search.traces import lay_traces

_MOST_BARREN_SESSIONS = 3


async def run_search(search: Search) -> Stop:
    """Run or resume a search until it is finished or reaches a limit; returns how it ended.

    Raises JudgeUnavailable if the judge stops answering, ProposerUnavailable if the proposer does.
    """
    _refuse_training(search)
    await check_sandbox(search)
    limits, barren = limit_check(search.config.limits), 0
    tell_begin(search)
    make_whole(search)
    _warn_of_small_limit(search)
    try:
        await lay_traces(search)
        while (reason := finished(search.layout, search.config.limits)) is None:
            if barren == _MOST_BARREN_SESSIONS:
                return Stop("stopped", _why_barren(record.load_iterations(search.layout)[-1]))
            line = await iterate(search, limits)
            barren = 0 if line.candidates else barren + 1
        ending = Stop("finished", reason)
    except LimitReached as limit:
        ending = at_limit(search, limit)
    return await settle(search, ending)


async def add(search: Search, name: str, source: str) -> Row:
    """Make a person's harness a candidate like any other. If the run has a decision, decide again.

    Raises UsageError if the validator refuses the harness, LimitReached if nothing may be spent on it.
    """
    _refuse_training(search)
    await check_sandbox(search)
    limits = limit_check(search.config.limits)
    make_whole(search)
    iteration = len(record.load_iterations(search.layout))
    if search.layout.session_record(iteration).exists():  # finish the iteration that is already proposed
        iteration = (await iterate(search, limits)).iteration + 1
    await place_by_hand(search, iteration, name, source)
    line = await iterate(search, limits)
    if last_decision(search.layout) is not None:
        if is_decided(search.layout):
            search.events.note(f"{name} is not one of the {FINALISTS} best on search: the decision stands")
        await settle(search, Stop("finished", f"{name} was added"))
    return next(row for row in load_ledger(search.layout.ledger) if row.id == line.candidates[0])


def _refuse_training(search: Search) -> None:
    if search.config.mpo.policy:
        what = f"run {search.layout.root.name} trains a policy, and its candidates come from that"
        raise UsageError(what, hint=f"`meta-reward mpo {search.layout.root.name}` continues it")


def _warn_of_small_limit(search: Search) -> None:
    """Warn if `max_calls` cannot pay for a decision, assuming at least one call per trajectory."""
    most = search.config.limits.max_calls
    least = len(search.part("search").counted) + (1 + FINALISTS) * len(search.part("validation").counted)
    if most and most < least:
        search.events.note(f"max-calls {most} is too low for a decision: the baseline and validation take {least}")


def finished(layout: Layout, limits: Limits) -> str | None:
    """Why a run is finished; None if there is more to do. The seeds do not count as an iteration."""
    lines, rows = record.load_iterations(layout), load_ledger(layout.ledger)
    done = record.iterations_done(lines)
    if rows and leader_of(rows).score == 1:
        return f"{leader_of(rows).id} has 100% on search, so nothing is left to learn there"
    if lines and done >= limits.iterations:
        return f"{done} iteration{'s' if done != 1 else ''} done"
    idle = idle_iterations(rows, len(lines) - 1)
    if limits.patience and idle >= limits.patience:
        return f"no progress for {idle} iterations"
    return None


def _why_barren(last: record.Iteration) -> str:
    why = f"; the last: {last.notes[0]}" if last.notes else ""
    return f"{_MOST_BARREN_SESSIONS} sessions of the proposer in a row left no candidate{why}"
