"""What the orchestrator is shown and asked, and the `proposal.md` of its candidates.

It is shown pairs of the evolution tasks only, with the judge's chain on both sides. Of the hold-out tasks, which decide
about its edits, it only learns the outcome of each edit.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.propose.library.entries import Library
from meta_reward.propose.library.folder import render_entry
from meta_reward.propose.library.phases import SKILLS, TOOLS, State, Step
from meta_reward.propose.optimizers.session import Task
from meta_reward.run.chain import chain_of
from meta_reward.run.trace_file import load_trace

_LOST, _WON = 5, 2
"""The most pairs that are shown."""
_MOST_RUN, _MOST_LINK = 5000, 1500


def render_prompt(state: State, task: Task, kind: str, proposed: Sequence[str]) -> str:
    """The prompt. kind: of entries to edit. proposed: what the model has proposed in this session, a line each."""
    lost, won = _pairs(state)
    of = Counter(category for pair in lost for category in pair.categories)
    counts = "\n".join(f"- {name}: {count}" for name, count in sorted(of.items(), key=lambda item: (-item[1], item[0])))
    sections = {
        "The library": _entries(state.library),
        "What was tried": "\n".join(map(_step, state.steps)) or "Nothing yet.",
        "Already proposed now, so propose something else": "\n".join(proposed),
        "Lost pairs by category": counts or f"{len(lost)} lost, without categories.",
        **{f"Lost pair {n}": _pair(state, pair) for n, pair in enumerate(_spread(lost, task.iteration), 1)},
        **{f"Won pair {n}": _pair(state, pair) for n, pair in enumerate(won[:_WON], 1)},
        "This phase": f"Phase: {SKILLS if kind == 'skill' else TOOLS}. Edit entries that are a {kind}, and no others.",
    }
    return "\n\n".join([task.instructions, *(f"# {title}\n\n{text}" for title, text in sections.items() if text)])


def render_proposal(state: State, changes: Sequence[tuple[str, str]], causes: Sequence[str]) -> str:
    """`proposal.md` of a candidate."""
    made = "\n".join(f"- {op} {name}" for op, name in changes)
    division = state.division
    return (
        f"---\nparents: [{state.start.id}]\npart: library\n---\n## Hypothesis\n\n{' '.join(causes)}\n\n"
        f"## Edits\n\n{made}\n\n## Division of the search tasks\n\nEvolution: {' '.join(division.evolution)}\n\n"
        f"Hold-out: {' '.join(division.holdout)}\n"
    )


def _pairs(state: State) -> tuple[list[PairOutcome], list[PairOutcome]]:
    """The pairs of the evolution tasks that the start lost, and those that it won, the clearest first."""
    pairs = [one for one in state.start.items.values() if isinstance(one, PairOutcome)]
    known = [pair for pair in pairs if pair.task in state.division.evolution]
    order = sorted(known, key=lambda pair: (pair.margin or 0.0, pair.id))
    return [pair for pair in order if pair.score < 1], [pair for pair in reversed(order) if pair.score == 1]


def _spread(lost: Sequence[PairOutcome], iteration: int) -> list[PairOutcome]:
    """Some lost pairs, from different tasks first, and different ones in each iteration."""
    first = {pair.task: pair for pair in reversed(lost)}
    order = [*first.values(), *(pair for pair in lost if pair not in first.values())]
    begin = (iteration - 1) * _LOST % len(order) if order else 0
    return [*order[begin:], *order[:begin]][:_LOST]


def _entries(library: Library) -> str:
    return "\n\n".join(f"```{entry.kind}\n{render_entry(entry).rstrip()}\n```" for entry in library.entries)


def _step(step: Step) -> str:
    made = ", ".join(f"{op} {name}" for op, name in step.changes)
    gain = "" if step.evolution is None else f" ({step.evolution * 100:+.1f} points on the tasks you see)"
    return f"- {step.phase}, {made}: {step.outcome}{gain}"


def _pair(state: State, pair: PairOutcome) -> str:
    kinds = f"Categories: {', '.join(pair.categories)}\n\n" if pair.categories else ""
    sides = (("preferred", pair.preferred, pair.preferred_reward), ("other", pair.other, pair.other_reward))
    return kinds + "\n\n".join(
        f"## The {role} run got {'no reward' if got is None else f'{got:g}'}\n\n{_run(state, name)}"
        for role, name, got in sides
    )


def _run(state: State, name: str) -> str:
    """What the judge was shown of a run, and then its chain."""
    try:
        trace = load_trace(state.start.folder / "traces" / f"{name}.json")
    except DataError:
        return "It is not shown."
    calls = [{**call, "reply": _text(call["reply"]), "messages": list(_joined(call))} for call in trace["calls"]]
    asked = next((one["content"] for call in calls for one in call["messages"] if not call.get("role")), "")
    run = asked.partition("## Run\n")[2].rpartition("## Answer\n")[0] or asked
    links = [f"{link.kind}: {_clipped(link.text, _MOST_LINK)}" for link in chain_of(calls)]
    chosen = ((trace.get("reward") or {}).get("findings") or {}).get("selected", [])
    return f"Chosen: {' '.join(map(str, chosen)) or 'unknown'}\n\n{_clipped(run.strip(), _MOST_RUN)}\n\n" + "\n".join(
        links
    )


def _joined(call: dict[str, object]) -> Iterator[dict[str, object]]:
    messages = call["messages"]
    assert isinstance(messages, list)
    yield from ({**message, "content": _text(message["content"])} for message in messages)


def _text(value: object) -> str:
    return str(files.as_text(value))


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most * 2 // 3]}\n[...]\n{text[-most // 3 :]}"
