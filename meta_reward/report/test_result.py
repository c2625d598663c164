"""The result of the test split for a person."""

from meta_reward.report.tables import (
    SIMULATED,
    difference,
    fit,
    plural,
    render_best_of_n,
    render_categories,
    render_metrics,
)
from meta_reward.run.decisions import sentence_of
from meta_reward.search.test_split import Tested, TestResult


def render_test(result: TestResult) -> str:
    """Baseline and tested harnesses side by side, and their differences."""
    chosen, baseline = result.decision.chosen, result.baseline
    alone = not result.tested
    columns = {("baseline and chosen " if alone and chosen == baseline.id else "baseline ") + baseline.id: baseline}
    ordered = sorted(result.tested, key=lambda one: one.id == chosen)  # the chosen one last: the lift is its own
    columns |= {("chosen " if one.id == chosen else "") + one.id: one for one in ordered}
    scores = {title: one.scores.metrics for title, one in columns.items()}
    parts = [
        render_metrics(scores),
        render_categories(scores),
        "\n".join(_difference(one, baseline) for one in result.tested),
        "of several harnesses, the best on this split is optimistic" if len(result.tested) > 1 else "",
        render_best_of_n(scores),
        fit(f"decision: {sentence_of(result.decision)}"),
        fit(
            f"the test split of this task set has been opened {plural(result.openings, 'time')}; "
            f"{plural(result.looks, 'decision')} on its validation split, by all runs"
        ),
        SIMULATED if result.simulated else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _difference(one: Tested, baseline: Tested) -> str:
    return f"difference {one.id} - {baseline.id}: {difference(one.difference)}"
