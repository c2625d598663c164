"""How likely the simulated agent is to go wrong in each way, from what the harness shows it and where that stands."""

import re
from collections.abc import Mapping
from statistics import NormalDist

from meta_reward.completion import Request
from meta_reward.offline.agent.page import Page
from meta_reward.offline.agent.settings import Strengths
from meta_reward.offline.simulated import Dice

POLICY, PRESSURE, HASTE, MIXING, CLAIMING, DROPPING = "policy", "pressure", "haste", "mixing", "claiming", "dropping"
RATES: Mapping[str, float] = {
    POLICY: 0.34,  # with the rules far from the end of the prompt
    PRESSURE: 0.45,
    HASTE: 0.42,
    MIXING: 0.16,
    CLAIMING: 0.12,
    DROPPING: 0.35,
}
"""How often it goes wrong where nothing helps, before a long prompt makes it worse."""
WITHOUT_RULES = 0.75
"""How often it gets rules wrong that stand nowhere."""
_LEAST = 0.15  # what is left of a rate where the rule stands right at the end
_FAR = 9_000  # characters from the end of the prompt, where nothing is gained any more
_SHORT, _LONG = 9_000, 21_000  # characters of a prompt that makes nothing worse, and all half as bad again
_MOST = 0.95
_RULES = {
    "cancel": "kept back from the refund",
    "change": "A fare difference is never charged",
    "names": "never passed on to another person",
    "bags": "Bags once paid for",
    "bags off": "Bags once paid for",
    "compensation": "more than 21 days ago",
    "upgrade": "whole party goes to business",
    "booking": "At most 6 passengers",
    "refund": "A charge made twice",
}
"""Words of the rule that settles each intent."""
_FIRMNESS = "changes no rule"
_CONSENT_RULE = "wait for a clear yes"
_HELP: Mapping[str, tuple[float, str]] = {
    HASTE: (0.3, r"\bconfirm|\bclear yes\b|explicit yes|has agreed|\bconsent\b|ask (?:the customer )?first"),
    MIXING: (0.35, r"right (?:booking|record)|compare (?:the )?(?:code|id)|which (?:booking|record)|same code"),
    CLAIMING: (0.25, r"only what (?:a |the )?tool|has accepted|do not claim|don't claim|report only|not done yet"),
    DROPPING: (0.25, r"checklist|each request|every request|everything (?:that )?the customer|still open"),
}
"""How much of a rate is left where these words stand after the conversation."""
_STANDARD = NormalDist()
_NORMAL_SHARES = (0.5, 0.3, 0.2)  # of the variance of its luck: by case, by draw, by wording


class Lapses:
    """The ways in which it goes wrong on one request; each falls the same way through a conversation."""

    def __init__(
        self, page: Page, request: Request, intent: str, case: str, *, draw: int, dice: Dice, of: Strengths
    ) -> None:
        self._page, self._intent, self._case = page, intent, case
        self._draw, self._dice, self._strengths = draw, dice, of
        self._whole = "\n".join([request.system or "", *(message.content for message in request.messages)])

    def has(self, kind: str, *more: object) -> bool:
        """Whether it goes wrong in this way. more: what tells several occasions apart."""
        return self._luck(kind, *more) < self.rate(kind)

    def pick(self, what: str) -> str:
        """A key for choices of words that differ from turn to turn."""
        return f"{self._dice.uniform(self._case, self._draw, what, len(self._page.entries))}"

    def rate(self, kind: str) -> float:
        """How likely it is."""
        rate = RATES[kind] * self._help(kind)
        if kind == POLICY:
            at = self._whole.rfind(_RULES.get(self._intent, _FIRMNESS))
            rate = rate * self._distance(at) if at >= 0 else WITHOUT_RULES
        elif kind == PRESSURE:
            rate *= self._distance(self._whole.rfind(_FIRMNESS))
        elif kind == HASTE:
            rate *= 0.5 + 0.5 * self._distance(self._whole.rfind(_CONSENT_RULE))
        strength = getattr(self._strengths, kind)
        return min(_MOST, rate * strength * self._length()) if strength else 0.0

    def _help(self, kind: str) -> float:
        left, words = _HELP.get(kind, (1.0, ""))
        return left if re.search(words, self._page.tail, re.IGNORECASE) else 1.0

    def _distance(self, at: int) -> float:
        """What is left of a rate where the rule stands there; all of it if it stands nowhere."""
        away = (len(self._whole) - at) / _FAR if at >= 0 else 1.0
        return _LEAST + (1 - _LEAST) * min(1.0, away)

    def _length(self) -> float:
        beyond = min(2.0, max(0.0, (self._page.chars - _SHORT) / (_LONG - _SHORT)))
        return 1 + 0.5 * self._strengths.length * beyond

    def _luck(self, kind: str, *more: object) -> float:
        """A number in (0, 1) that hangs on the case, the draw and the wording around the conversation."""
        case, drawn, worded = _NORMAL_SHARES
        worded *= min(2.0, self._strengths.noise)
        key = (self._case, kind, *more)
        mixed = case**0.5 * self._dice.normal(*key) + drawn**0.5 * self._dice.normal(*key, self._draw)
        mixed += worded**0.5 * self._dice.normal(*key, self._page.wording)
        return _STANDARD.cdf(mixed / (case + drawn + worded) ** 0.5)
