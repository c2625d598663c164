"""What a run did with a library: how often entries were chosen, what they gained, and which edits were kept.

Reads only the history of a run: the search split, nothing sealed. Gains are in agreement, in [-1, 1].
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
    """An entry of the run's current library."""

    name: str
    kind: str
    selected: int
    """Search trajectories for which it was chosen."""
    called: int | None
    """Search trajectories on which the judge called it; None for skills."""
    gained: float | None
    """Gain on search of the edits that added and changed it; None for unchanged entries of the seed."""
    without: float | None
    """Gain on search, usually below 0, when it was left out; None if that was not tried."""


@dataclass(frozen=True, slots=True)
class PhaseStats:
    """The candidates of a phase."""

    phase: str
    candidates: int
    outcomes: dict[str, int]
    """How many had each of OUTCOMES."""
    accepted: float
    """The share that a later phase started from."""
    gained: float
    """Their summed gain on search."""


@dataclass(frozen=True, slots=True)
class MarkStats:
    """A named mark of the library's answers."""

    name: str
    preferred: float
    """Its mean on preferred trajectories."""
    other: float
    """Its mean on the others."""
    pairs: int
    """Pairs in which both sides have it."""
    agreement: float
    """The share of these pairs that the mark alone orders right; a tie counts one half."""


@dataclass(frozen=True, slots=True)
class RoleStats:
    """Calls of the current library on search, by role: `judge` or `router`."""

    role: str
    calls: int
    tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class LibraryStats:
    """The answer of `library stats`."""

    library: str
    """The id of the candidate that holds the current library."""
    trajectories: int
    """Search trajectories that it has scored."""
    evolution: int
    """How many search tasks the orchestrator learns from."""
    holdout: int
    """How many search tasks decide about roll-backs."""
    entries: list[EntryStats]
    phases: list[PhaseStats]
    marks: list[MarkStats]
    roles: list[RoleStats]
    steps: list[Step] = field(default_factory=list)


def library_stats(layout: Layout) -> LibraryStats:
    """The statistics of a run. Raises ProposerError for a run without a library."""
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
    """The findings of the current library on each trajectory that it scored, by the trajectory's id."""
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
