"""A proposer's session: the drafts that it leaves, the validator's reports on them, and the ids that they get.

An unfinished session is discarded and run again. Ids are assigned when candidates are collected, in the order of their
folders' names.
"""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from meta_reward import files, folders, shipped
from meta_reward.errors import ProposerError, ProposerKilled, ProposerUnavailable, UsageError
from meta_reward.harness.validate import Report, docstring, fingerprints, report_to_json, validate
from meta_reward.models.cache import default_cache_folder
from meta_reward.propose.base import Assignment, Draft, collect, keep_only
from meta_reward.propose.secrets import secrets_in, session_secrets
from meta_reward.propose.session_cost import count_discarded
from meta_reward.propose.session_summary import summarize
from meta_reward.propose.transcript import Transcript
from meta_reward.run import record
from meta_reward.run.events import SESSION
from meta_reward.run.integrity import restore_history, save_digests
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import candidate_id, load_ledger
from meta_reward.run.sessions import SessionRecord, load_session, save_session
from meta_reward.run.set_aside import free_folder, inside, move_aside
from meta_reward.search.context import Search, programs_of
from meta_reward.search.limits import elsewhere_usd
from meta_reward.search.open import open_sandbox
from meta_reward.search.session_context import SessionContext, open_session_context

PERSON = "person"
"""Stands in place of the proposer in a session made by `add`."""


@dataclass(frozen=True, slots=True)
class Session:
    """The result of a session: drafts, each with the validator's report, and notes."""

    drafts: Sequence[tuple[Draft, Report]]
    notes: Sequence[str]
    added: bool
    """Whether a person added the draft with `add`."""


async def run_session(search: Search, iteration: int) -> Session:
    """The result of an iteration's session, which runs if it is not on record yet.

    Raises UsageError if the seeds of the run are missing, ProposerUnavailable if the proposer cannot be reached.
    """
    layout = search.layout
    if not layout.session_record(iteration).exists():
        if iteration == 0:
            raise UsageError(f"run {layout.root.name} has lost its seeds", hint="start another run with --run NAME")
        await _run_anew(search, iteration)
    stored = load_session(layout, iteration)
    drafts, _ = _collect(search, iteration, stored.order)
    added = stored.summary.get("proposer") == PERSON
    return Session(await _validated(search, drafts, iteration), stored.notes, added)


async def _run_anew(search: Search, iteration: int) -> None:
    """Run a session to its end. If the proposer is killed, the session starts over, at most twice."""
    layout = search.layout
    for is_last in (False, False, True):
        for note in _discard(layout, iteration):
            search.events.note(note)
        layout.staging(iteration).mkdir(parents=True)
        save_digests(layout, iteration)
        try:
            session = await _propose(search, iteration, is_last=is_last)
        except ProposerKilled as killed:
            search.events.note(f"iteration {iteration}: {killed}; it starts over")
        else:
            save_session(layout, iteration, session)
            return


async def place_by_hand(search: Search, iteration: int, name: str, source: str) -> None:
    """Record a session with one draft, written by a person. Raises UsageError if the validator refuses it.

    An unfinished session of the proposer is discarded, and its drafts are set aside.
    """
    ((_, report),) = await _validated(search, [Draft(name, source, "")], iteration)
    if not report.ok:
        raise UsageError(f"{name} was not added: {report.findings[0]}", hint="`meta-reward validate` says more")
    proposal = f"---\nparents: []\n---\n## Hypothesis\n\n{docstring(source) or 'Added by hand.'}\n"
    for note in _discard(search.layout, iteration):
        search.events.note(note)
    folder = search.layout.staging(iteration) / name
    files.write_bytes(folder / "harness.py", source.encode())
    files.write_bytes(folder / "proposal.md", proposal.encode())
    save_session(search.layout, iteration, SessionRecord([name], summary={"proposer": PERSON, "cost_usd": 0.0}))


def _discard(layout: Layout, iteration: int) -> list[str]:
    """Remove an unfinished session and set its drafts aside; returns notes on what was done.

    Its folder is moved away first, because a proposer that outlived its search may still write there.
    """
    session, staging = layout.session(iteration), layout.staging(iteration)
    if not session.exists():
        return []
    notes = restore_history(layout, iteration)
    count_discarded(layout, iteration)
    folder = free_folder(layout, session.name)
    if staging.is_symlink() or (staging.is_dir() and any(staging.iterdir())):
        move_aside(staging, folder / staging.name)
        notes.append(f"iteration {iteration} was cut off and starts over; its drafts are in {inside(layout, folder)}")
    aside = Path(tempfile.mkdtemp(dir=session.parent, prefix="discarded-"))
    session.rename(aside / session.name)
    folders.remove_folder(aside)
    return notes


async def _propose(search: Search, iteration: int, *, is_last: bool) -> SessionRecord:
    """Run the proposer's session; returns its record.

    is_last: whether a killed session counts as failed; otherwise ProposerKilled is raised.
    """
    text = f"iteration {iteration}: {search.config.proposer.spec} is proposing"
    search.events.add(SESSION, text, iteration=iteration)
    async with open_session_context(search, iteration) as context:
        assignment = _assignment(search, iteration, context)
        status, reason, restored = await _run_proposer(search, assignment, is_last=is_last)
    secrets = session_secrets(search.config.proposer)
    reason, restored = secrets.hide(reason), secrets.hide(restored)
    drafts, left_out = _collect(search, iteration, ())
    keep_only(assignment.staging, drafts)
    folders.remove_folder(assignment.home)
    if not drafts and status == "ended":
        status, reason = "left nothing", "the session left no candidate"
    if reason:
        search.events.note(f"iteration {iteration}: {reason}")
    Transcript(assignment.transcript, secrets=secrets).add("end", status=status, reason=reason)
    notes = [*filter(None, [reason]), *restored, *map(files.printable, left_out)]
    did = asdict(summarize(assignment.transcript, view=assignment.view))
    summary = {"proposer": search.config.proposer.spec, **did, "trials": secrets.hide(context.trials)}
    return SessionRecord([draft.folder for draft in drafts], notes, summary)


