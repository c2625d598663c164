"""The loop: propose, validate, evaluate, challenge, record; the only room that knows all the others.

    outcome = asyncio.run(search(setup, progress=progress))

Its state is the run directory and nothing else. Every step looks at what is on disk first and does
only what is missing, so a search that was killed anywhere goes on from there.
"""

import ast
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from meta_reward import files
from meta_reward.errors import LimitReached, ProposerError, UsageError
from meta_reward.evaluation.evaluate import Unit, evaluate
from meta_reward.evaluation.gate import Contender, choose_challenger, decide, level_of
from meta_reward.evaluation.metrics import differences
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.validate import Report, fingerprint, report_to_json, validate
from meta_reward.judge.gateway import Gateway, Spent
from meta_reward.propose.base import Assignment, Draft, Proposer, collect
from meta_reward.run import git, record
from meta_reward.run.config import Limits, RunConfig
from meta_reward.run.create import part_of
from meta_reward.run.evaluations import (
    journal_unit,
    load_outcomes,
    load_scores,
    open_journal,
    save_evaluation,
)
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, best_of, candidate_id, idle_iterations, load_ledger
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Pair


class Progress(Protocol):
    """Who watches a search. Every method returns at once."""

    def evaluation(self, what: str, split: str, total: int, pairs: Sequence[Pair]) -> None:
        """A candidate is about to be evaluated on so many trajectories."""
        ...

    def unit(self, unit: Unit) -> None:
        """A trajectory is done, now or in an earlier process."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line has happened."""
        ...


@dataclass(frozen=True, slots=True)
class Seed:
    """A harness that a search starts from."""

    name: str
    source: str


@dataclass(slots=True)
class Setup:
    """All that a search works with. splits: task ids by split."""

    layout: Layout
    config: RunConfig
    taskset: TaskSet
    splits: Mapping[str, tuple[str, ...]]
    gateway: Gateway
    proposer: Proposer
    seeds: Sequence[Seed]
    progress: Progress


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a search ended: `finished`, or `stopped` by a limit that can be raised; and why."""

    state: str
    reason: str


async def search(setup: Setup) -> Outcome:
    """Go on from what is on disk until a limit. Raises what stops a run otherwise: an outage of the judge."""
    setup.gateway.check = _limit_check(setup.config.limits)
    record.commit_candidates(setup.layout)
    try:
        while (reason := finished(setup.layout, setup.config.limits)) is None:
            setup.gateway.check(setup.gateway.spent)
            await _iterate(setup, len(record.load_iterations(setup.layout)))
        git.repack(setup.layout.root)
        return Outcome("finished", reason)
    except LimitReached as limit:
        return Outcome("stopped", str(limit))
    finally:
        git.refresh(setup.layout.root)


def finished(layout: Layout, limits: Limits) -> str | None:
    """Why a run is finished, None where there is more to do. The seeds are not counted as an iteration."""
    done = len(record.load_iterations(layout)) - 1
    if done >= limits.iterations:
        return f"{done} iterations done"
    idle = idle_iterations(load_ledger(layout.ledger), done)
    if limits.patience and idle >= limits.patience:
        return f"no progress for {idle} iterations"
    return None


def _limit_check(limits: Limits) -> Any:
    began = time.monotonic()

    def check(spent: Spent) -> None:
        hours = (time.monotonic() - began) / 3600
        used = {"max-calls": spent.calls, "max-tokens": spent.tokens, "max-usd": spent.cost_usd, "max-hours": hours}
        for name, value in used.items():
            limit = getattr(limits, name.replace("-", "_"))
            if limit and value >= limit:
                raise LimitReached(name, round(value, 4), limit)

    return check


async def _iterate(setup: Setup, iteration: int) -> None:
    """One iteration, from the proposer's session to the commits."""
    session = await _session(setup, iteration)
    rows = [await _score_candidate(setup, folder, iteration) for folder in _save_candidates(setup, session, iteration)]
    accepted = await _challenge(setup, iteration, rows)
    rows = [record.row_of(setup.layout, r.id, r.name, iteration, accepted=r.id == accepted) for r in rows]
    line = record.Iteration(iteration, tuple(row.id for row in rows), accepted, tuple(session.notes))
    record.save_iteration(setup.layout, rows, line)
    if rows:
        record.commit_candidates(setup.layout)
    else:
        record.commit_iteration_without_candidates(setup.layout, line)


