"""How likely the solver is right, from what it is shown and how that stands in the prompt."""

import math
from dataclasses import dataclass

from meta_reward.offline.puzzles.method import Method
from meta_reward.offline.solver.reading import Page, Shown, alike, distance
from meta_reward.offline.solver.settings import Strengths

_SHORT, _LONG = 3_000, 12_000  # characters of a prompt of which nothing, and most, is lost in the middle
_LOST_AT_MOST = 0.85
_EXAMPLES = 3.0  # that are taken in
_REACH = 0.9  # the chance that a method which is understood is also carried out
_MISLED = 0.4
_HASTY = 0.15


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of a problem."""

    right: float
    """The chance of the right answer."""
    wrong_method: Method | None
    """What is applied where it goes wrong; None for a slip."""


def outlook(page: Page, strengths: Strengths, *, with_steps: bool) -> Outlook:
    """The chances of the problem that a page asks; there must be one."""
    assert page.target is not None
    method = page.target.method
    weights = attended(page, strengths)
    understood = sum(weight for example, weight in zip(page.examples, weights, strict=True) if example.method is method)
    support = 1 - math.exp(-1.6 * understood)
    known = min(0.95, strengths.ability * method.ease)
    right = known + max(0.0, min(1.0, strengths.uptake * _REACH) - known) * support
    pull, misleading = _pull(page, weights, strengths)
    right *= 1 - min(0.95, pull * (1 - support))
    right *= 1 - (0.0 if with_steps else min(0.9, _HASTY * strengths.haste))
    return Outlook(right, misleading)


def attended(page: Page, strengths: Strengths) -> list[float]:
    """How far each example is taken in: less in the middle of a long prompt, and less the more stand nearer."""
    room = _EXAMPLES * strengths.attention
    nearness = sorted(range(len(page.examples)), key=lambda n: distance(page, page.examples[n]))
    rank = {number: position for position, number in enumerate(nearness)}
    crowd = max(1.0, len(page.examples) / max(room, 0.1)) ** 0.5
    return [
        _visible(page, example, strengths) * math.exp(-rank[number] / max(room, 0.1)) / crowd
        for number, example in enumerate(page.examples)
    ]


def _visible(page: Page, example: Shown, strengths: Strengths) -> float:
    long = min(1.0, max(0.0, (page.length - _SHORT) / (_LONG - _SHORT)))
    depth = 1 - abs(2 * example.at / max(1, page.length) - 1)
    seen = 1 - min(0.98, _LOST_AT_MOST * strengths.middle * long * depth)
    return seen * min(1.0, 2 * _LONG / max(1, page.length))


def _pull(page: Page, weights: list[float], strengths: Strengths) -> tuple[float, Method | None]:
    """How strongly the first example misleads, and to what; the other wrong ones add a little."""
    assert page.target is not None
    others = [n for n, example in enumerate(page.examples) if example.method is not page.target.method]
    if not others:
        return 0.0, None
    first = page.examples[0]
    if first.method is page.target.method:
        return 0.0, page.examples[others[0]].method
    likeness = min(1.0, 0.4 + 1.2 * alike(first.words, page.target.words))
    seen = min(1.0, 2 * weights[0])
    return strengths.suggestion * _MISLED * likeness * seen, first.method
