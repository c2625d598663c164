"""The decision that ends a search: which finalist replaces the baseline, if any.

Pure functions of numbers. Finalists are chosen on the search split. All of them are tested together against the
baseline on the validation split, which no proposer sees and the search does not use. A *look* is one such test; a
search that is extended and decided again takes another look.

Over all looks, a baseline is replaced by luck in at most a tenth of searches. This assumes exchangeability: a
candidate's task totals are as likely with the opposite sign. Many small gains that rare disasters cancel out are not
exchangeable, and may exceed the level.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from meta_reward.evaluation.max_t import DRAWS, adjusted_p
from meta_reward.evaluation.outcome import Outcome

FINALISTS = 3
MIN_TASKS = 6
FIRST_LEVEL = 0.08
_SECOND_LEVEL = 0.01
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate and its outcomes on both splits."""

    id: str
    tokens: int
    """Judge tokens; of two candidates that tie, the one with fewer wins."""
    search: Sequence[Outcome]
    validation: Sequence[Outcome] = ()
    """Empty unless it is a finalist. If an item of the baseline is missing here, it counts as 0."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the decision found about one finalist on validation.

    difference: finalist minus baseline, mean over the items, from -1 to 1. p: adjusted for all finalists, None if it
    was not tested. level: p must not exceed it. tasks: how many have a total that differs from the baseline's. passed:
    now or at an earlier look. mean: over both splits; the highest among those that passed is chosen.
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
    """Which candidate is chosen: a finalist that passed, else the baseline.

    untested: the best of baseline and finalists, if nobody passed and it could not be tested because too few tasks
    differ. look: 1 for the first decision of a search. finalists: in the order given.
    """

    chosen: str
    baseline: str
    untested: str | None
    look: int
    level: float
    finalists: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """A task or category on which a candidate does worse than the baseline.

    difference: candidate minus baseline, mean over its items, below 0. items: how many it has.
    """

    name: str
    difference: float
    items: int


def level_of_look(look: int) -> float:
    """The significance level of a look, counted from 1: 0.08, 0.01, 0.005, 0.0025, ...; the sum stays under 0.10."""
    if look < 1:
        raise ValueError(f"look {look}: looks are counted from 1")
    return FIRST_LEVEL if look == 1 else _SECOND_LEVEL / 2.0 ** (look - 2)


def choose_finalists(
    baseline: Candidate, candidates: Sequence[Candidate], *, count: int = FINALISTS
) -> list[Candidate]:
    """The best candidates on search that beat the baseline there, at most `count`.

    Of candidates with the same value on every item only one is taken. Ties go to fewer tokens, then to the lower id.
    """
    items = baseline.search
    bar = _mean((baseline.search, items))
    means = {c.id: _mean((c.search, items)) for c in candidates}
    above = [c for c in candidates if means[c.id] > bar]
    distinct: dict[tuple[float, ...], Candidate] = {}
    for candidate in sorted(above, key=lambda c: (-means[c.id], c.tokens, c.id)):
        distinct.setdefault(tuple(_values(candidate.search, items)), candidate)
    return list(distinct.values())[:count]


def decide(
    baseline: Candidate,
    finalists: Sequence[Candidate],
    *,
    scored_alike: bool = True,
    look: int = 1,
    passed: Collection[str] = (),
    draws: int = DRAWS,
    seed: int = 0,
) -> Decision:
    """Test the finalists together against the baseline on validation, and choose.

    finalists: including those of earlier looks. scored_alike: whether the values of both splits may be averaged;
    otherwise those that passed are compared on validation alone. passed: ids of those that passed at an earlier look;
    they stay passed. draws, seed: of the random signs in the test. Raises ValueError for invalid input.
    """
    _check(baseline, finalists, passed)
    level, totals = level_of_look(look), [_task_totals(baseline, finalist) for finalist in finalists]
    p_values = _p_of_tested(totals, draws, seed)
    means = {c.id: _mean_of_both(c, baseline, scored_alike) for c in (baseline, *finalists)}
    bar = _mean((baseline.validation, baseline.validation))
    verdicts = tuple(
        Verdict(
            id=finalist.id,
            difference=round(_mean((finalist.validation, baseline.validation)) - bar, _DIGITS),
            p=p,
            level=level,
            tasks=_differing(row),
            passed=finalist.id in passed or (p is not None and p <= level),
            mean=means[finalist.id],
        )
        for finalist, row, p in zip(finalists, totals, p_values, strict=True)
    )
    tokens = {candidate.id: candidate.tokens for candidate in finalists}
    chosen = _best([verdict for verdict in verdicts if verdict.passed], tokens)
    if chosen:
        return Decision(chosen.id, baseline.id, None, look, level, verdicts)
    best = _best([verdict for verdict in verdicts if verdict.mean > means[baseline.id]], tokens)
    untested = best.id if best and best.p is None else None
    return Decision(baseline.id, baseline.id, untested, look, level, verdicts)


def losses(
    baseline: Sequence[Outcome],
    candidate: Sequence[Outcome],
    names: Callable[[Outcome], Iterable[str]] = lambda item: (item.task,),
) -> list[Loss]:
    """The tasks on which a candidate does worse, the largest total loss first.

    names: the groups of an item, to group by something other than its task.
    """
    groups: dict[str, list[float]] = {}
    for item, value in zip(baseline, _values(candidate, baseline), strict=True):
        for name in names(item):
            groups.setdefault(name, []).append(value - item.value)
    totals = sorted((round(math.fsum(values), _DIGITS), name) for name, values in groups.items())
    return [Loss(name, total / len(groups[name]), len(groups[name])) for total, name in totals if total < 0]


def _p_of_tested(totals: Sequence[Sequence[float]], draws: int, seed: int) -> list[float | None]:
    """The adjusted p of each finalist. A finalist with too few tasks that differ is left out of the test: None."""
    tested = [row for row in totals if _differing(row) >= MIN_TASKS]
    found = iter(adjusted_p(tested, draws=draws, seed=seed))
    return [next(found) if _differing(row) >= MIN_TASKS else None for row in totals]


def _differing(row: Sequence[float]) -> int:
    return sum(total != 0 for total in row)


def _task_totals(baseline: Candidate, finalist: Candidate) -> list[float]:
    """The weighted sum of a finalist's differences in each task, in the order of task names."""
    by_task: dict[str, list[float]] = {}
    for item, value in zip(baseline.validation, _values(finalist.validation, baseline.validation), strict=True):
        by_task.setdefault(item.task, []).append(item.weight * (value - item.value))
    return [_total(by_task[task]) for task in sorted(by_task)]


