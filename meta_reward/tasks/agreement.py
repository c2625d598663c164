"""How well several people agree about the same items: raw share, Krippendorff's alpha and Cohen's kappa.

Values are numbers, and disagreement is their squared difference. If all values are 0 or 1, this gives nominal alpha and
unweighted kappa; otherwise interval alpha, and kappa with quadratic weights. All is computed in fractions, so that the
order of annotators makes no difference.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well annotators agree on items that several of them judged."""

    annotators: int
    items: int
    """Number of items judged by two or more annotators."""
    share: float
    """The share of pairs of judgements on the same item that agree, from 0 to 1."""
    alpha: float | None
    """Krippendorff's alpha; None if all judgements are the same."""
    kappa: float | None
    """Cohen's kappa, the mean over pairs of annotators, weighted by the number of items that both judged."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One annotator's judgement of one item."""

    item: Hashable
    annotator: str
    value: float


def agreement_of(judgements: Iterable[Judgement]) -> Agreement | None:
    """How well annotators agree; None if no item was judged by two. An annotator's last judgement of an item counts.

    Source of alpha: Krippendorff (2011), Computing Krippendorff's alpha-reliability.
    """
    by_item: dict[Hashable, dict[str, Fraction]] = {}
    for one in judgements:
        by_item.setdefault(one.item, {})[one.annotator] = Fraction(one.value)
    shared = [said for said in by_item.values() if len(said) > 1]
    if not shared:
        return None
    couples = [a == b for said in shared for a, b in combinations(said.values(), 2)]
    names = {name for said in shared for name in said}
    return Agreement(len(names), len(shared), sum(couples) / len(couples), _alpha(shared), _kappa(shared))


def _alpha(shared: Sequence[Mapping[str, Fraction]]) -> float | None:
    every = [value for said in shared for value in said.values()]
    seen = sum((2 * _apart(list(said.values())) / (len(said) - 1) for said in shared), Fraction())
    expected = 2 * (len(every) * _sum(v * v for v in every) - _sum(every) ** 2) / (len(every) - 1)
    return float(1 - seen / expected) if expected else None


def _apart(values: Sequence[Fraction]) -> Fraction:
    return _sum((a - b) ** 2 for a, b in combinations(values, 2))


def _kappa(shared: Sequence[Mapping[str, Fraction]]) -> float | None:
    """The mean over pairs of annotators; a pair whose expected agreement by chance is 1 is left out."""
    couples: dict[tuple[str, str], list[tuple[Fraction, Fraction]]] = {}
    for said in shared:
        for a, b in combinations(sorted(said), 2):
            couples.setdefault((a, b), []).append((said[a], said[b]))
    kappas = [(_kappa_of(both), len(both)) for both in couples.values()]
    known = [(kappa, size) for kappa, size in kappas if kappa is not None]
    return float(_sum(kappa * size for kappa, size in known) / sum(size for _, size in known)) if known else None


def _kappa_of(both: Sequence[tuple[Fraction, Fraction]]) -> Fraction | None:
    first, second = [a for a, _ in both], [b for _, b in both]
    seen = _sum((a - b) ** 2 for a, b in both) / len(both)
    squares = (_sum(a * a for a in first) + _sum(b * b for b in second)) / len(both)
    expected = squares - 2 * _sum(first) * _sum(second) / len(both) ** 2
    return 1 - seen / expected if expected else None


def _sum(values: Iterable[Fraction]) -> Fraction:
    return sum(values, Fraction())
