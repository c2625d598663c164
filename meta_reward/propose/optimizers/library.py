"""The orchestrator of a library: a model names root causes and answers with edits, which code applies.

In an iteration about skills or tools, each candidate is the start with a model's edits. In one about pruning, each
leaves one entry out and no model is asked. Edits that cannot be read or applied are sent back to the model once.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

from meta_reward.propose.library.edits import apply_edits, changes_between, parse_edits, without
from meta_reward.propose.library.entries import SKILL, TOOL, BadEntry, Library
from meta_reward.propose.library.phases import PRUNING, SKILLS, State, state_of
from meta_reward.propose.library.prompt import render_prompt, render_proposal
from meta_reward.propose.library.source import render_library
from meta_reward.propose.optimizers.session import Ask, Task, Written


def propose(task: Task, ask: Ask) -> list[Written]:
    """The next candidates. Raises as `Writer.ask`, and ProposerError for a run without a library."""
    state = state_of(task.tried, task.seed)
    division = state.division
    print(f"evolution: {' '.join(division.evolution)}; hold-out: {' '.join(division.holdout)}")
    phase = state.phase(task.iteration)
    if phase == PRUNING:
        return list(_pruned(state, task))
    kind, proposed = SKILL if phase == SKILLS else TOOL, list[Written]()
    for _ in range(task.candidates):
        told = [line for one in proposed for line in one.proposal.splitlines() if line.startswith("- ")]
        proposed += _edited(state, task, ask, kind, told)
    return proposed


def _edited(state: State, task: Task, ask: Ask, kind: str, proposed: Sequence[str]) -> Iterator[Written]:
    """The start with a model's edits; nothing if its second answer cannot be applied either."""
    prompt = render_prompt(state, task, kind, proposed)
    reply = ask(prompt)
    for is_last in (False, True):
        try:
            edits = parse_edits(reply)
            library = apply_edits(state.library, edits.edits, kind)
            if library in state.tried:
                raise BadEntry("this very library was tried before: see what became of it, and edit something else")
            source = render_library(library)
        except BadEntry as error:
            print(f"the edits were refused: {error}")
            if not is_last:
                reply = ask(f"{prompt}\n\n# Your last answer\n\n{reply}\n\nIt was refused: {error}\nAnswer once more.")
            continue
        yield _written(state, source, library, edits.causes)
        return


def _pruned(state: State, task: Task) -> Iterator[Written]:
    """Copies of the start that each leave out one entry, those tried least often first."""
    tried = Counter(name for step in state.steps if step.phase == PRUNING for _, name in step.changes)
    chance = {name: hashlib.sha256(f"{task.seed}/{name}".encode()).hexdigest() for name in state.prunable()}
    for name in sorted(chance, key=lambda name: (tried[name], chance[name]))[: task.candidates]:
        library = without(state.library, name)
        yield _written(state, render_library(library), library, (f"{name} may be of no use: search without it",))


def _written(state: State, source: str, library: Library, causes: Sequence[str]) -> Written:
    changes = changes_between(state.library, library)
    name = "-".join(part for op, entry in changes[:1] for part in (op, entry))
    return Written(source, [state.start.id], name, render_proposal(state, changes, causes))