def _total(terms: Sequence[float]) -> float:
    """The sum of the terms; exactly 0 if it differs from 0 by rounding only."""
    total = math.fsum(terms)
    return 0.0 if abs(total) <= 1e-12 * math.fsum(map(abs, terms)) else total


def _mean_of_both(candidate: Candidate, baseline: Candidate, scored_alike: bool) -> float:
    validation = (candidate.validation, baseline.validation)
    return _mean((candidate.search, baseline.search), validation) if scored_alike else _mean(validation)


def _mean(*parts: tuple[Sequence[Outcome], Sequence[Outcome]]) -> float:
    """The weighted mean of outcomes over the items of all parts, 0 without items.

    Rounded, so that means that differ by rounding only compare as equal.
    """
    terms = [
        (item.weight, item.weight * value)
        for outcomes, items in parts
        for item, value in zip(items, _values(outcomes, items), strict=True)
    ]
    weight = math.fsum(weight for weight, _ in terms)
    return round(math.fsum(term for _, term in terms) / weight, _DIGITS) if weight else 0.0


def _values(outcomes: Sequence[Outcome], items: Sequence[Outcome]) -> list[float]:
    """The value of each of these items, in order; 0 for a missing one."""
    found = {outcome.id: outcome.value for outcome in outcomes}
    return [found.get(item.id, 0.0) for item in items]


def _check(baseline: Candidate, finalists: Sequence[Candidate], passed: Collection[str]) -> None:
    ids = [baseline.id, *(finalist.id for finalist in finalists)]
    if len(set(ids)) < len(ids):
        raise ValueError(f"baseline and finalists must differ: {', '.join(ids)}")
    if unknown := sorted(set(passed) - set(ids[1:])):
        raise ValueError(f"passed at an earlier look, but is not a finalist now: {', '.join(unknown)}")
    for candidate in (baseline, *finalists):
        for item in (*candidate.search, *candidate.validation):
            if not 0 < item.weight < math.inf:
                raise ValueError(f"the weight of item {item.id} is {item.weight}, not a positive number")
            if not 0 <= item.value <= 1:
                raise ValueError(f"the value of item {item.id} under {candidate.id} is {item.value}, not in [0, 1]")


def _best(verdicts: Sequence[Verdict], tokens: Mapping[str, int]) -> Verdict | None:
    return min(verdicts, key=lambda v: (-v.mean, tokens[v.id], v.id), default=None)
