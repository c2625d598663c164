"""Programs that see several trajectories at once: each comparison in several orders, and the effect of the order.

A comparison is a group of trajectories with a trusted ranking, most often a pair. Every order has the same weight; an
order on which the program failed is lost. Reads no files and asks no judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, product
from statistics import fmean

from meta_reward.evaluation.ranking import GroupScore, is_in_order, scores_by_size
from meta_reward.tasks.groups import RankedGroup


@dataclass(frozen=True, slots=True)
class Order:
    """One order in which trajectories were shown."""

    shown: tuple[str, ...]
    """Their ids."""
    scores: Mapping[str, float] | None
    """By id; None where the program failed."""

    @property
    def ranking(self) -> str:
        """The ranking as text, such as `t1-r3 > t1-r0 = t1-r5`, or `failed`."""
        if self.scores is None:
            return "failed"
        by_score = sorted(self.scores.items(), key=lambda one: (-one[1], one[0]))
        levels = groupby(by_score, key=lambda one: one[1])
        return ranking_of([[id for id, _ in level] for _, level in levels])

    @property
    def place_of_winner(self) -> int | None:
        """The position of the trajectory with the highest score, from 0; None if there is no single one."""
        highest = [id for id in self.shown if self.scores and self.scores[id] == max(self.scores.values())]
        return self.shown.index(highest[0]) if len(highest) == 1 else None


Compared = tuple[RankedGroup, Sequence[Order]]
"""A comparison, and the result of each of its orders."""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Numbers that only programs that compare have."""

    same: float | None
    """Share of comparisons with the same ranking in every order; None if the program failed on all of them."""
    first: float | None
    """Share of orders of pairs with a winner in which the winner was shown first; 0.5 without position bias."""
    ties: int
    """Orders of pairs in which both got the same score."""
    groups: list[GroupScore]
    """By size, including pairs: the share of orders in which the whole group is ordered right."""


def orders_of(group: RankedGroup) -> list[tuple[str, ...]]:
    """The orders in which a group is shown: as many as it has trajectories, so that each is once in each position.

    They depend only on the ids, so they reveal nothing about which trajectory is preferred.
    """
    members = sorted(id for rank in group.ranks for id in rank)
    return [(*members[at:], *members[:at]) for at in range(len(members))]


def ranking_of(levels: Sequence[Sequence[str]]) -> str:
    """A ranking as text, the best first."""
    return " > ".join(" = ".join(sorted(level)) for level in levels)


def agreement_of(group: RankedGroup, order: Order) -> float:
    """The share of pairs of different ranks that an order decides right; a tie counts one half."""
    scores = order.scores
    if scores is None:
        return 0.0
    decided = [
        0.5 if scores[good] == scores[bad] else float(scores[good] > scores[bad])
        for better, worse in combinations(group.ranks, 2)
        for good, bad in product(better, worse)
    ]
    return fmean(decided)


def verdict_of(orders: Sequence[Order]) -> str | None:
    """What a program answers to a comparison in all orders, as text; None if it failed on all of them."""
    rankings = [order.ranking for order in orders]
    if all(order.scores is None for order in orders):
        return None
    if len(set(rankings)) == 1:
        return f"{rankings[0]} in each order"
    if len({order.place_of_winner for order in orders}) == 1 and (place := orders[0].place_of_winner) is not None:
        return f"number {place + 1} of those shown in each order"
    return "; ".join(rankings)


def comparisons_of(compared: Sequence[Compared]) -> Comparisons:
    """The numbers of all comparisons."""
    whole = [orders for _, orders in compared if all(order.scores is not None for order in orders)]
    of_pairs = [order for group, orders in compared for order in orders if group.size == 2 and order.scores is not None]
    places = [place for order in of_pairs if (place := order.place_of_winner) is not None]
    in_order = ((group, fmean(_in_order(group, order) for order in orders)) for group, orders in compared)
    return Comparisons(
        same=fmean(len({order.ranking for order in orders}) == 1 for orders in whole) if whole else None,
        first=fmean(place == 0 for place in places) if places else None,
        ties=len(of_pairs) - len(places),
        groups=scores_by_size(in_order),
    )


def _in_order(group: RankedGroup, order: Order) -> bool:
    return order.scores is not None and is_in_order(group, order.scores)
