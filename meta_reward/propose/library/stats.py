"""What a run did with a library: how often entries were chosen, what they gained, and what became of edits.

Reads the history of a run alone: the search split, nothing sealed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from meta_reward import files
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.propose.library.edits import REMOVE
from meta_reward.propose.library.entries import TOOL, Entry
from meta_reward.propose.library.phases import KEPT, OUTCOMES, PRUNING, State, Step, state_of
from meta_reward.propose.optimizers.evidence import load_tried
from meta_reward.run.config import load_run_config
from meta_reward.run.layout import HistoryLayout, Layout


@dataclass(frozen=True, slots=True)
class EntryStats:
    """An entry of the library that a run stands at."""

    name: str
    kind: str
    selected: int
    """Trajectories on search for which it was chosen."""
    called: int | None
    """Those on which the judge called it; None for skills."""
    gained: float | None
    """On search, by the edits that brought it and changed it; None for entries of the seed."""
    without: float | None
    """What search gained or lost when it was left out; None where that was not tried."""


@dataclass(frozen=True, slots=True)
class PhaseStats:
    """What became of the candidates of a phase."""

    phase: str
    candidates: int
    outcomes: dict[str, int]
    accepted: float
    """The share that a later phase began with."""
    gained: float
    """On search, by these."""


@dataclass(frozen=True, slots=True)
class MarkStats:
    """A named mark of the library's answers."""

    name: str
    preferred: float
    """Its mean on preferred runs."""
    other: float
    pairs: int
    """In which both sides have it."""
    agreement: float
    """The share of these that the mark alone orders right; a tie counts one half."""


@dataclass(frozen=True, slots=True)
class RoleStats:
    """What was asked in a role, on search, by the library."""

    role: str
    calls: int
    tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class LibraryStats:
    """The answer of `library stats`."""

    library: str
    """The candidate that the run stands at."""
    trajectories: int
    evolution: int
    """Search tasks that the orchestrator learns from."""
    holdout: int
    """Search tasks that decide about roll-backs."""
    entries: list[EntryStats]
    phases: list[PhaseStats]
    marks: list[MarkStats]
    roles: list[RoleStats]
    steps: list[Step] = field(default_factory=list)


def library_stats(layout: Layout) -> LibraryStats:
    """What a run did. Raises ProposerError for one without a library."""
    state = state_of(load_tried(HistoryLayout(layout.history)), load_run_config(layout.config).seed)
    findings = dict(_findings(state))
    chosen = Counter(str(name) for found in findings.values() for name in found.get("selected", ()))
    called = Counter(str(name) for found in findings.values() for name in set(found.get("called", ())))
    return LibraryStats(
        state.start.id,
        len(findings),
        len(state.division.evolution),
        len(state.division.holdout),
        [_entry(entry, state, chosen, called) for entry in state.library.entries],
        [_phase(state, phase) for phase in dict.fromkeys(step.phase for step in state.steps)],
        list(_marks(state, findings)),
        list(_roles(state)),
        list(state.steps),
    )


def _entry(entry: Entry, state: State, chosen: Mapping[str, int], called: Mapping[str, int]) -> EntryStats:
    gains = [step.search or 0.0 for step in state.steps if step.outcome == KEPT and _is_about(step, entry.name)]
    lost = [step.search for step in state.steps if step.phase == PRUNING and (REMOVE, entry.name) in step.changes]
    return EntryStats(
        entry.name,
        entry.kind,
        chosen.get(entry.name, 0),
        called.get(entry.function, 0) if entry.kind == TOOL else None,
        sum(gains) if gains else None,
        lost[-1] if lost else None,
    )


def _is_about(step: Step, name: str) -> bool:
    return any(name == changed for _, changed in step.changes)


def _phase(state: State, phase: str) -> PhaseStats:
    steps = [step for step in state.steps if step.phase == phase]
    starts = {state.start.id, *(step.start for step in state.steps)}
    taken = [step for step in steps if step.id in starts]
    counts = Counter(step.outcome for step in steps)
    outcomes = {outcome: counts[outcome] for outcome in OUTCOMES if counts[outcome]}
    return PhaseStats(phase, len(steps), outcomes, len(taken) / len(steps), sum(step.search or 0.0 for step in taken))


def _findings(state: State) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What the library found on each trajectory that it scored."""
    for path in sorted((state.start.folder / "traces").glob("*.json")):
        given = files.load_json(path).get("reward")
        if given:
            yield path.stem, given["findings"]


def _marks(state: State, findings: Mapping[str, Mapping[str, Any]]) -> Iterator[MarkStats]:
    marks = {name: found.get("marks", {}) for name, found in findings.items()}
    pairs = [one for one in state.start.items.values() if isinstance(one, PairOutcome)]
    for mark in sorted({mark for found in marks.values() for mark in found}):
        both = [
            (marks[pair.preferred][mark], marks[pair.other][mark])
            for pair in pairs
            if mark in marks.get(pair.preferred, {}) and mark in marks.get(pair.other, {})
        ]
        if both:
            preferred, other = (fmean(side) for side in zip(*both, strict=True))
            right = fmean((one > two) + 0.5 * (one == two) for one, two in both)
            yield MarkStats(mark, preferred, other, len(both), right)


def _roles(state: State) -> Iterator[RoleStats]:
    calls: dict[str, list[Mapping[str, Any]]] = {}
    for call in files.load_lines(state.start.folder / "calls.jsonl"):
        calls.setdefault(call.get("role") or "judge", []).append(call)
    for role, asked in calls.items():
        prices = [call["cost_usd"] for call in asked]
        tokens = sum(call["input_tokens"] + call["output_tokens"] for call in asked)
        yield RoleStats(role, len(asked), tokens, None if None in prices else sum(prices))
