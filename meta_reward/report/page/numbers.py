"""The numbers of evaluations side by side, as rows of a table for a page."""

from collections.abc import Callable, Sequence

from meta_reward.evaluation.comparisons import Comparisons
from meta_reward.evaluation.metrics import Context, Metrics, Preferences
from meta_reward.kinds.base import Words
from meta_reward.models.usage import dollars
from meta_reward.report.group_tables import groups_by_size, share_of
from meta_reward.report.tables import percent, points, with_interval

_PAIRS: list[tuple[str, Callable[[Preferences], str]]] = [
    ("strict agreement: a tie counts nothing", lambda p: percent(p.strict_agreement)),
    ("ties", lambda p: str(p.ties)),
    ("mean margin, in points", lambda p: points(p.mean_margin)),
    ("distinct rewards", lambda p: str(p.rewards.levels)),
    ("spread in a task, in points", lambda p: _fixed(p.rewards.spread, 1)),
    ("flat tasks: all rewards equal", lambda p: percent(p.rewards.flat_tasks)),
    ("follows length: rank correlation", lambda p: _fixed(p.rewards.length_correlation)),
    ("follows tool calls: rank correlation", lambda p: _fixed(p.rewards.calls_correlation)),
    ("AUC: a success above a failure", lambda p: _fixed(p.rewards.auc)),
    ("calibration error", lambda p: _fixed(p.rewards.calibration_error)),
]
_ORDERS: list[tuple[str, Callable[[Comparisons], str]]] = [
    ("same ranking in each order", lambda c: percent(c.same)),
    ("first one wins, of orders of pairs with a winner", lambda c: percent(c.first)),
    ("ties, in orders of pairs", lambda c: str(c.ties)),
]
_CONTEXT: list[tuple[str, Callable[[Context], str]]] = [
    ("context, in characters", lambda c: f"{c.mean_chars:,.0f}"),
    ("memory, in characters", lambda c: "-" if c.memory_chars is None else f"{c.memory_chars:,}"),
]
_SPENT: list[tuple[str, Callable[[Metrics], str]]] = [
    ("judge calls", lambda m: f"{m.judge_calls:,}"),
    ("judge tokens", lambda m: f"{m.judge_tokens:,}"),
    ("cost", lambda m: dollars(m.cost_usd)),
]


def numbers_of(evaluations: Sequence[Metrics], words: Words) -> list[tuple[str, list[str]]]:
    """Names of numbers, each with its values. words: the terms of the evaluations' kind."""
    score, lost = f"{words.metric} [95%]", f"{words.items} that the program failed on, which are lost"
    rows = [
        (score, [with_interval(m.score, m.low, m.high, no_bounds=m.no_bounds) for m in evaluations]),
        (lost, [f"{m.failures} of {m.items}" for m in evaluations]),
    ]
    pairs, context = [m.preferences for m in evaluations], [m.context for m in evaluations]
    orders = [m.comparisons for m in evaluations]
    if any(pairs):
        rows += [(name, [show(one) if one else "-" for one in pairs]) for name, show in _PAIRS]
    if any(orders):
        rows += [(name, [show(one) if one else "-" for one in orders]) for name, show in _ORDERS]
    rows += _of_groups(evaluations)
    if any(context):
        rows += [(name, [show(one) if one else "-" for one in context]) for name, show in _CONTEXT]
    return rows + [(name, [show(metrics) for metrics in evaluations]) for name, show in _SPENT]


def _of_groups(evaluations: Sequence[Metrics]) -> list[tuple[str, list[str]]]:
    """One row per size of groups larger than pairs."""
    found = [groups_by_size(metrics) for metrics in evaluations]
    chances = {size: score.chance for groups in found for size, score in groups.items() if size > 2}
    return [
        (f"groups of {size} in order [95%], {percent(chance)} by chance", [share_of(one.get(size)) for one in found])
        for size, chance in sorted(chances.items())
    ]


def _fixed(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
