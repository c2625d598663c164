"""The numbers of evaluations side by side, as rows of a table for a page."""

from collections.abc import Callable, Sequence

from meta_reward.evaluation.metrics import Metrics
from meta_reward.models.usage import dollars
from meta_reward.report.tables import percent, points, with_interval

_ROWS: list[tuple[str, Callable[[Metrics], str]]] = [
    ("agreement [95%]", lambda m: with_interval(m.score, m.low, m.high, no_bounds=m.no_bounds)),
    ("strict agreement: a tie counts nothing", lambda m: percent(m.strict_agreement)),
    ("ties", lambda m: f"{m.ties} of {m.pairs}"),
    ("pairs without both rewards, which are lost", lambda m: str(m.failures)),
    ("mean margin, in points", lambda m: points(m.mean_margin)),
    ("distinct rewards", lambda m: str(m.rewards.levels)),
    ("spread in a task, in points", lambda m: _fixed(m.rewards.spread, 1)),
    ("flat tasks: all rewards equal", lambda m: percent(m.rewards.flat_tasks)),
    ("follows length: rank correlation", lambda m: _fixed(m.rewards.length_correlation)),
    ("follows tool calls: rank correlation", lambda m: _fixed(m.rewards.calls_correlation)),
    ("AUC: a success above a failure", lambda m: _fixed(m.rewards.auc)),
    ("calibration error", lambda m: _fixed(m.rewards.calibration_error)),
    ("judge calls", lambda m: f"{m.judge_calls:,}"),
    ("judge tokens", lambda m: f"{m.judge_tokens:,}"),
    ("cost", lambda m: dollars(m.cost_usd)),
]


def numbers_of(evaluations: Sequence[Metrics]) -> list[tuple[str, list[str]]]:
    """What each number is, and its values."""
    return [(name, [show(metrics) for metrics in evaluations]) for name, show in _ROWS]


def _fixed(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
