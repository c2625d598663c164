"""The decisions on a run: all of them in the sealed `decisions.jsonl`, the last one in `decision.json`.

The gate decides when a search ends; a person may override it. No part of a decision is ever shown to a proposer. Each
decision is one commit.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.evaluation.gate import MIN_TASKS, Loss, Verdict
from meta_reward.run import git, record
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row
from meta_reward.run.set_aside import inside, write_over

SCHEMA = 1
GATE, PERSON = "gate", "person"


@dataclass(frozen=True, slots=True)
class Finalist:
    """A finalist in a decision: what the gate found about it, and where it does worse than the baseline."""

    name: str
    verdict: Verdict
    validation: float
    """Its agreement on validation, from 0 to 1; the baseline's is in the decision."""
    judge_tokens: int
    """On validation, counted as if nothing had been cached."""
    not_covered: bool
    """Whether it is a seed that an earlier run chose on the same validation split: then the level does not cover it."""
    worst_tasks: tuple[Loss, ...]
    worst_categories: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Which candidate is chosen, by whom, and why."""

    by: str
    """`gate` or `person`."""
    chosen: str
    baseline: str
    untested: str | None = None
    """The best candidate, if nobody passed and too few tasks differed to test it."""
    look: int = 0
    """The number of this look, that is, of tests on validation so far, from 1; 0 if no test was made."""
    level: float | None = None
    """The significance level of this look; None if no test was made."""
    claimed: bool = True
    """Whether the level is claimed. It is not if a proposer ran without a jail, and so could have read validation."""
    tasks: int = 0
    """Number of tasks in the validation split."""
    baseline_validation: float | None = None
    """The baseline's agreement on validation, from 0 to 1; None if there was no finalist to compare with it."""
    frontier: tuple[str, ...] = ()
    """Among the baseline and the finalists, those that no other beats on both agreement and tokens on validation."""
    finalists: tuple[Finalist, ...] = ()


def load_decisions(layout: Layout) -> list[Decision]:
    """All decisions, oldest first. Raises DataError for a line that is not a decision."""
    if not layout.decisions.exists():
        return []
    return [_parse(item, layout, number) for number, item in files.numbered_lines(layout.decisions)]


def last_decision(layout: Layout) -> Decision | None:
    """The current decision, None if there is none yet."""
    decisions = load_decisions(layout)
    return decisions[-1] if decisions else None


def next_look(decisions: Sequence[Decision]) -> int:
    """The number of the next look at validation, from 1. A decision without a test does not count as a look."""
    return 1 + max((decision.look for decision in decisions), default=0)


def finalists_so_far(decisions: Sequence[Decision]) -> list[str]:
    """The ids of the finalists of all decisions, in the order in which they first appeared."""
    return list(dict.fromkeys(finalist.verdict.id for decision in decisions for finalist in decision.finalists))


def passed_so_far(decisions: Sequence[Decision]) -> set[str]:
    """The ids of all candidates that passed in any decision."""
    return {f.verdict.id for decision in decisions for f in decision.finalists if f.verdict.passed}


def save_decision(layout: Layout, decision: Decision, rows: Sequence[Row]) -> list[str]:
    """Put a decision on record and commit it; returns notes on files that a person had changed."""
    lines = [*load_decisions(layout), decision]
    files.write_bytes(layout.decisions, b"".join(files.dump_line(_stored(line)) for line in lines))
    return complete_decision(layout, rows)


def complete_decision(layout: Layout, rows: Sequence[Row]) -> list[str]:
    """Write and commit what follows from the last decision on record, unless that is done already.

    Returns notes on files that a person had changed.
    """
    name, decision = inside(layout, layout.decisions), last_decision(layout)
    committed = git.blob_ids(layout.root, [name]).get(name)
    if decision is None or committed == git.blob_id(layout.decisions.read_bytes()):
        return []
    contents = {layout.decision: files.dump_json(_stored(decision)), layout.best: _source(layout, decision, rows)}
    notes = write_over(layout, contents, leave=[layout.best])
    evaluations = [layout.sealed_evaluation("validation", row.folder) for row in rows if row.id in _involved(decision)]
    record.commit_paths(layout, _message(decision), [layout.decisions, *contents, *evaluations])
    git.refresh(layout.root)
    return notes