async def _run_proposer(search: Search, assignment: Assignment, *, is_last: bool) -> tuple[str, str, list[str]]:
    """How a session ended, why if not by itself, and what of the history had to be restored.

    Drafts that the validator refuses go back to the proposer once. Changes to the history are undone after each call.
    """
    restored: list[str] = []
    try:
        await _propose_once(search, assignment, restored)
        rejected = await _refused(search, assignment.iteration) if search.proposer.repairs else ()
        if rejected:
            await _propose_once(search, replace(assignment, rejected=rejected), restored)
    except ProposerUnavailable:
        raise
    except ProposerError as error:
        if isinstance(error, ProposerKilled) and not is_last:
            raise
        return error.status, files.printable(str(error)), restored
    return "ended", "", restored


async def _propose_once(search: Search, assignment: Assignment, restored: list[str]) -> None:
    try:
        await search.proposer.propose(assignment)
    finally:
        restored += restore_history(search.layout, assignment.iteration)


def _assignment(search: Search, iteration: int, context: SessionContext) -> Assignment:
    layout, limit = search.layout, search.config.limits.max_usd

    def spent() -> float:
        return search.gateway.spent.cost_usd + elsewhere_usd(layout)

    return Assignment(
        view=context.view,
        staging=layout.staging(iteration).resolve(),
        iteration=iteration,
        candidates=search.config.proposer.candidates,
        seed=search.config.seed,
        kind=search.taskset.about.kind,
        instructions=context.instructions,
        try_harness=context.try_harness,
        query=context.query,
        socket=context.socket,
        max_usd=max(limit - spent(), 0.01) if limit else 0.0,
        is_spent=lambda: bool(limit) and spent() >= limit,
        hidden=(*_runs(layout), *_task_sets(search), default_cache_folder().resolve()),
    )


def _task_sets(search: Search) -> list[Path]:
    """The folder of the run's task set, and of the shipped one that it may be a copy of."""
    original = shipped.task_set(search.taskset.name)
    return [search.taskset.path.resolve(), *([original] if original else [])]


def _runs(layout: Layout) -> list[Path]:
    """The folders of this run and its sibling runs, whose sealed results may be about the same tasks."""
    root = layout.root.resolve()
    return [root, *sorted(path.parent for path in root.parent.glob("*/run.toml") if path.parent != root)]


async def _refused(search: Search, iteration: int) -> tuple[str, ...]:
    """Names of the drafts in staging that the validator refuses; its report is written to each draft's folder."""
    drafts, _ = _collect(search, iteration, ())
    refused = [(draft, report) for draft, report in await _validated(search, drafts, iteration) if not report.ok]
    for draft, report in refused:
        path = search.layout.staging(iteration) / draft.folder / "validator.json"
        with suppress(UsageError):  # the proposer itself has put something in the way
            files.write_json(path, report_to_json(report))
    return tuple(draft.folder for draft, _ in refused)


def _collect(search: Search, iteration: int, order: Sequence[str]) -> tuple[list[Draft], list[str]]:
    """The drafts in staging, with secrets replaced by a mark, and notes on what was left out.

    order: names of the folders in order, if known. Seeds come from the user, so their secrets are not looked for.
    """
    most = len(order) or search.config.proposer.candidates
    drafts, notes = collect(search.layout.staging(iteration), most=most, order=order)
    if iteration == 0:
        return drafts, notes
    secrets = session_secrets(search.config.proposer)
    kept = [draft for draft in drafts if secrets.hide(draft.folder) == draft.folder]
    marked = [replace(d, source=secrets.mark(d.source), proposal=secrets.mark(d.proposal)) for d in kept]
    left_out = ["a folder's name holds a secret: left out"] * (len(drafts) - len(kept))
    return marked, [*left_out, *secrets.hide(notes)]


async def _validated(search: Search, drafts: Sequence[Draft], iteration: int) -> list[tuple[Draft, Report]]:
    """Each draft with the validator's report, which refuses a draft that repeats an earlier candidate or draft."""
    rows = [row for row in load_ledger(search.layout.ledger) if row.iteration < iteration]
    known = fingerprints(programs_of(search.layout, rows))
    result = []
    for draft in drafts:
        marks = secrets_in(draft.source, draft.proposal)
        report = Report(marks, ()) if marks else await _validate(search, draft.source, known)
        result.append((draft, report))
        if report.ok:
            known |= fingerprints([(draft.source, draft.name)])
    return result


async def _validate(search: Search, source: str, known: Mapping[str, str]) -> Report:
    async with await open_sandbox(search.config) as sandbox:
        return await validate(
            source,
            sandbox=sandbox,
            known=known,
            packages=search.config.packages,
            cases=search.cases,
            program=search.kind.program,
        )


def save_candidates(search: Search, session: Session, iteration: int) -> list[str]:
    """Assign ids in the order of the drafts and create the candidates' folders; returns the folders' names."""
    first = 1 + sum(row.iteration < iteration for row in load_ledger(search.layout.ledger))
    folders = []
    for number, (draft, report) in enumerate(session.drafts, first):
        folder = f"{candidate_id(number)}-{draft.name}"
        note = record.save_candidate(
            search.layout, folder, source=draft.source, proposal=draft.proposal, report=report, iteration=iteration
        )
        if note:
            search.events.note(note)
        folders.append(folder)
    return folders
