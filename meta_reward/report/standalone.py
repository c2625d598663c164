"""What was evaluated outside any run: one harness on a split, and a judge's noise; for a person and as JSON."""

from dataclasses import asdict
from typing import Any

from meta_reward.files import printable
from meta_reward.models.usage import Spent, dollars, dollars_of
from meta_reward.report.tables import (
    SIMULATED,
    fit,
    percent,
    plural,
    render_best_of_n,
    render_categories,
    render_metrics,
    render_table,
)
from meta_reward.search.standalone import NoiseResult, StandaloneResult


def render_evaluation(result: StandaloneResult, name: str) -> str:
    """The tables of `evaluate`. name: of the harness."""
    columns = {name: result.scores}
    parts = [render_metrics(columns), render_categories(columns), render_best_of_n(columns)]
    if result.commonest_error:
        parts.append(fit(printable(f"commonest failure: {result.commonest_error}")))
    if not result.simulated:
        parts.append(fit(f"spent: {render_spending(result.spent, result.earlier)}"))
    return "\n\n".join(part for part in [*parts, SIMULATED if result.simulated else ""] if part)


def evaluation_to_json(result: StandaloneResult) -> dict[str, Any]:
    """What `evaluate --json` prints: the scores among everything else."""
    return {
        "harness": result.harness,
        "taskset": result.taskset,
        "split": result.split,
        "judge": result.judge,
        "simulated": result.simulated,
        "sandbox": result.sandbox,
        **{name: value for name, value in result.scores.items() if name != "schema"},
        **_spending_to_json(result.spent, result.earlier),
        **({} if result.openings is None else {"openings": result.openings}),
        "commonest_error": result.commonest_error,
    }


def render_noise(result: NoiseResult) -> str:
    """The numbers of `judge noise`, one line each."""
    noise = result.noise
    each = " ".join(f"{share * 100:.1f}" for share in noise.agreement)
    mean = sum(noise.agreement) / noise.repeats
    trajectories = plural(noise.trajectories, "trajectory", "trajectories")
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


def noise_to_json(result: NoiseResult) -> dict[str, Any]:
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


def _spending_to_json(spent: Spent, earlier: Spent) -> dict[str, Any]:
    return {
        "spent_usd": spent.usd,
        "judge_calls_made": spent.misses,
        "unpriced_calls": spent.unpriced,
        "earlier": {"spent_usd": earlier.usd, "judge_calls_made": earlier.misses},
    }
