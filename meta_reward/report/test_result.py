"""The result on the test split, as text for a person."""

from collections.abc import Sequence

from meta_reward.evaluation.statistics import NO_SPREAD, Interval
from meta_reward.kinds.base import Words
from meta_reward.kinds.registry import KINDS
from meta_reward.report.group_tables import render_groups
from meta_reward.report.tables import (
    SIMULATED,
    difference,
    fit,
    percent,
    plural,
    render_best_of_n,
    render_categories,
    render_metrics,
    render_rewards,
    render_table,
)
from meta_reward.run.decisions import sentence_of
from meta_reward.search.controls import LEARNED, MATCHED, REROLL, Control
from meta_reward.search.test_record import Tested, TestResult

_OF_CONTROLS = {
    MATCHED: "matched budget: the baseline, run {rounds} times, until it has used the tokens of {id}; answers combined",
    REROLL: "re-roll: the baseline, run once more, which shows what chance alone does",
}


def render_test(result: TestResult) -> str:
    """A summary, then baseline and tested harnesses side by side, their differences, and the controls."""
    chosen, baseline = result.decision.chosen, result.baseline
    alone = not result.tested
    columns = {("baseline and chosen " if alone and chosen == baseline.id else "baseline ") + baseline.id: baseline}
    ordered = sorted(result.tested, key=lambda one: one.id == chosen)  # the chosen one last: the lift is its own
    columns |= {("chosen " if one.id == chosen else "") + one.id: one for one in ordered}
    scores = {title: one.scores.metrics for title, one in columns.items()}
    words = KINDS[result.kind].words
    parts = [
        render_metrics(scores, words),
        render_rewards(scores),
        render_categories(scores, words.items),
        render_groups(scores),
        render_best_of_n(scores, ordered[-1].lifts if ordered else ()),
        *(_render_controls(one, baseline, words) for one in ordered or [baseline]),
        "\n".join(fit(summary(one, baseline, words)) for one in ordered or [baseline]),
        "of several harnesses, the best on this split is optimistic" if len(result.tested) > 1 else "",
        fit(f"decision: {sentence_of(result.decision)}"),
        fit(
            f"the test split of this task set has been opened {plural(result.openings, 'time')}; "
            f"{plural(result.looks, 'decision')} on its validation split, by all runs"
        ),
        SIMULATED if result.simulated else "",
    ]
    return "\n\n".join(part for part in parts if part)


def summary(one: Tested, baseline: Tested, words: Words) -> str:
    """A test in a sentence or two: the gain on sealed pairs, and how the harness compares with the controls."""
    found, before = one.scores.metrics.score, baseline.scores.metrics.score
    if one.difference is None:
        gain = f"{one.id}, the baseline, has {percent(found)} {words.metric} on the sealed test {words.items}"
    else:
        gain = (
            f"difference {one.id} - {baseline.id}: {difference(one.difference)}, "
            f"{percent(found)} against {percent(before)} of the sealed test {words.items}"
        )
    beside = _beside_controls(one)
    return gain + (f"; {beside}" if beside else "")


def _beside_controls(one: Tested) -> str:
    """Which controls a harness loses to, or does not clearly beat; a re-roll counts as one that it should beat."""
    itself = REROLL if one.difference is None else ""  # a re-roll of the baseline is not a rival of the baseline
    controls = [control for control in one.controls if control.name != itself]
    lost = [control for control in controls if control.behind.mean < 0]
    unclear = [control for control in controls if control not in lost and not _above_zero(control.behind)]
    parts = [f"it loses to {_named(lost)}"] if lost else []
    parts += [f"it is not clearly better than {_named(unclear)}"] if unclear else []
    if parts or not controls:
        return ", and ".join(parts)
    beaten = f"it beats {', '.join(control.name for control in controls)}"
    if one.difference is None or _above_zero(one.difference):
        return beaten
    return f"{beaten}, but not {'clearly ' if one.difference.mean > 0 else ''}the baseline"


def _above_zero(interval: Interval) -> bool:
    return interval.low > 0 if interval.low is not None else interval.mean > 0 and interval.no_bounds == NO_SPREAD


def _named(controls: Sequence[Control]) -> str:
    return ", ".join(f"{control.name} ({difference(control.behind)})" for control in controls)


def _render_controls(one: Tested, baseline: Tested, words: Words) -> str:
    """One row per control, with a legend of the controls shown; empty without controls."""
    if not one.controls:
        return ""
    rows = [
        [
            control.name,
            percent(control.agreement.mean),
            difference(control.over_baseline).replace(" points", ""),
            difference(control.behind).replace(" points", ""),
            f"{control.judge_tokens:,}",
        ]
        for control in one.controls
    ]
    headers = ["control", words.metric, f"minus {baseline.id}", f"{one.id} minus it", "judge tokens"]
    explained = {**_OF_CONTROLS, LEARNED: f"learned: {words.learned}"}
    told = [explained[control.name].format(id=one.id, rounds=control.rounds) for control in one.controls]
    if one.difference is not None and all(control.name != MATCHED for control in one.controls):
        asks = baseline.scores.metrics.judge_tokens
        why = f"{one.id} has no more tokens than the baseline" if asks else "the baseline asks no judge"
        told.append(f"no matched budget: {why}")
    return f"{render_table(headers, rows)}\n\n{fit('; '.join(told))}"
