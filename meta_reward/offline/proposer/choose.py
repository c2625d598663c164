"""What to try next: the best new idea near a good candidate, once for each harness asked for.

The same for the same history, iteration and seed. The first harness starts from the best candidate, the
others from a random good one; now and then one is a merge, or only needs to be cheaper.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meta_reward.errors import DataError
from meta_reward.offline.proposer.effects import Effects, fit_effects
from meta_reward.offline.proposer.estimates import run_checks, run_estimates
from meta_reward.offline.proposer.evidence import Diagnosis, diagnose
from meta_reward.offline.proposer.history import Candidate, History
from meta_reward.offline.proposer.ideas import Idea, genome_key, is_cheaper, merges, merit, price_of, single_changes
from meta_reward.trajectory import Trajectory

GOOD_PARENTS = 6
FAR_BEHIND = 0.06
SAME_PART_AGAIN = 0.02
JITTER = 0.01
MERGE_EVERY = 3
CHEAPER_EVERY = 4
SAMPLE = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """An idea that was chosen, and its evidence. price: how the number of asks and the size of prompts change."""

    idea: Idea
    diagnosis: Diagnosis
    effects: Effects
    price: str


def choose(history: History, *, count: int, iteration: int, seed: int) -> Iterator[Choice]:
    """Up to `count` choices; fewer only when everything near the good candidates has been tried."""
    rng = random.Random(f"{seed}\n{iteration}")
    effects = fit_effects(history.candidates)
    parents = good_parents(history.candidates, effects)
    sample = list(history.trajectories.values())[:SAMPLE]
    taken = {genome_key(candidate.genome) for candidate in history.candidates if candidate.genome}
    avoided = discouraged(history.candidates)
    findings = run_checks(history)
    parts_used: list[str] = []
    for slot in range(count):
        for parent in _in_turn(parents, slot, rng):
            try:
                diagnosis, estimates = diagnose(parent, history), run_estimates(parent, findings)
            except DataError:
                continue
            ideas = [*single_changes(parent, diagnosis, effects, estimates), *merges(parent, parents, effects)]
            fresh = [i for i in ideas if genome_key(i.genome) not in taken and not avoided & set(_changes(i))]
            wanted = _wanted(fresh, iteration, sample) if slot == count - 1 else fresh
            if best := _best(wanted, parts_used, rng):
                taken.add(genome_key(best.genome))
                parts_used += best.sources
                yield Choice(best, diagnosis, effects, price=price_of(best, sample))
                break


def good_parents(candidates: Sequence[Candidate], effects: Effects) -> list[Candidate]:
    """The candidates to start from, best first: a few that are not far behind the best."""
    able = [c for c in candidates if c.score is not None and c.source]
    ranked = sorted(able, key=lambda c: (-merit(c, effects), c.judge_tokens, c.id))[:GOOD_PARENTS]
    return [c for c in ranked if merit(c, effects) >= merit(ranked[0], effects) - FAR_BEHIND]


def discouraged(candidates: Sequence[Candidate]) -> set[tuple[str, str]]:
    """Mechanisms, by part, that were the only change of a candidate that was rejected or failed."""
    by_id = {candidate.id: candidate for candidate in candidates}
    found = set()
    for candidate in (c for c in candidates if c.status != "scored" and c.genome and c.parents):
        parent = by_id.get(candidate.parents[0])
        if parent and parent.genome:
            changed = set(candidate.genome.items()) - set(parent.genome.items())
            found |= changed if len(changed) == 1 else set()
    return found


def _in_turn(parents: Sequence[Candidate], slot: int, rng: random.Random) -> list[Candidate]:
    """The order in which parents are tried: by merit for the first slot, then by luck that favours merit."""
    if slot == 0:
        return list(parents)
    luck = {parent.id: rng.random() ** (1 + rank) for rank, parent in enumerate(parents)}
    return sorted(parents, key=lambda parent: -luck[parent.id])


def _wanted(ideas: Sequence[Idea], iteration: int, sample: Sequence[Trajectory]) -> Sequence[Idea]:
    """The ideas for the last harness of an iteration: sometimes only merges, or only cheaper ones, if there are any."""
    special: list[Idea] = []
    if iteration % MERGE_EVERY == 0:
        special = [idea for idea in ideas if idea.donor and len(idea.sources) > 1]
    elif iteration % CHEAPER_EVERY == 0:
        special = [idea for idea in ideas if is_cheaper(idea, sample)]
    return special or ideas


def _changes(idea: Idea) -> list[tuple[str, str]]:
    return [(part, idea.genome[part]) for part in idea.sources]


def _best(ideas: Sequence[Idea], parts_used: Sequence[str], rng: random.Random) -> Idea | None:
    """The best idea that can be rendered; parts that this iteration has already changed count less."""
    worth = [
        idea.worth - SAME_PART_AGAIN * sum(part in parts_used for part in idea.sources) + JITTER * rng.random()
        for idea in ideas
    ]
    ranked = sorted(range(len(ideas)), key=lambda i: -worth[i])
    return next((ideas[i] for i in ranked if _can_be_written(ideas[i])), None)


def _can_be_written(idea: Idea) -> bool:
    try:
        idea.render(doc="")
    except ValueError:
        return False
    return True
