"""Ideas near the good candidates: every change of one part to another mechanism, and every merge of two.

An idea's worth is its parent's merit, the effect of the new mechanisms elsewhere, how many of the
parent's lost pairs show a symptom they are meant for, and a bonus for what was rarely tried.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from meta_reward.harness.validate import PARTS
from meta_reward.offline.proposer.effects import Effects
from meta_reward.offline.proposer.estimates import Estimate
from meta_reward.offline.proposer.evidence import Diagnosis
from meta_reward.offline.proposer.history import Candidate
from meta_reward.offline.proposer.library import Mechanism, find_mechanism, load_library, mean_size
from meta_reward.offline.proposer.source import Source, with_parts
from meta_reward.trajectory import Trajectory

# The share of pairs with a symptom that a change aimed at it may win back.
HOPE = 0.12
NOVELTY = 0.03
PRICE_OF_ASKING = 0.004
CHEAPER = 0.8


@dataclass(frozen=True, slots=True)
class Idea:
    """A harness to be written: `parent` with some parts from elsewhere.

    sources: what supplies each changed part. genome: the child's. gain: the expected gain in agreement, by the
    ledger. worth: what ideas are ranked by. Either `mechanism` (one part from the catalog) or `donor` (a merge)
    is set. estimate: the result of trying the mechanism without a judge.
    """

    parent: Candidate
    sources: Mapping[str, Source]
    genome: Mapping[str, str]
    gain: float
    worth: float
    mechanism: Mechanism | None = None
    donor: Candidate | None = None
    estimate: Estimate | None = None

    def render(self, *, doc: str) -> str:
        """The text of the harness. Raises ValueError where parent and new parts cannot stand in one file."""
        if self.parent.source is None:
            raise ValueError(f"{self.parent.id} does not keep the six parts")
        return with_parts(self.parent.source, self.sources, doc=doc)


def genome_key(genome: Mapping[str, str]) -> tuple[str, ...]:
    """A key that harnesses with the same parts share."""
    return tuple(genome[part] for part in PARTS)


def merit(candidate: Candidate, effects: Effects) -> float:
    """A candidate's agreement, shrunk towards what the whole ledger predicts: luck is not inherited."""
    return ((candidate.score or 0.0) + effects.predicted(candidate.genome)) / 2


def single_changes(
    parent: Candidate, diagnosis: Diagnosis, effects: Effects, estimates: Mapping[tuple[str, str], Estimate]
) -> Iterator[Idea]:
    """The parent with one part exchanged for a mechanism of the catalog that has something to work on."""
    lost = diagnosis.lost / max(1, diagnosis.pairs)
    weights = {symptom.name: symptom.weight for symptom in diagnosis.symptoms}
    for part, mechanisms in load_library().items():
        now = find_mechanism(part, parent.genome[part])
        for mechanism in (m for m in mechanisms.values() if not m.needs or m.needs in diagnosis.offers):
            estimate = estimates.get((part, mechanism.name))
            gain = effects.of(part, mechanism.fingerprint) - effects.of(part, parent.genome[part])
            hope = HOPE * lost * min(1.0, sum(weights.get(name, 0.0) for name in mechanism.answers))
            if estimate:
                gain, hope = (gain + estimate.gain, 0.0) if estimate.is_rough else (estimate.gain, 0.0)
            novelty = NOVELTY / math.sqrt(1 + effects.tried(part, mechanism.fingerprint))
            price = PRICE_OF_ASKING * (mechanism.asks - (now.asks if now else 1))
            yield Idea(
                parent=parent,
                sources={part: mechanism.source},
                genome={**parent.genome, part: mechanism.fingerprint},
                gain=gain,
                worth=merit(parent, effects) + gain + hope + novelty - price,
                mechanism=mechanism,
                estimate=estimate,
            )


def merges(parent: Candidate, others: Sequence[Candidate], effects: Effects) -> Iterator[Idea]:
    """The parent with all the parts of another good candidate that the ledger shows to be better."""
    for donor in others:
        if donor.source is None:
            continue
        gains = {part: effects.of(part, donor.genome[part]) - effects.of(part, parent.genome[part]) for part in PARTS}
        better = [part for part in PARTS if gains[part] > 0]
        gain = sum(gains[part] for part in better)
        yield Idea(
            parent=parent,
            sources=dict.fromkeys(better, donor.source),
            genome={**parent.genome, **{part: donor.genome[part] for part in better}},
            gain=gain,
            worth=merit(parent, effects) + gain + NOVELTY,
            donor=donor,
        )


def price_of(idea: Idea, sample: Sequence[Trajectory]) -> str:
    """How the number of asks and the size of prompts change, as far as can be predicted."""
    mechanism = idea.mechanism
    if mechanism is None:
        used = [f"{c.id} used {c.judge_tokens:,}" for c in (idea.parent, idea.donor) if c]
        return f"not estimated; {' and '.join(used)} judge tokens"
    part = mechanism.part
    now = find_mechanism(part, idea.parent.genome[part])
    if part == "score":
        return "none, for the judge is asked the same"
    if part in ("view", "context") and now:
        more = mean_size(mechanism, sample) - mean_size(now, sample)
        change = (
            f"{'grows' if more > 0 else 'shrinks'} by {abs(more):,.0f} characters" if round(more) else "stays as long"
        )
        return f"the {part} {change}, on the mean of {len(sample)} trajectories"
    if part == "decide":
        before = f", which were {now.asks}" if now and now.asks != mechanism.asks else ""
        return f"judge calls a trajectory: {mechanism.asks}{before}; how long they are was not estimated"
    return "not estimated"


def is_cheaper(idea: Idea, sample: Sequence[Trajectory]) -> bool:
    """Whether a single change asks the judge less often, or shows it clearly less of the sample."""
    if idea.mechanism is None:
        return False
    part = idea.mechanism.part
    now = find_mechanism(part, idea.parent.genome[part])
    if now is None:
        return False
    if part in ("view", "context"):
        return mean_size(idea.mechanism, sample) < CHEAPER * mean_size(now, sample)
    return idea.mechanism.asks < now.asks
