"""The result of the test split for a person."""

from collections.abc import Mapping
from typing import Any

from meta_reward.report.tables import SIMULATED, render_best_of_n, render_categories, render_metrics


def render_test(result: Mapping[str, Any]) -> str:
    """Baseline and chosen harness side by side, and their difference."""
    baseline, chosen = result["baseline"], result["chosen"]
    names = [f"baseline {baseline['id']}", f"chosen {chosen['id']}"]
    columns = dict(zip(names, (baseline, chosen), strict=True))
    if baseline["id"] == chosen["id"]:
        columns = {f"baseline and chosen {chosen['id']}": chosen}
    parts = [render_metrics(columns), render_categories(columns), _difference(result), render_best_of_n(columns)]
    times = result["openings"]
    parts.append(f"the test split of this task set has been opened {times} time{'s' if times != 1 else ''}")
    return "\n\n".join(part for part in [*parts, SIMULATED if result["simulated"] else ""] if part)


def _difference(result: Mapping[str, Any]) -> str:
    if result["baseline"]["id"] == result["chosen"]["id"]:
        return "nothing replaced the baseline"
    difference = result["difference"]
    mean, low, high = (difference[key] for key in ("mean", "low", "high"))
    if low is None or high is None:
        return f"difference: {mean * 100:+.1f} points (too few tasks for an interval)"
    return f"difference: {mean * 100:+.1f} points [{low * 100:+.1f}, {high * 100:+.1f}]"
