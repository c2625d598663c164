"""The runs of a folder, a line each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from meta_reward.report.status import status_of
from meta_reward.report.tables import SIMULATED, percent, render_table
from meta_reward.run.config import load_run_config
from meta_reward.run.layout import Layout
from meta_reward.run.runs import changed_at


def summary_of(layout: Layout) -> dict[str, Any]:
    """A run in brief. changed: local time at which its record last changed."""
    status = status_of(layout)
    best = next((c for c in status["candidates"] if c["id"] == status["best"]), None)
    return {
        "run": status["run"],
        "taskset": Path(load_run_config(layout.config).taskset).name,
        **{key: status[key] for key in ("judge", "simulated", "state", "reason", "iterations")},
        "candidates": len(status["candidates"]),
        "best": best and {"id": best["id"], "name": best["name"], **best["search"]},
        "changed": datetime.fromtimestamp(changed_at(layout)).astimezone().isoformat(timespec="seconds"),
    }


def render_runs(listed: Sequence[Mapping[str, Any]]) -> str:
    """The runs as a table."""
    rows = [
        [
            *(run[key] for key in ("run", "taskset", "judge", "state")),
            run["best"]["id"] if run["best"] else "-",
            percent(run["best"]["agreement"]) if run["best"] else "-",
            run["changed"][:16].replace("T", " "),
        ]
        for run in listed
    ]
    table = render_table(["run", "task set", "judge", "state", "best", "search", "changed"], rows)
    legend = "best: the best candidate so far; search: its agreement on the search split"
    return "\n\n".join([table, legend, *([SIMULATED] if any(run["simulated"] for run in listed) else [])])