def keep_chosen(layout: Layout, rows: Sequence[Row]) -> list[str]:
    """Make `harness.py` the chosen program again, after an extension that left the decision unchanged.

    Returns notes on files that a person had changed.
    """
    decision = last_decision(layout)
    if decision is None:
        return []
    name, source = inside(layout, layout.best), _source(layout, decision, rows)
    if git.blob_ids(layout.root, [name]).get(name) == git.blob_id(source):
        return []
    notes = write_over(layout, {layout.best: source}, leave=[layout.best])
    git.commit(layout.root, git.Commit(f"Decision stands: {decision.chosen}", {name: source}))
    git.refresh(layout.root)
    return notes


def _source(layout: Layout, decision: Decision, rows: Sequence[Row]) -> bytes:
    chosen = next(row for row in rows if row.id == decision.chosen)
    return (layout.candidate(chosen.folder) / "harness.py").read_bytes()


def sentence_of(decision: Decision) -> str:
    """A decision in one line."""
    if decision.by == PERSON:
        gate = f"; the gate: {sentence_of(_of_gate(decision))}" if decision.tasks else ""
        return f"{decision.chosen} was chosen by hand{gate}"
    found = next((f.verdict for f in decision.finalists if f.verdict.id == decision.chosen), None)
    if found is not None:
        return f"{decision.chosen} replaces the baseline {decision.baseline}: {_numbers(found, decision)}"
    stays = f"the baseline {decision.baseline} stays"
    if not decision.finalists:
        return f"{stays}: nothing was better on search"
    if decision.untested:
        best = next(f.verdict for f in decision.finalists if f.verdict.id == decision.untested)
        return (
            f"{stays}; {best.id} is the best on search and validation together, and untested: "
            f"{best.difference * 100:+.1f} points on validation, where it differs in {best.tasks} of {decision.tasks} "
            f"tasks and a test needs {MIN_TASKS}"
        )
    best = min((f.verdict for f in decision.finalists), key=lambda v: (2.0 if v.p is None else v.p, v.id))
    return f"{stays}: nobody passed; the closest, {best.id}: {_numbers(best, decision)}"


def _of_gate(decision: Decision) -> Decision:
    """The gate's decision that a person overrode."""
    passed = [finalist for finalist in decision.finalists if finalist.verdict.passed]
    best = min(passed, key=lambda one: (-one.verdict.mean, one.judge_tokens, one.verdict.id), default=None)
    return replace(decision, by=GATE, chosen=best.verdict.id if best else decision.baseline)


def _numbers(found: Verdict, decision: Decision) -> str:
    p = "not tested" if found.p is None else f"adjusted p {found.p:.2g}"
    where = f"on validation (selected), {p}, level {found.level:g}, {found.tasks} of {decision.tasks} tasks differ"
    claim = "" if decision.claimed else "; the level is not claimed, since the proposer had no jail"
    return f"{found.difference * 100:+.1f} points {where}{claim}"


def _involved(decision: Decision) -> Collection[str]:
    return {decision.baseline, *(finalist.verdict.id for finalist in decision.finalists)}


def _message(decision: Decision) -> str:
    if decision.by == PERSON:
        return f"Chosen by hand: {decision.chosen}"
    if decision.chosen == decision.baseline:
        return f"Decision: the baseline {decision.baseline} stays"
    return f"Decision: {decision.chosen} replaces the baseline {decision.baseline}"


def _stored(decision: Decision) -> object:
    return {"schema": SCHEMA, **files.as_dict(decision)}


def _parse(data: Any, layout: Layout, number: int) -> Decision:
    try:
        if data["schema"] != SCHEMA:
            raise ValueError
        fields = {name: data[name] for name in Decision.__slots__}
        finalists = tuple(_finalist(item) for item in data["finalists"])
        return Decision(**{**fields, "frontier": tuple(data["frontier"]), "finalists": finalists})
    except (KeyError, TypeError, ValueError):
        raise DataError(layout.decisions, f"is not a decision of schema {SCHEMA}", place=f"line {number}") from None


def _finalist(data: Any) -> Finalist:
    worst = {key: tuple(Loss(**item) for item in data[key]) for key in ("worst_tasks", "worst_categories")}
    return Finalist(**{**data, "verdict": Verdict(**data["verdict"]), **worst})
