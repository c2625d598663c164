"""From what was read to a verdict: evidence, attention and biases, mixed into one number.

    seen     = what reading leaves of the prompt
    evidence = the conversation's own, overruled by what findings state as verified
    verdict  = sum of attention x evidence over mechanisms, plus the biases, lenient, then noisy

Attention to a mechanism rises when the instructions name it, the policy is shown, or a finding
states it; the bias that this mechanism corrects shrinks by as much.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from meta_reward.offline.judge.episode import understand
from meta_reward.offline.judge.evidence import own_evidence, surface
from meta_reward.offline.judge.findings import FINE, stated_evidence
from meta_reward.offline.judge.language import MECHANISMS, meaning, sentences, words
from meta_reward.offline.judge.policy import read_policy
from meta_reward.offline.judge.prompt import Line, Prompt
from meta_reward.offline.judge.settings import Strengths
from meta_reward.offline.judge.transcript import TOOL, Turn
from meta_reward.offline.simulated import Dice

Evidence = dict[str, float]

# The weight of a mechanism, and the share of it that counts if nothing draws attention to it.
WORTH = {"authority": 1.5, "consent": 1.3, "claims": 1.2, "record": 1.1, "outcome": 0.5, "faults": 0.25}
UNASKED = {"authority": 0.15, "consent": 0.1, "claims": 0.1, "record": 0.15, "outcome": 0.7, "faults": 0.5}

READ_IN_FULL = 6_000
READING_SCALE = 10_000
CLAUSES_READ_IN_FULL = 12
RULES_MISSED = 0.4  # share of the clauses that a hasty reader misses
NOISE_SD = 14.0
FAR_TOO_MUCH = 4_000  # characters of a conversation, at which noise has grown by half
LENIENT_TARGET = 84.0
GIST = 120  # characters of each turn that tell one conversation from another
_WORD = re.compile(r"\w+")
_FINE_SCALE = ("decimal", "full range", "whole range", "full scale", "whole scale", "round number", "not round")


@dataclass(frozen=True, slots=True)
class Stance:
    """How the instructions ask the judge to look.

    named: how strongly each mechanism is mentioned, 0 to 1. surface: -1 to ignore length and manner, 0.5 to heed them.
    activity: how clearly they say that being busy is no merit. fine: whether they ask for unrounded numbers.
    """

    named: Evidence
    reasons: bool
    strict: bool
    surface: float
    activity: float
    fine: bool


@dataclass(frozen=True, slots=True)
class Impression:
    """A judge's reading of a prompt, from which it answers. shown: characters of the conversation."""

    evidence: Evidence
    attention: Evidence
    surface: Evidence
    stance: Stance
    strengths: Strengths
    gist: str
    shown: int

    def score(self, topics: Sequence[str] = ()) -> float:
        """The verdict before noise, from 0 to 100; on some mechanisms only, if given."""
        chosen = [m for m in topics if m in self.evidence]
        if topics and chosen:
            total = sum(WORTH[m] * self.evidence[m] for m in chosen) / sum(WORTH[m] for m in chosen)
            raw = 1.6 * total + 0.5 * self._biases()
        else:
            raw = sum(WORTH[m] * self.attention[m] * self.evidence[m] for m in self.evidence) + self._biases()
        return self._lenient(50 + 50 * math.tanh(0.7 * raw))

    def _biases(self) -> float:
        own, named, seen = self.strengths, self.stance.named, self.surface
        calm = max(named["authority"], 0.6 * named["consent"], self.stance.activity)
        action = own.action_bias * (1 - 0.85 * calm) * (0.2 * seen["activity"] - 0.15 * seen["refused"])
        trust = own.trust_claims * (1 - 0.85 * named["claims"]) * 0.4 * seen["claims"]
        style = (1 + 0.85 * self.stance.surface) * (1 - 0.3 * min(1.0, sum(named.values()) / 2))
        manner = own.length_bias * 0.35 * (seen["length"] - 0.4) + own.politeness_bias * (
            0.4 * (seen["politeness"] - 0.3) + 0.2 * seen["pleased"]
        )
        return action + trust + style * manner

    def _lenient(self, score: float) -> float:
        share = 0.45 * self.strengths.leniency * (1 - 0.45 * self.stance.strict - 0.3 * self.stance.reasons)
        return score + min(0.9, share) * (LENIENT_TARGET - score)

    def noise_sd(self) -> float:
        """Standard deviation of a draw, in points."""
        clutter = 1 + self.strengths.clutter * min(1.0, self.shown / FAR_TOO_MUCH - 0.5)
        return self.strengths.noise * NOISE_SD * clutter * (0.65 if self.stance.reasons else 1.0)


