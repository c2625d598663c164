"""Which library a search builds on, and whether each candidate was kept: derived from the record, stored nowhere else.

Iterations take turns: edits of skills, edits of tools, then pruning. Each candidate is the *start* of its iteration
with some edits. After edits, the best candidate on the evolution tasks becomes the next start, if it beats the start
there and is not worse on the hold-out tasks; a candidate that is worse on those is rolled back. In pruning, each
candidate leaves one entry out, and the best one that loses nothing on search becomes the next start. Only one entry is
pruned at a time, since an entry that is useless now may be needed once another is gone.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import fmean

from meta_reward.errors import ProposerError
from meta_reward.propose.library.edits import changes_between, without
from meta_reward.propose.library.entries import BadEntry, Library
from meta_reward.propose.library.source import is_library, parse_library
from meta_reward.propose.optimizers.evidence import Tried

SKILLS, TOOLS, PRUNING = "skills", "tools", "pruning"
_TURNS = (SKILLS, TOOLS, PRUNING)
KEPT, PASSED_OVER, ROLLED_BACK, PRUNED, NEEDED, REFUSED = (
    "kept",
    "passed over",
    "rolled back",
    "pruned",
    "needed",
    "refused",
)
OUTCOMES = {
    KEPT: "the next phase began with it",
    PASSED_OVER: "not better than its start on the evolution tasks, or another one was",
    ROLLED_BACK: "worse than its start on the hold-out tasks",
    PRUNED: "the next phase began without the entry",
    NEEDED: "search lost something without the entry",
    REFUSED: "the validator refused it, or it failed",
}
_EVOLUTION = 0.6  # share of the search tasks


@dataclass(frozen=True, slots=True)
class Division:
    """The search tasks in two parts."""

    evolution: tuple[str, ...]
    """Ids of the tasks whose pairs the orchestrator learns from."""
    holdout: tuple[str, ...]
    """Ids of the tasks whose pairs decide whether an edit is rolled back."""


@dataclass(frozen=True, slots=True)
class Step:
    """A candidate, and whether it was kept."""

    id: str
    iteration: int
    phase: str
    start: str
    """The id of the candidate that it was made from."""
    changes: tuple[tuple[str, str], ...]
    """The operation on each changed entry: pairs of op and name."""
    outcome: str
    """One of OUTCOMES."""
    evolution: float | None
    """Gain in agreement over the start on the evolution tasks, in [-1, 1]; None if it has no score."""
    holdout: float | None
    """The same on the hold-out tasks."""
    search: float | None
    """The same on all search tasks."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a search stands."""

    start: Tried
    """The candidate that the next iteration starts from."""
    library: Library
    """The library of `start`."""
    division: Division
    steps: tuple[Step, ...]
    """All candidates so far, in order."""
    tried: tuple[Library, ...]
    """All libraries of the search so far."""

    def phase(self, iteration: int) -> str:
        """The phase of an iteration, counted from 1. Pruning gives way to skills if nothing is left to prune."""
        phase = _TURNS[(iteration - 1) % len(_TURNS)]
        return SKILLS if phase == PRUNING and not self.prunable() else phase

    def prunable(self) -> set[str]:
        """The names of entries that were not left out yet; empty if the library has only one entry."""
        names = self.library.names() if len(self.library.entries) > 1 else set()
        return {name for name in names if without(self.library, name) not in self.tried}


def divide_tasks(tasks: Collection[str], seed: int) -> Division:
    """The search tasks in two parts, 60 to 40; the same in every session of a search."""
    order = sorted(tasks, key=lambda task: hashlib.sha256(f"{seed}/{task}".encode()).hexdigest())
    first = min(max(1, round(_EVOLUTION * len(order))), max(1, len(order) - 1))
    return Division(tuple(sorted(order[:first])), tuple(sorted(order[first:])))


def state_of(tried: Sequence[Tried], seed: int) -> State:
    """Where a search stands after these candidates. Raises ProposerError if none of the seeds is a library."""
    libraries = [one for one in tried if not (one.row and one.row.iteration) and is_library(one.source)]
    seeds = [one for one in libraries if one.row and one.items]
    if libraries and not seeds:
        what = f"{libraries[0].id}, the library that this run began with, has no result on search"
        raise ProposerError(f"{what}: `meta-reward status` says why")
    if not seeds:
        raise ProposerError("no seed of this run is a library: begin with --seeds seed_harnesses/library")
    start = max(seeds, key=lambda one: one.score)
    division = divide_tasks({item.task for item in start.items.values()}, seed)
    state = State(start, _parsed(start), division, (), tuple(map(_parsed, seeds)))
    for iteration in sorted({one.row.iteration for one in tried if one.row} - {0}):
        state = _after(state, [one for one in tried if one.row and one.row.iteration == iteration], iteration)
    return state


def _after(state: State, brought: Sequence[Tried], iteration: int) -> State:
    """Where it stands after an iteration."""
    phase, steps, libraries = state.phase(iteration), list[Step](), dict[str, Library]()
    for one in brought:
        try:
            libraries[one.id] = _parsed(one)
        except ProposerError:  # a person added a harness that is no library
            continue
        steps.append(_step(state, one, libraries[one.id], phase, iteration))
    known = (*state.tried, *libraries.values())
    able = [step for step in steps if step.outcome in (KEPT, PRUNED)]
    if not able:
        return State(state.start, state.library, state.division, (*state.steps, *steps), known)
    best = max(able, key=lambda step: (step.search or 0.0) if phase == PRUNING else (step.evolution or 0.0))
    told = [step if step not in able or step is best else _passed_over(step) for step in steps]
    start = next(one for one in brought if one.id == best.id)
    return State(start, libraries[best.id], state.division, (*state.steps, *told), known)


def _step(state: State, one: Tried, library: Library, phase: str, iteration: int) -> Step:
    gains = [_gain(state.start, one, tasks) for tasks in (state.division.evolution, state.division.holdout, None)]
    evolution, holdout, search = gains
    outcome = _outcome(evolution, holdout, search, phase)
    changes = tuple(changes_between(state.library, library))
    return Step(one.id, iteration, phase, state.start.id, changes, outcome, evolution, holdout, search)


def _outcome(evolution: float | None, holdout: float | None, search: float | None, phase: str) -> str:
    if search is None or evolution is None:
        return REFUSED
    if phase == PRUNING:
        return PRUNED if search >= 0 else NEEDED
    if holdout is not None and holdout < 0:
        return ROLLED_BACK
    return KEPT if evolution > 0 else PASSED_OVER


def _passed_over(step: Step) -> Step:
    numbers = (step.evolution, step.holdout, step.search)
    return Step(step.id, step.iteration, step.phase, step.start, step.changes, PASSED_OVER, *numbers)


def _gain(start: Tried, one: Tried, tasks: Collection[str] | None) -> float | None:
    """A candidate's gain over the start on pairs of these tasks, all if None; None if it has no score there."""
    values = [
        (one.value(id), start.value(id)) for id, item in start.items.items() if tasks is None or item.task in tasks
    ]
    if not values or not one.items:
        return None
    return round(fmean(new for new, _ in values) - fmean(old for _, old in values), 9)


def _parsed(one: Tried) -> Library:
    try:
        return parse_library(one.source)
    except BadEntry as error:
        raise ProposerError(f"{one.id}: {error}") from None
