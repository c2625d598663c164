"""A choice, written down: the harness and its `proposal.md`."""

import textwrap
from pathlib import Path

from meta_reward import files
from meta_reward.offline.proposer.choose import Choice
from meta_reward.offline.proposer.evidence import Symptom
from meta_reward.offline.proposer.ideas import Idea

MOST_SYMPTOMS = 3


def save_choice(staging: Path, choice: Choice) -> Path:
    """Write a choice into a folder of its own in `staging`; returns the folder."""
    folder = staging / name_of(choice.idea)
    if folder.exists():
        folder = folder.with_name(f"{folder.name}-on-{choice.idea.parent.id}")
    files.write_bytes(folder / "harness.py", render_harness(choice.idea).encode())
    files.write_bytes(folder / "proposal.md", render_proposal(choice).encode())
    return folder


def name_of(idea: Idea) -> str:
    """A short name: what changed, or whose parts were merged."""
    if idea.mechanism:
        return f"{idea.mechanism.part}-{idea.mechanism.name}".replace("_", "-")
    return f"merge-{idea.parent.id}-{idea.donor.id}" if idea.donor else "candidate"


def render_harness(idea: Idea) -> str:
    """The text of `harness.py`. Raises ValueError if its parts cannot be combined in one file."""
    return idea.render(doc=f"{_headline(idea)}\n\n{textwrap.fill(_why(idea), 110)}\n")


def render_proposal(choice: Choice) -> str:
    """The text of `proposal.md`."""
    idea = choice.idea
    parents = [idea.parent.id, *([idea.donor.id] if idea.donor else [])]
    sections = {
        "Hypothesis": _hypothesis(choice),
        "Evidence": "\n".join(f"- {line}" for line in _evidence(choice)),
        "Expected effect": _effect(choice),
        "Risks": idea.mechanism.risk[:1].upper() + idea.mechanism.risk[1:] if idea.mechanism else _MERGE_RISK,
    }
    front = f"---\nparents: [{', '.join(parents)}]\npart: {' and '.join(idea.sources)}\n---\n"
    return front + "".join(f"\n## {title}\n\n{text}\n" for title, text in sections.items())


_MERGE_RISK = "What helped one candidate may have helped only beside its other parts."


def answered(choice: Choice) -> list[Symptom]:
    """The symptoms of the parent that the change is meant for, the heaviest first."""
    answers = choice.idea.mechanism.answers if choice.idea.mechanism else ()
    return [symptom for symptom in choice.diagnosis.symptoms if symptom.name in answers][:MOST_SYMPTOMS]


def _headline(idea: Idea) -> str:
    if idea.mechanism:
        return idea.mechanism.headline
    return f"Two harnesses in one: {' and '.join(idea.sources)} of one that did well, everything else of another."


def _why(idea: Idea) -> str:
    return idea.mechanism.why if idea.mechanism else "Each part comes from where the ledger shows it at its best."


def _hypothesis(choice: Choice) -> str:
    symptoms = answered(choice)
    seen = f"In {symptoms[0].lost} of {symptoms[0].of_lost} lost pairs {symptoms[0].sentence}. " if symptoms else ""
    return textwrap.fill(f"{seen}{_headline(choice.idea)} {_why(choice.idea)}", 110)


def _evidence(choice: Choice) -> list[str]:
    idea, diagnosis = choice.idea, choice.diagnosis
    parent = idea.parent
    by_category = ", ".join(f"{name} {count}" for name, count in diagnosis.by_category.items())
    lines = [
        f"`{parent.path('pairs.jsonl')}`: {diagnosis.lost} of {diagnosis.pairs} pairs lost or tied"
        + (f" ({by_category})" if by_category else "")
    ]
    for symptom in answered(choice):
        against = f"against {symptom.won} of {symptom.of_won} won ones" if symptom.of_won else "none was won"
        lines.append(f"in {symptom.lost} of {symptom.of_lost} lost pairs, {against}: {symptom.sentence}")
        for pair in symptom.examples[:2]:
            traces = [f"`{parent.path('traces', f'{side}.json')}`" for side in (pair.preferred, pair.other)]
            margin = "no reward" if pair.margin is None else f"margin {pair.margin:+.1f}"
            lines.append(f"for example {traces[0]} (preferred) and {traces[1]}: {margin}")
    if idea.estimate:
        lines.append(idea.estimate.sentence)
    if idea.donor:
        lines.append(f"`{idea.donor.path('scores.json')}`: agreement {idea.donor.score:.3f}")
    lines += [
        f"`ledger.jsonl`: {choice.effects.tried(part, idea.genome[part])} scored candidate(s) had this {part}, "
        f"worth {100 * choice.effects.of(part, idea.genome[part]):+.1f} points as a fit over all of them shows"
        for part in idea.sources
        if choice.effects.tried(part, idea.genome[part])
    ]
    return lines


def _effect(choice: Choice) -> str:
    idea, diagnosis = choice.idea, choice.diagnosis
    most = max((symptom.lost / max(1, symptom.of_lost) for symptom in answered(choice)), default=0.0)
    reach = round(100 * most * diagnosis.lost / max(1, diagnosis.pairs))
    source = "as tried on the recorded verdicts" if idea.estimate and not idea.estimate.is_rough else "by the ledger"
    gain = f"{100 * idea.gain:+.1f} points of agreement {source}" if idea.gain else "Untried, so unknown"
    return f"{gain}; the symptoms it answers cover at most {reach} points. Cost: {choice.price}."
