"""Results of evaluations outside any run: a harness on a split, and a judge's noise; as text and as JSON."""

import re
from dataclasses import asdict, dataclass

from meta_reward.evaluation.labels import LabelMetrics
from meta_reward.evaluation.statistics import Interval
from meta_reward.files import printable
from meta_reward.kinds.registry import KINDS
from meta_reward.models.usage import Spent, dollars, dollars_of
from meta_reward.report.group_tables import render_groups
from meta_reward.report.tables import (
    SIMULATED,
    fit,
    percent,
    plural,
    render_best_of_n,
    render_categories,
    render_metrics,
    render_rewards,
    render_table,
    with_interval,
)
from meta_reward.run.evaluations import scores_to_json
from meta_reward.search.standalone import NoiseResult, StandaloneResult


@dataclass(frozen=True, slots=True)
class Bar:
    """The agreement that a harness must reach."""

    least: float
    """From 0 to 1."""
    metric: str
    """The name of the score, such as agreement."""
    found: float
    low: float | None
    high: float | None

    @property
    def reached(self) -> bool:
        return self.found >= self.least

    def sentence(self) -> str:
        """Whether it is reached, and whether the interval leaves that open."""
        said = f"{'passed' if self.reached else 'failed'}: {self.metric} {percent(self.found)}"
        open_ = self.low is not None and self.high is not None and self.low < self.least <= self.high
        return f"{said}, at least {percent(self.least)} wanted" + ("; its interval holds both" if open_ else "")


def bar_of(result: StandaloneResult, least: float) -> Bar:
    """A bar for a result."""
    found = result.scores.metrics
    return Bar(least, KINDS[result.kind].words.metric, found.score, found.low, found.high)


def render_evaluation(result: StandaloneResult, name: str) -> str:
    """The tables of `evaluate`. name: the harness's."""
    columns = {name: result.scores.metrics}
    words = KINDS[result.kind].words
    parts = [render_metrics(columns, words), render_rewards(columns), render_labels(result)]
    parts.append(render_categories(columns, words.items))
    parts += [render_groups(columns), render_best_of_n(columns)]
    if result.commonest_error:
        parts.append(fit(printable(f"commonest failure: {result.commonest_error}")))
    if not result.simulated:
        parts.append(fit(f"spent: {render_spending(result.spent, result.earlier)}"))
    return "\n\n".join(part for part in [*parts, SIMULATED if result.simulated else ""] if part)


def evaluation_to_json(result: StandaloneResult) -> dict[str, object]:
    """What `evaluate --json` prints: the scores are on the same level as everything else."""
    return {
        "harness": result.harness,
        "taskset": result.taskset,
        "kind": result.kind,
        "split": result.split,
        "judge": result.judge,
        "simulated": result.simulated,
        "sandbox": result.sandbox,
        **{name: value for name, value in scores_to_json(result.scores).items() if name != "schema"},
        **_spending_to_json(result.spent, result.earlier),
        **({} if result.openings is None else {"openings": result.openings}),
        "labels": result.labels and asdict(result.labels),
        "commonest_error": result.commonest_error,
    }


def render_labels(result: StandaloneResult) -> str:
    """Verdicts compared with labels; empty if trajectories have none."""
    if result.labels is None:
        return ""
    rows = _label_rows(result.labels)
    return f"{render_table(['against labels', '[95%]'], rows)}\n\n{fit(_labels_explained(result.labels))}"


def render_markdown(result: StandaloneResult, name: str, bar: Bar | None) -> str:
    """A page for a pull request: whether the bar was reached, agreement, and verdicts against labels.

    name: the harness's. bar: None if no agreement was demanded.
    """
    found, labels, words = result.scores.metrics, result.labels, KINDS[result.kind].words
    rows: list[list[object]] = [
        [words.metric, with_interval(found.score, found.low, found.high, no_bounds=found.no_bounds)],
        [words.items, found.items],
        ["coverage", percent(found.coverage)],
        *(_label_rows(labels) if labels else []),
        ["judge", result.judge],
        ["spent", dollars_of(result.spent)],
    ]
    title = f"{name} on {result.taskset}, {result.split} split"
    lines = [
        f"## {markdown_cell(title)}",
        *([f"**{bar.sentence()}**"] if bar else []),
        "| | value [95%] |\n|---|---|\n" + "\n".join(f"| {markdown_cell(a)} | {markdown_cell(b)} |" for a, b in rows),
        *([_labels_explained(labels)] if labels else []),
        *([markdown_cell(f"Commonest failure: {result.commonest_error}")] if result.commonest_error else []),
        *([SIMULATED] if result.simulated else []),
    ]
    return "\n\n".join(lines) + "\n"