def form_impression(prompt: Prompt, strengths: Strengths, dice: Dice, *, asked_apart: Iterable[str] = ()) -> Impression:
    """The judge's impression of a prompt. asked_apart: names of what it is to answer one by one."""
    stance = take_stance(prompt.instructions)
    care = _care(stance, asked_apart)
    turns, policy, findings = _skim(prompt, strengths, care, dice)
    episode = understand(turns)
    stated = stated_evidence(findings)
    own = own_evidence(episode, read_policy(policy))
    plain = {m: own.get(m, 0.0 if m == "authority" else FINE) for m in MECHANISMS}
    evidence = {m: _mixed(value, stated[m]) if m in stated else value for m, value in plain.items()}
    return Impression(
        evidence,
        _attention(stance, stated, bool(policy), strengths.inattention),
        surface(episode),
        stance,
        strengths,
        _gist(prompt),
        sum(len(turn.text) for turn in prompt.turns),
    )


def _care(stance: Stance, asked_apart: Iterable[str]) -> float:
    """How carefully rules are read, 0 to 1: when asked about them, for reasons first, and apart from all else."""
    apart = any("authority" in meaning(words(name.replace("_", " "))) for name in asked_apart)
    return 0.5 * stance.named["authority"] + 0.25 * stance.reasons + 0.25 * apart


def _gist(prompt: Prompt) -> str:
    """The content of a prompt regardless of layout. Chance is keyed by it, so that rewording draws no new noise."""
    spoken = [turn.text[:GIST] for turn in prompt.turns if turn.role != TOOL and not turn.name]
    return " ".join(_WORD.findall(" ".join(spoken or prompt.instructions).lower()))


def take_stance(instructions: Sequence[str]) -> Stance:
    """How these instructions ask the judge to look."""
    lines = [sentence.lower() for line in instructions for sentence in sentences(line)]
    meanings = [meaning(words(line.replace("_", " "))) for line in lines]
    every = set().union(*meanings)
    turned = [found for found in meanings if found & {"ignore", "negate"}]
    counts = {mechanism: sum(mechanism in found for found in meanings) for mechanism in MECHANISMS}
    return Stance(
        named={mechanism: 1 - 0.2**count for mechanism, count in counts.items()},
        reasons="reason" in every,
        strict="strict" in every,
        surface=-1.0 if any("surface" in found for found in turned) else 0.5 * ("surface" in every),
        activity=0.8 * any("activity" in found for found in turned),
        fine=any(phrase in line for line in lines for phrase in _FINE_SCALE),
    )


def _mixed(own: float, stated: float) -> float:
    """How a finding counts: a failed check settles the matter, a passed one leaves room for other faults."""
    share = 0.85 if stated < own else 0.15
    return (1 - share) * own + share * stated


def _attention(stance: Stance, stated: Evidence, policy: bool, inattention: float) -> Evidence:
    dilution = 1 / (1 + 0.04 * max(0, sum(value > 0 for value in stance.named.values()) - 3))
    out = {}
    for mechanism, unasked in UNASKED.items():
        failed, ruled = stated.get(mechanism, 0.0) < 0, policy and mechanism == "authority"
        floor = max(unasked, 0.75 * failed, 0.35 * ruled)
        aware = floor + (1 - floor) * stance.named[mechanism] * dilution
        out[mechanism] = 1 - min(1.0, inattention) * (1 - aware)
    return out


def _skim(prompt: Prompt, strengths: Strengths, care: float, dice: Dice) -> tuple[list[Turn], list[Line], list[Line]]:
    """The parts of a prompt that are read. Each is lost or kept by its own text, so asking again does not help."""
    reading = strengths.reading
    haste = reading * (1 - math.exp(-max(0, prompt.size - READ_IN_FULL) / READING_SCALE))
    bulk = 0.6 * reading * max(0.0, 1 - CLAUSES_READ_IN_FULL / max(1, len(prompt.policy)))
    bulk += RULES_MISSED * strengths.carelessness * (1 - care)

    def reads(part: Turn | Line, extra: float = 0.0) -> bool:
        place = min(1.0, part.at / max(1, prompt.size))
        lost = min(0.95, 0.9 * haste * 4 * place * (1 - place) + extra)
        return lost <= 0 or dice.uniform("read", *part.text.split()) >= lost

    return (
        [turn if reads(turn) else replace(turn, text="") for turn in prompt.turns],
        [line for line in prompt.policy if reads(line, bulk)],
        [line for line in prompt.findings if reads(line)],
    )
