"""How often whole groups of trajectories are in order, as a table with what chance reaches."""

from collections.abc import Mapping

from meta_reward.evaluation.metrics import Metrics
from meta_reward.evaluation.ranking import GroupScore
from meta_reward.report.tables import fit, percent, render_table, with_interval

_EXPLAINED = (
    "groups: share of groups of this size in order: every pair that trusted labels rank is ranked the same way, a tie "
    "being wrong; for programs that compare, the mean over all orders; [95%]: its interval by task; chance: what "
    "random rewards reach: 1 / 2, 1 / 6 and 1 / 24 if labels rank the whole group, 1 / size if there is one success "
    "among failures"
)


def render_groups(columns: Mapping[str, Metrics]) -> str:
    """Groups by size, evaluations side by side; empty if none has groups. Scores of earlier versions show a dash."""
    found = [groups_by_size(metrics) for metrics in columns.values()]
    rows = []
    for size in sorted({size for groups in found for size in groups}):
        known = next(groups[size] for groups in found if size in groups)
        shares = [share_of(groups.get(size)) for groups in found]
        rows.append([size, known.groups, percent(known.chance), *shares])
    table = render_table(["group of", "groups", "chance", *columns], rows)
    return f"{table}\n\n{fit(_EXPLAINED)}" if rows else ""


def groups_by_size(metrics: Metrics) -> dict[int, GroupScore]:
    """The groups of an evaluation; empty for kinds without any, and for scores of earlier versions."""
    told = metrics.preferences or metrics.comparisons
    return {one.size: one for one in told.groups} if told else {}


def share_of(score: GroupScore | None) -> str:
    """The share of groups in order with its interval; a dash without any."""
    return with_interval(score.right, score.low, score.high, no_bounds=score.no_bounds) if score else "-"
