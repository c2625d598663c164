"""A proposer's session: what it left, what the validator says of it, and the ids that it gets.

A session that did not end is discarded and run anew. Ids are given when candidates are collected,
in the order of their folders' names.
"""

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from meta_reward import files
from meta_reward.errors import ProposerError, UsageError
from meta_reward.harness.validate import Report, fingerprint, report_to_json, validate
from meta_reward.propose.base import Assignment, Draft, collect
from meta_reward.run import record
from meta_reward.run.ledger import candidate_id, load_ledger
from meta_reward.run.sessions import load_session, save_session
from meta_reward.search.setup import Setup, open_sandbox


@dataclass(frozen=True, slots=True)
class Session:
    """What a session brought: drafts with what the validator said of each, notes, and its log."""

    drafts: Sequence[tuple[Draft, Report]]
    notes: Sequence[str]
    log: str


async def run_session(setup: Setup, iteration: int) -> Session:
    """The proposer's session of an iteration; one that did not end is discarded and run anew."""
    layout = setup.layout
    if not layout.session_record(iteration).exists():
        if iteration == 0:
            raise UsageError(f"run {layout.root.name} has lost its seeds", hint="start another run with --run NAME")
        _discard(layout.session(iteration))
        layout.staging(iteration).mkdir(parents=True)
        (layout.session(iteration) / "history").symlink_to(Path("../../history"))
        log, notes = await _propose(setup, iteration)
        save_session(layout, iteration, log=log, notes=notes)
    stored = load_session(layout, iteration)
    drafts, notes = _collect(setup, iteration, stored.order)
    return Session(await _validated(setup, drafts, iteration), [*stored.notes, *notes], stored.log)


def _discard(session: Path) -> None:
    """Remove an unfinished session. Moved away first: a proposer that outlived its search may still write there."""
    if session.exists():
        aside = Path(tempfile.mkdtemp(dir=session.parent, prefix="discarded-"))
        session.rename(aside / session.name)
        shutil.rmtree(aside, ignore_errors=True)


async def _propose(setup: Setup, iteration: int) -> tuple[str, list[str]]:
    """Run the proposer, once more with what the validator refused where that is worth it; its log, and notes."""
    assignment = Assignment(
        history=setup.layout.history.resolve(),
        staging=setup.layout.staging(iteration).resolve(),
        iteration=iteration,
        candidates=setup.config.proposer.candidates,
        seed=setup.config.seed,
    )
    setup.progress.note(f"iteration {iteration}: {setup.config.proposer.spec} is proposing")
    try:
        log = await setup.proposer.propose(assignment)
        rejected = await _refused(setup, iteration) if setup.proposer.repairs else ()
        if rejected:
            log += await setup.proposer.propose(replace(assignment, rejected=rejected))
    except ProposerError as error:
        return "", [files.printable(str(error))]
    return log, []


async def _refused(setup: Setup, iteration: int) -> tuple[str, ...]:
    """The folders in staging that the validator refuses, each with its findings written beside it."""
    drafts, _ = _collect(setup, iteration, ())
    refused = [(draft, report) for draft, report in await _validated(setup, drafts, iteration) if not report.ok]
    for draft, report in refused:
        path = setup.layout.staging(iteration) / draft.folder / "validator.json"
        with suppress(UsageError):  # what stands there instead is the proposer's own doing
            files.write_json(path, report_to_json(report))
    return tuple(draft.folder for draft, _ in refused)


def _collect(setup: Setup, iteration: int, order: Sequence[str]) -> tuple[list[Draft], list[str]]:
    most = len(order) or setup.config.proposer.candidates
    return collect(setup.layout.staging(iteration), most=most, order=order)


async def _validated(setup: Setup, drafts: Sequence[Draft], iteration: int) -> list[tuple[Draft, Report]]:
    """Each draft with the validator's report; one that repeats an earlier candidate or draft is a duplicate."""
    known: dict[str, str] = {}
    for row in load_ledger(setup.layout.ledger):
        if row.iteration >= iteration:
            break
        known |= _identity(files.read_text(setup.layout.candidate(row.folder) / "harness.py"), row.id)
    result = []
    for draft in drafts:
        async with await open_sandbox(setup.config) as sandbox:
            report = await validate(
                draft.source, sandbox=sandbox, known=known, packages=setup.config.packages, cases=setup.cases
            )
            result.append((draft, report))
            if report.ok:
                known |= _identity(draft.source, draft.name)
    return result


def _identity(source: str, name: str) -> dict[str, str]:
    try:
        return {fingerprint(source): name}
    except SyntaxError:
        return {}


def save_candidates(setup: Setup, session: Session, iteration: int) -> list[str]:
    """Give ids in the order of the drafts and make the candidates' folders; returns their names."""
    first = 1 + sum(row.iteration < iteration for row in load_ledger(setup.layout.ledger))
    folders = []
    for number, (draft, report) in enumerate(session.drafts, first):
        folder = f"{candidate_id(number)}-{draft.name}"
        record.save_candidate(
            setup.layout, folder, source=draft.source, proposal=draft.proposal, report=report, log=session.log
        )
        folders.append(folder)
    return folders