# --- the proposer's session -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Session:
    """What a session brought: drafts with what the validator said of each, notes, and its log."""

    drafts: Sequence[tuple[Draft, Report]]
    notes: Sequence[str]
    log: str


async def _session(setup: Setup, iteration: int) -> _Session:
    """The proposer's session of an iteration; one that did not end is discarded and run anew."""
    layout = setup.layout
    if not layout.session_record(iteration).exists():
        shutil.rmtree(layout.session(iteration), ignore_errors=True)
        layout.staging(iteration).mkdir(parents=True)
        (layout.session(iteration) / "history").symlink_to(Path("../../history"))
        ended = _place_seeds(setup) if iteration == 0 else await _propose(setup, iteration)
        files.write_json(layout.session_record(iteration), {"schema": 1, "iteration": iteration, **ended})
    stored = files.load_json(layout.session_record(iteration))
    drafts, notes = _collect(setup, iteration, stored["order"])
    return _Session(await _validated(setup, drafts), [*stored["notes"], *notes], stored["log"])


def _place_seeds(setup: Setup) -> dict[str, Any]:
    for seed in setup.seeds:
        folder = setup.layout.staging(0) / seed.name
        files.write_bytes(folder / "harness.py", seed.source.encode())
        files.write_bytes(folder / "proposal.md", _seed_proposal(seed.source).encode())
    return {"order": [seed.name for seed in setup.seeds], "notes": [], "log": ""}


def _seed_proposal(source: str) -> str:
    docstring = ast.get_docstring(ast.parse(source)) or "A seed harness."
    return f"---\nparents: []\n---\n## Hypothesis\n\n{docstring}\n"


async def _propose(setup: Setup, iteration: int) -> dict[str, Any]:
    """Run the proposer, once more with what the validator refused where that is worth it."""
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
            again = {field: getattr(assignment, field) for field in Assignment.__slots__} | {"rejected": rejected}
            log += await setup.proposer.propose(Assignment(**again))
    except ProposerError as error:
        return {"order": [], "notes": [files.printable(str(error))], "log": ""}
    return {"order": [], "notes": [], "log": log}


async def _refused(setup: Setup, iteration: int) -> tuple[str, ...]:
    """The folders in staging that the validator refuses, each with its findings written beside it."""
    drafts, _ = _collect(setup, iteration, ())
    refused = [(draft, report) for draft, report in await _validated(setup, drafts) if not report.ok]
    for draft, report in refused:
        path = setup.layout.staging(iteration) / draft.folder / "validator.json"
        files.write_json(path, report_to_json(report))
    return tuple(draft.folder for draft, _ in refused)


def _collect(setup: Setup, iteration: int, order: Sequence[str]) -> tuple[list[Draft], list[str]]:
    most = len(order) or setup.config.proposer.candidates
    return collect(setup.layout.staging(iteration), most=most, order=order)


async def _validated(setup: Setup, drafts: Sequence[Draft]) -> list[tuple[Draft, Report]]:
    """Each draft with the validator's report; one that repeats an earlier candidate or draft is a duplicate."""
    known: dict[str, str] = {}
    for row in load_ledger(setup.layout.ledger):
        known |= _identity(files.read_text(setup.layout.candidate(row.folder) / "harness.py"), row.id)
    result = []
    async with Sandbox(setup.config.budget) as sandbox:
        for draft in drafts:
            report = await validate(draft.source, sandbox=sandbox, known=known)
            result.append((draft, report))
            if report.ok:
                known |= _identity(draft.source, draft.folder)
    return result


def _identity(source: str, name: str) -> dict[str, str]:
    try:
        return {fingerprint(source): name}
    except SyntaxError:
        return {}


def _save_candidates(setup: Setup, session: _Session, iteration: int) -> list[str]:
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


