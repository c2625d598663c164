"""A judge's noise for a person."""

from collections.abc import Mapping
from typing import Any

from meta_reward.report.spending import render_spending
from meta_reward.report.tables import SIMULATED, percent, plural, render_table


def render_noise(noise: Mapping[str, Any]) -> str:
    """The numbers of `judge noise`, a line each."""
    each = " ".join(f"{share * 100:.1f}" for share in noise["agreement"])
    mean = sum(noise["agreement"]) / noise["repeats"]
    trajectories = plural(noise["trajectories"], "trajectory", "trajectories")
    rows = [
        ["agreement", f"{percent(mean)} on average, standard deviation {noise['agreement_sd'] * 100:.1f} ({each})"],
        ["pairs that flip", f"{percent(noise['flips'])} have not always the same winner"],
        ["two repeats differ", f"on {percent(noise['disagreement'])} of the pairs"],
        ["scores", f"standard deviation {noise['score_sd_mean']:.1f} points, at most {noise['score_sd_max']:.1f}"],
        ["widest score", f"{noise['score_range_max']:.1f} points from lowest to highest"],
        ["unchanged scores", f"{percent(noise['unchanged'])} of {trajectories}"],
        ["missing scores", f"{noise['failures']} of {noise['trajectories'] * noise['repeats']}"],
        ["judge calls", f"{noise['judge_calls']}; {render_spending(noise)}"],
    ]
    if noise["commonest_error"]:
        rows.append(["commonest failure", noise["commonest_error"]])
    title = f"judge {noise['judge']}, {plural(noise['repeats'], 'time')} on {plural(noise['pairs'], 'pair')}"
    table = render_table([title, ""], rows)
    return f"{table}\n\n{SIMULATED}" if noise["simulated"] else table
