"""Turns an impression into values: one field's number or verdict, with its own noise, leniency and rounding."""

import math
from dataclasses import dataclass

from meta_reward.offline.judge.verdict import Impression
from meta_reward.offline.simulated import Dice

CASE_SHARE, DRAW_SHARE = 0.35, 0.94  # of the noise: what stays with a case, and what each draw rolls anew
PROMPT_SHARE = 0.6  # of what a draw rolls: what hangs on the whole prompt, at a strength of 1

NUMBER, YES_NO, TEXT = "number", "yes or no", "text"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing asked for. good: whether `yes`, or a high number, speaks for the agent."""

    label: str
    kind: str = NUMBER
    low: float = 0.0
    high: float = 100.0
    whole: bool = False
    topics: tuple[str, ...] = ()
    good: bool = True
    words: tuple[str, str] = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Pen:
    """Answers fields from an impression, for one draw; chance is keyed by the case and the field's topics."""

    impression: Impression
    dice: Dice
    draw: int
    prompt: str
    """A digest of the whole request, which part of the chance hangs on as well."""

    def score(self, field: Field) -> float:
        """The noisy verdict on a field, from 0 to 100, high is good."""
        own = self.impression.strengths
        share = min(1.0, PROMPT_SHARE * own.rewording)
        if own.guessing and self._chance("guess?", field) < own.guessing:
            anew = self._chance("anew?", field) < share
            return 100 * (self.dice.uniform("guess", *self._whole(field)) if anew else self._chance("guess", field))
        plain = self.impression.score(field.topics)
        case = self.dice.normal("case", self.impression.gist, *field.topics)
        by_gist = self.dice.normal("draw", self.impression.gist, self.draw, *field.topics)
        by_prompt = self.dice.normal("prompt", *self._whole(field)) if share else 0.0
        fresh = math.sqrt(1 - share**2) * by_gist + share * by_prompt
        noise = self.impression.noise_sd() * (CASE_SHARE * case + DRAW_SHARE * fresh)
        return min(100.0, max(0.0, plain + noise))

    def number(self, field: Field) -> float | int:
        """A field's number on its scale, drawn to round numbers."""
        score = self.score(field)
        span = field.high - field.low
        value = field.low + span * (score if field.good else 100 - score) / 100
        return _tidy(self._rounded(value, span, field), field)

    def yes(self, field: Field) -> bool:
        """A field's yes or no; leniency decides doubtful cases for the agent."""
        favour = self.score(field) >= 50 + 10 * self.impression.strengths.leniency
        return favour is field.good

    def _rounded(self, value: float, span: float, field: Field) -> float:
        fine = self.impression.stance.fine
        if 2 <= span <= 20:
            return round(value * 2) / 2 if fine else round(value)
        pull = self.impression.strengths.rounding * (0.3 if fine else 1.0)
        chance = self._chance("round", field)
        step = span / 10 if chance < 0.35 * pull else span / 20 if chance < 0.95 * pull else span / 1000
        return round(value / step) * step

    def _whole(self, field: Field) -> tuple[object, ...]:
        """A key that another wording of the same question does not have."""
        return self.prompt, self.draw, *field.topics

    def _chance(self, what: str, field: Field) -> float:
        return self.dice.uniform(what, self.impression.gist, self.draw, *field.topics)


def _tidy(value: float, field: Field) -> float | int:
    value = min(field.high, max(field.low, value))
    if field.whole or value == int(value):
        return round(value)
    return round(value, 1 if field.high - field.low > 2 else 3)
