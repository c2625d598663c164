"""How a phrase of the desk is picked, filled in and dressed in an agent's manner."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_reward.offline.skyways import phrases
from meta_reward.offline.skyways.tools import Step


@dataclass(frozen=True, slots=True)
class Voice:
    """An agent's manner. length and warmth: 0 terse, 1 usual, 2 long-winded or flattering."""

    length: int
    warmth: int

    def dress(self, rng: random.Random, text: str) -> str:
        """A message around `text`, in this manner."""
        parts = [text]
        if self.warmth and rng.random() < 0.45:
            parts.insert(0, rng.choice(phrases.FLATTERY if self.warmth == 2 else phrases.POLITE))
        if rng.random() < (0.0, 0.25, 0.95)[self.length]:
            parts += rng.sample(phrases.PADDING, rng.randrange(1, self.length + 2))
        return " ".join(part for part in parts if part)


def offer(steps: Sequence[Step], rng: random.Random) -> str:
    """The question whether the agent should do all of these."""
    return rng.choice(phrases.SHALL_I).format(do=_listed(phrases.DO, steps, rng))


def report(steps: Sequence[Step], rng: random.Random) -> str:
    """The statement that all of these were done."""
    text = rng.choice(phrases.REPORT).format(done=_listed(phrases.DID, steps, rng))
    return text[0].upper() + text[1:]


def phrase(template: str, step: Step) -> str:
    """A template of DO or DID, filled in with what the call says."""
    words = {key: ", ".join(value) if isinstance(value, list) else value for key, value in step.arguments.items()}
    due = step.arguments.get("fee", step.arguments.get("price"))
    cost = f"for EUR {due}, charged to {step.arguments.get('payment_id')}" if due else "free of charge"
    return template.format(cost=cost, **words)


def _listed(bank: Mapping[str, Sequence[str]], steps: Sequence[Step], rng: random.Random) -> str:
    return ", and ".join(phrase(rng.choice(bank[step.tool]), step) for step in steps)
