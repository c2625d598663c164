"""The decision that ends a search: which finalist replaces the baseline, if any.

Pure functions of numbers. Finalists are chosen on the search split; all of them are tested together
against the baseline on the validation split, which no proposer sees and no part of the search heeds.
A baseline is replaced by luck in at most a tenth of searches, all looks together, under
exchangeability: a candidate's task totals are as likely with the opposite sign. Many small gains
and rare disasters that cancel out are not exchangeable and may exceed the level.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from meta_reward.evaluation.max_t import DRAWS, adjusted_p

FINALISTS = 3
MIN_TASKS = 6
FIRST_LEVEL = 0.08
_SECOND_LEVEL = 0.01
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Item:
    """What is decided about, such as a pair. weight: 1, or 1 / (items of its data set in the split)."""

    id: str
    task: str
    weight: float = 1.0
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Splits:
    """The items of both splits. scored_alike: whether the values of the two may be averaged."""

    search: tuple[Item, ...]
    validation: tuple[Item, ...]
    scored_alike: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate's value in [0, 1] for each item of a split, by id; None and a missing one count as 0.

    tokens: what it takes, for ties. validation: may be empty for one that is no finalist.
    """

    id: str
    tokens: int
    search: Mapping[str, float | None]
    validation: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the decision found about one finalist on validation.

    difference: finalist minus baseline, mean over the items. p: adjusted for all finalists, None where
    it was not tested. tasks: those whose total differs from the baseline's. passed: now or at an
    earlier look. mean: what the choice among those that passed goes by, over both splits.
    """

    id: str
    difference: float
    p: float | None
    level: float
    tasks: int
    passed: bool
    mean: float


@dataclass(frozen=True, slots=True)
class Decision:
    """Who is chosen: a finalist that passed, else the baseline.

    untested: the best of baseline and finalists, where nobody passed and it could not be tested
    because too few tasks differ. look: 1 for the first decision of a search. finalists: as given.
    """

    chosen: str
    baseline: str
    untested: str | None
    look: int
    level: float
    finalists: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """A task or category on which a candidate does worse than the baseline. difference: mean over its items."""

    name: str
    difference: float
    items: int


def level_of_look(look: int) -> float:
    """The level of a look, counted from 1: 0.08, 0.01, 0.005, 0.0025, ...; together they stay under 0.10."""
    if look < 1:
        raise ValueError(f"look {look}: looks are counted from 1")
    return FIRST_LEVEL if look == 1 else _SECOND_LEVEL / 2.0 ** (look - 2)


def choose_finalists(
    baseline: Candidate, candidates: Sequence[Candidate], items: Sequence[Item], *, count: int = FINALISTS
) -> list[Candidate]:
    """The best on the items of the search split among those above the baseline, one per vector of values.

    Ties go to fewer tokens, then to the lower id.
    """
    bar = _mean((baseline.search, items))
    means = {c.id: _mean((c.search, items)) for c in candidates}
    above = [c for c in candidates if means[c.id] > bar]
    distinct: dict[tuple[float, ...], Candidate] = {}
    for candidate in sorted(above, key=lambda c: (-means[c.id], c.tokens, c.id)):
        distinct.setdefault(tuple(_value(candidate.search, item) for item in items), candidate)
    return list(distinct.values())[:count]


def decide(
    baseline: Candidate,
    finalists: Sequence[Candidate],
    splits: Splits,
    *,
    look: int = 1,
    passed: Collection[str] = (),
    draws: int = DRAWS,
    seed: int = 0,
) -> Decision:
    """Test the finalists together against the baseline on validation, and choose.

    finalists: those of earlier looks included. passed: ids of those that passed at an earlier look;
    they stay passed. Raises ValueError for numbers that cannot be meant.
    """
    _check(baseline, finalists, splits, passed)
    level, totals = level_of_look(look), _task_totals(baseline, finalists, splits.validation)
    p_values = _p_of_tested(totals, draws, seed)
    bar = _mean((baseline.validation, splits.validation))
    verdicts = tuple(
        Verdict(
            id=finalist.id,
            difference=round(_mean((finalist.validation, splits.validation)) - bar, _DIGITS),
            p=p,
            level=level,
            tasks=_differing(row),
            passed=finalist.id in passed or (p is not None and p <= level),
            mean=_mean_of_both(finalist, splits),
        )
        for finalist, row, p in zip(finalists, totals, p_values, strict=True)
    )
    return _choose(baseline, finalists, splits, look, verdicts)


def losses(
    baseline: Mapping[str, float | None],
    candidate: Mapping[str, float | None],
    items: Iterable[Item],
    names: Callable[[Item], Iterable[str]] = lambda item: (item.task,),
) -> list[Loss]:
    """The tasks on which a candidate does worse, most lost items first; `names` groups by something else."""
    groups: dict[str, list[float]] = {}
    for item in items:
        for name in names(item):
            groups.setdefault(name, []).append(_value(candidate, item) - _value(baseline, item))
    totals = sorted((round(math.fsum(values), _DIGITS), name) for name, values in groups.items())
    return [Loss(name, total / len(groups[name]), len(groups[name])) for total, name in totals if total < 0]


def weights_of(data_sets: Mapping[str, str]) -> dict[str, float]:
    """The weight of each item of a split, so that its data sets count alike. data_sets: by item id."""
    names = list(data_sets.values())
    sizes = {name: names.count(name) for name in set(names)}
    return {item: 1.0 if len(sizes) == 1 else 1 / sizes[name] for item, name in data_sets.items()}


def _choose(
    baseline: Candidate, finalists: Sequence[Candidate], splits: Splits, look: int, verdicts: tuple[Verdict, ...]
) -> Decision:
    """The best on both splits that passed; else the baseline, and who is best without a test."""
    level = level_of_look(look)
    tokens = {candidate.id: candidate.tokens for candidate in finalists}
    chosen = _best([verdict for verdict in verdicts if verdict.passed], tokens)
    if chosen:
        return Decision(chosen.id, baseline.id, None, look, level, verdicts)
    best = _best([verdict for verdict in verdicts if verdict.mean > _mean_of_both(baseline, splits)], tokens)
    untested = best.id if best and best.p is None else None
    return Decision(baseline.id, baseline.id, untested, look, level, verdicts)


def _p_of_tested(totals: Sequence[Sequence[float]], draws: int, seed: int) -> list[float | None]:
    """The adjusted p of each finalist; None, and no part in the test, where too few tasks differ."""
    tested = [row for row in totals if _differing(row) >= MIN_TASKS]
    found = iter(adjusted_p(tested, draws=draws, seed=seed))
    return [next(found) if _differing(row) >= MIN_TASKS else None for row in totals]


def _differing(row: Sequence[float]) -> int:
    return sum(total != 0 for total in row)


def _task_totals(baseline: Candidate, finalists: Sequence[Candidate], items: Sequence[Item]) -> list[list[float]]:
    """For each finalist the weighted sum of its differences in each task, tasks in the order of their names."""
    by_task: dict[str, list[Item]] = {}
    for item in items:
        by_task.setdefault(item.task, []).append(item)
    return [[_total(baseline, finalist, by_task[task]) for task in sorted(by_task)] for finalist in finalists]


def _total(baseline: Candidate, finalist: Candidate, items: Sequence[Item]) -> float:
    """The total of a task; exactly 0 where rounding alone keeps it from that."""
    terms = [i.weight * (_value(finalist.validation, i) - _value(baseline.validation, i)) for i in items]
    total = math.fsum(terms)
    return 0.0 if abs(total) <= 1e-12 * math.fsum(map(abs, terms)) else total


def _mean_of_both(candidate: Candidate, splits: Splits) -> float:
    validation = (candidate.validation, splits.validation)
    return _mean((candidate.search, splits.search), validation) if splits.scored_alike else _mean(validation)


def _mean(*parts: tuple[Mapping[str, float | None], Sequence[Item]]) -> float:
    """The weighted mean over the items of all parts, rounded so that equal ones compare equal; 0 without items."""
    total = math.fsum(item.weight * _value(values, item) for values, items in parts for item in items)
    weight = math.fsum(item.weight for _, items in parts for item in items)
    return round(total / weight, _DIGITS) if weight else 0.0


def _check(baseline: Candidate, finalists: Sequence[Candidate], splits: Splits, passed: Collection[str]) -> None:
    ids = [baseline.id, *(finalist.id for finalist in finalists)]
    if len(set(ids)) < len(ids):
        raise ValueError(f"baseline and finalists must differ: {', '.join(ids)}")
    if unknown := sorted(set(passed) - set(ids[1:])):
        raise ValueError(f"passed at an earlier look, but no finalist now: {', '.join(unknown)}")
    if bad := [i.id for i in (*splits.search, *splits.validation) if not 0 < i.weight < math.inf]:
        raise ValueError(f"the weight of item {bad[0]} is not a positive number")
    for candidate in (baseline, *finalists):
        for name, value in (*candidate.search.items(), *candidate.validation.items()):
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f"the value of item {name} under {candidate.id} is {value}, not in [0, 1]")


def _value(values: Mapping[str, float | None], item: Item) -> float:
    return values.get(item.id) or 0.0


def _best(verdicts: Sequence[Verdict], tokens: Mapping[str, int]) -> Verdict | None:
    return min(verdicts, key=lambda v: (-v.mean, tokens[v.id], v.id), default=None)