# --- evaluation and the gate --------------------------------------------------------------------


async def _score_candidate(setup: Setup, folder: str, iteration: int) -> Row:
    """A candidate's row after its evaluation on the search split, or its rejection."""
    id, _, name = folder.partition("-")
    validator = files.load_json(setup.layout.candidate(folder) / "validator.json")
    if validator["ok"]:
        await run_split(setup, folder, "search")
    row = record.row_of(setup.layout, id, name, iteration, accepted=False)
    result = f"{row.agreement:.1%}" if row.agreement is not None else f"{row.status}: {row.reason}"
    setup.progress.note(f"{id} {name}: {result}")
    return row


async def run_split(setup: Setup, folder: str, split: str) -> dict[str, Any]:
    """The scores of a candidate on a split: those on disk, else by finishing its evaluation."""
    layout, config = setup.layout, setup.config
    target = layout.evaluation(split, folder)
    scores = load_scores(target)
    if scores is not None:
        return scores
    source = files.read_text(layout.candidate(folder) / "harness.py")
    rollouts, pairs = part_of(setup.taskset, setup.splits[split])
    journal = layout.journal(split, folder)
    units = open_journal(journal)
    setup.progress.evaluation(folder, split, len(rollouts), pairs)
    for unit in units.values():
        setup.progress.unit(unit)

    def keep(unit: Unit) -> None:
        journal_unit(journal, unit)
        setup.progress.unit(unit)

    async with Sandbox(config.budget) as sandbox:
        evaluation = await evaluate(
            source,
            rollouts,
            gateway=setup.gateway,
            sandbox=sandbox,
            seed=config.seed,
            finished=units,
            on_unit=keep,
        )
    save_evaluation(target, evaluation, pairs, seed=config.seed)
    journal.unlink(missing_ok=True)
    return load_scores(target) or {}


async def _challenge(setup: Setup, iteration: int, rows: Sequence[Row]) -> str | None:
    """The id of the candidate that replaces the incumbent, None where none does."""
    before = [row for row in load_ledger(setup.layout.ledger) if row.iteration < iteration]
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
    record.save_decision(setup.layout, iteration, challenger.id, incumbent.id, decision)
    accepted = record.decision_of(setup.layout, iteration)["accepted"]
    provisional = " (provisional: too few validation tasks for a test)" if decision.provisional else ""
    verdict = "replaces" if accepted else "does not replace"
    setup.progress.note(f"{challenger.id} {verdict} {incumbent.id}{provisional}")
    return challenger.id if accepted else None


def _contender(row: Row) -> Contender:
    return Contender(row.id, row.agreement or 0.0, row.judge_tokens)


async def check_seeds(seeds: Sequence[Seed], config: RunConfig) -> None:
    """Raise UsageError for the first seed that is no valid harness, before a run is made of them."""
    known: dict[str, str] = {}
    async with Sandbox(config.budget) as sandbox:
        for seed in seeds:
            report = await validate(seed.source, sandbox=sandbox, known=known)
            if not report.ok:
                raise UsageError(f"seed {seed.name} does not validate: {report.findings[0]}")
            known |= _identity(seed.source, f"seed {seed.name}")


def spent_on_disk(layout: Layout) -> Spent:
    """What a run has used so far: nominal calls and tokens, and money, of finished and half-done evaluations."""
    spent = Spent()
    folders = [*layout.history.glob("candidates/*"), *layout.sealed.glob("*/*")]
    costs = [
        call
        for folder in folders
        if (folder / "calls.jsonl").exists()
        for call in files.load_lines(folder / "calls.jsonl")
    ]
    for journal in sorted((layout.work / "evaluations").glob("*.jsonl")):
        costs += [call for item in files.iter_whole_lines(journal) for call in item["costs"]]
    for call in costs:
        spent.calls += 1
        spent.tokens += call["input_tokens"] + call["output_tokens"]
        spent.misses += not call["cached"]
        spent.cost_usd += 0.0 if call["cached"] else call["cost_usd"] or 0.0
    return spent