def _label_rows(labels: LabelMetrics) -> list[list[object]]:
    kappa = labels.kappa
    bounds = "" if kappa is None or kappa.low is None or kappa.high is None else f" [{kappa.low:.2f}, {kappa.high:.2f}]"
    return [
        ["kappa", "-" if kappa is None else f"{kappa.mean:.2f}{bounds}"],
        ["TPR", _share(labels.tpr)],
        ["TNR", _share(labels.tnr)],
        ["accuracy", _share(labels.accuracy)],
        [
            "labelled",
            f"{plural(labels.trajectories, 'trajectory')}, {plural(labels.successes, 'success', 'successes')}",
        ],
    ]


def _share(interval: Interval | None) -> str:
    return "-" if interval is None else with_interval(interval.mean, interval.low, interval.high)


def _labels_explained(labels: LabelMetrics) -> str:
    return (
        f"a reward of at least {labels.threshold:g} of 100 predicts success; TPR: share of successes that get it; "
        "TNR: share of failures that get less; kappa: agreement with the labels beyond chance; a missing reward counts "
        "as wrong"
    )


def markdown_cell(value: object) -> str:
    """A text for a page of Markdown, on one line and without markup of its own."""
    text = " ".join(printable(str(value)).split())
    return re.sub(r"([\\`*_{}<>#|~\[\]])", r"\\\1", text)


def render_noise(result: NoiseResult) -> str:
    """The numbers of `judge noise`, one line each."""
    noise = result.noise
    each = " ".join(f"{share * 100:.1f}" for share in noise.agreement)
    mean = sum(noise.agreement) / noise.repeats
    trajectories = plural(noise.trajectories, "trajectory")
    rows = [
        ["agreement", f"{percent(mean)} on average, standard deviation {noise.agreement_sd * 100:.1f} ({each})"],
        ["pairs that flip", f"{percent(noise.flips)} have not always the same winner"],
        ["two repeats differ", f"on {percent(noise.disagreement)} of the pairs"],
        ["scores", f"standard deviation {noise.score_sd_mean:.1f} points, at most {noise.score_sd_max:.1f}"],
        ["widest score", f"{noise.score_range_max:.1f} points from lowest to highest"],
        ["unchanged scores", f"{percent(noise.unchanged)} of {trajectories}"],
        ["missing scores", f"{noise.failures} of {noise.trajectories * noise.repeats}"],
        ["judge calls", f"{result.spent.calls}; {render_spending(result.spent, result.earlier)}"],
    ]
    if result.commonest_error:
        rows.append(["commonest failure", result.commonest_error])
    title = f"judge {result.judge}, {plural(noise.repeats, 'time')} on {plural(noise.pairs, 'pair')}"
    table = render_table([title, ""], rows)
    return f"{table}\n\n{SIMULATED}" if result.simulated else table


def noise_to_json(result: NoiseResult) -> dict[str, object]:
    """What `judge noise --json` prints."""
    return {
        "judge": result.judge,
        "simulated": result.simulated,
        "harness": result.harness,
        "taskset": result.taskset,
        "split": result.split,
        **asdict(result.noise),
        "commonest_error": result.commonest_error,
        "judge_calls": result.spent.calls,
        **_spending_to_json(result.spent, result.earlier),
    }


def render_spending(spent: Spent, earlier: Spent) -> str:
    """The new calls and their price, and how much of it was spent by earlier starts."""
    text = f"{plural(spent.misses, 'judge call')} made anew, {dollars_of(spent)}"
    if earlier.misses:
        text += f"; {earlier.misses} of them, {dollars(earlier.usd)}, before it was stopped"
    return text


def _spending_to_json(spent: Spent, earlier: Spent) -> dict[str, object]:
    return {
        "spent_usd": spent.usd,
        "judge_calls_made": spent.misses,
        "unpriced_calls": spent.unpriced,
        "earlier": {"spent_usd": earlier.usd, "judge_calls_made": earlier.misses},
    }
