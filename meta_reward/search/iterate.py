"""The steps that all drivers share: one iteration, from the proposer's session to the commits, and the final decision.

`loop.py` makes a search of them; `mpo/driver.py` trains a policy between iterations. Every step looks at what is on
disk first and does only what is missing.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from meta_reward import files, folders
from meta_reward.errors import LimitReached, UsageError
from meta_reward.models.billing import fold_bill
from meta_reward.models.usage import Spent
from meta_reward.run import git, record
from meta_reward.run.decisions import Decision, complete_decision, keep_chosen, last_decision, sentence_of
from meta_reward.run.events import BEGIN, CANDIDATE, DECISION, ITERATION, LEADER
from meta_reward.run.integrity import restore_deleted
from meta_reward.run.ledger import Row, leader_of, load_ledger
from meta_reward.run.stop_reason import Stop
from meta_reward.run.usage import spent_on_disk
from meta_reward.search.context import Search
from meta_reward.search.decide import decide, finalists_of, is_decided, reserve
from meta_reward.search.evaluate_split import run_splits
from meta_reward.search.limits import NOTHING, LimitCheck, elsewhere_usd, limit_check, stop_at
from meta_reward.search.objective import LEARNED_REWARD, is_learned
from meta_reward.search.session import run_session, save_candidates


def tell_begin(search: Search) -> None:
    """Record that this process starts to work on the run."""
    with suppress(OSError):  # the event log is for people only
        files.repair_journal(search.layout.events)
    sizes = {split: len(search.part(split).examples) for split in search.splits}
    text = f"the {_work(search)} {'goes on' if load_ledger(search.layout.ledger) else 'begins'}"
    search.events.add(BEGIN, text, shown=False, trajectories=sizes)


def _work(search: Search) -> str:
    return "training" if search.config.mpo.policy else "search"


def make_whole(search: Search) -> None:
    """Finish what a kill left half done, so that files and commits agree."""
    git.unlock(search.layout.root)
    git.leave_out(search.layout.root, search.layout.events.name)
    for note in restore_deleted(search.layout):
        search.events.note(note)
    search.layout.make_sealed()
    folders.sweep(search.layout.root, deep=False)
    for folder in (search.layout.history, search.layout.sealed):
        folders.sweep(folder)
    complete_decision(search.layout, load_ledger(search.layout.ledger))
    record.match_tags(search.layout)
    record.commit_candidates(search.layout)
    record.commit_last_iteration(search.layout)
    if last_decision(search.layout) is None:
        record.commit_leader(search.layout)
    git.refresh(search.layout.root)


async def iterate(search: Search, limits: LimitCheck) -> record.Iteration:
    """Run the next iteration, from the proposer's session to the commits; returns its record.

    Raises UsageError if the baseline is invalid or fails, LimitReached, JudgeUnavailable and ProposerUnavailable.
    """
    iteration, began = len(record.load_iterations(search.layout)), time.monotonic()
    held = reserve(search)
    # The cost of a session grows while it tries drafts, so it is read before each call.
    watch(search, limits, held, beside_usd=partial(elsewhere_usd, search.layout))
    session = await run_session(search, iteration)
    beside_usd, proposed = elsewhere_usd(search.layout), time.monotonic()
    watch(search, limits, held, beside_usd=lambda: beside_usd)
    folders = save_candidates(search, session, iteration)
    before = [row for row in load_ledger(search.layout.ledger) if row.iteration < iteration]
    rows = await _score(search, folders, iteration, limits)
    baseline = (before or rows)[0]
    if baseline.score is None:
        raise UsageError(f"the baseline {baseline.name} {baseline.status}: {baseline.reason}", hint="fix it")
    rows, unknown = _with_known_parents(rows, {row.id for row in before})
    line = record.Iteration(iteration, tuple(row.id for row in rows), (*session.notes, *unknown), session.added)
    for note in record.save_iteration(search.layout, [*before, *rows], line):
        search.events.note(note)
    if rows:
        record.commit_candidates(search.layout)
    else:
        record.commit_iteration_without_candidates(search.layout, line)
    record.commit_leader(search.layout)
    git.refresh(search.layout.root)
    fold_bill(search.layout.account)
    _tell_leader(search, before, [*before, *rows])
    spent = search.gateway.spent
    search.events.add(
        ITERATION,
        f"iteration {iteration} is done: {', '.join(line.candidates) or 'no candidates'}",
        shown=False,
        iteration=iteration,
        candidates=line.candidates,
        session_s=round(proposed - began, 3),
        evaluation_s=round(time.monotonic() - proposed, 3),
        spent={"calls": spent.calls, "tokens": spent.tokens, "usd": spent.cost_usd + beside_usd},
    )
    return line


def watch(
    search: Search, limits: LimitCheck, held: Spent = NOTHING, *, beside_usd: Callable[[], float] | None = None
) -> None:
    """Enforce the limits from now on. Raises LimitReached at once if one is reached already.

    held: what to leave of the limits for later. beside_usd: gives US dollars spent on anything but the judge, which
    count too; called before each call of the judge. By default they are read once, now.
    """
    counted = beside_usd or _now_beside(search) if search.config.limits.max_usd else lambda: 0.0  # saves reading files

    def check(spent: Spent) -> None:
        used = limits.used(spent, held)
        search.tell_limits(used)
        stop_at(used)

    search.gateway.limit(check, elsewhere_usd=counted)
    search.gateway.check_limit()


def _now_beside(search: Search) -> Callable[[], float]:
    usd = elsewhere_usd(search.layout)
    return lambda: usd


async def settle(search: Search, ending: Stop) -> Stop:
    """Evaluate the finalists and record the decision, if that is still to be done; returns how the search ended.

    ending: how the loop ended. A search that stops without a finalist gets no decision.
    """
    if is_decided(search.layout):
        for note in keep_chosen(search.layout, load_ledger(search.layout.ledger)):
            search.events.note(note)
        return ending
    if ending.state == "stopped" and not finalists_of(search.layout):
        return ending
    search.events.note(
        f"the {_work(search)} {ending.state}: {ending.reason}; its finalists are evaluated on validation"
    )
    limits, beside_usd = limit_check(replace(search.config.limits, max_hours=0.0)), elsewhere_usd(search.layout)
    search.gateway.limit(limits, elsewhere_usd=lambda: beside_usd)
    try:
        decision = await decide(search)
    except LimitReached as limit:
        return at_limit(search, limit, ", before there was a decision")
    _tell_decision(search, decision)
    git.repack(search.layout.root)
    return ending


def at_limit(search: Search, limit: LimitReached, when: str = "") -> Stop:
    """How a run ended that was stopped by a limit, with the calls and tokens that are not in its records."""
    used, kept = search.gateway.spent, spent_on_disk(search.layout)
    return Stop("stopped", f"{limit}{when}", used.calls - kept.calls, used.tokens - kept.tokens)


def _tell_leader(search: Search, before: Sequence[Row], rows: Sequence[Row]) -> None:
    leader = leader_of(rows)
    if leader.score is not None and (not before or leader_of(before).id != leader.id):
        text = f"{leader.id} leads with {_on_search(search, leader)}"
        search.events.add(LEADER, text, id=leader.id, score=leader.score)


def _tell_decision(search: Search, decision: Decision) -> None:
    found = next((f for f in decision.finalists if f.verdict.id == decision.chosen), None)
    p = found.verdict.p if found else None
    search.events.add(DECISION, sentence_of(decision), chosen=decision.chosen, untested=decision.untested, p=p)


async def _score(search: Search, folders: Sequence[str], iteration: int, limits: LimitCheck) -> list[Row]:
    """Evaluate an iteration's valid candidates on the search split; returns the rows of all, also of rejected ones.

    The baseline is evaluated first: its cost tells how much to hold back for validation.
    """
    rows: dict[str, Row] = {}
    beside_usd = elsewhere_usd(search.layout)

    def tell(folder: str) -> None:
        row = rows[folder] = record.row_of(search.layout, folder, iteration, judge=search.config.judge.spec)
        scored = row.score is not None
        result = f"{_on_search(search, row)}, judge {row.judge}" if scored else f"{row.status}: {row.reason}"
        text = f"{row.id} {row.name}: {result}"
        search.events.add(CANDIDATE, text, id=row.id, name=row.name, status=row.status, score=row.score)

    valid = [folder for folder in folders if _is_valid(search, folder)]
    first = valid[:1] if iteration == 0 else []
    for part in filter(None, (first, valid[len(first) :])):
        if rows:
            watch(search, limits, reserve(search, rows.values()), beside_usd=lambda: beside_usd)
        await run_splits(search, part, "search", on_done=tell)
    for folder in folders:
        if folder not in rows:
            tell(folder)
    return [rows[folder] for folder in folders]


def _on_search(search: Search, row: Row) -> str:
    """A score in words, such as `61.3% on search`, marked if it is a learned reward."""
    of = f" {LEARNED_REWARD}" if is_learned(search.config.objective, "search") else ""
    return f"{row.score or 0.0:.1%}{of} on search"


def _is_valid(search: Search, folder: str) -> bool:
    path = search.layout.candidate(folder) / "validator.json"
    validator = files.load_json(path)
    with files.reading(path):
        return bool(validator["ok"])


def _with_known_parents(rows: Sequence[Row], known: set[str]) -> tuple[list[Row], list[str]]:
    """The rows with only those parents that exist, and a note for each that does not."""
    notes = [f"{row.id} names parent {p}, which does not exist" for row in rows for p in row.parents if p not in known]
    return [replace(row, parents=tuple(p for p in row.parents if p in known)) for row in rows], notes
