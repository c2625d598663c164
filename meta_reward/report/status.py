"""Where a run stands, from its files alone; also while it runs."""

from datetime import datetime
from pathlib import Path
from typing import Any

from meta_reward.files import iter_whole_lines, printable
from meta_reward.propose.session_cost import proposer_usd
from meta_reward.report.tables import SIMULATED, dollars, fit, percent, plural, render_table, with_interval
from meta_reward.run.config import load_run_config
from meta_reward.run.evaluations import journals_under_way, load_scores
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, best_of, frontier_of
from meta_reward.run.lock import is_locked
from meta_reward.run.record import load_decisions, load_iterations
from meta_reward.run.runs import changed_at
from meta_reward.run.stop_reason import RUNNING, load_stop
from meta_reward.run.under_way import rows_so_far, session_under_way
from meta_reward.run.usage import spent_on_disk

_LEGEND = (
    "from: its parents; search, validation: agreement on that split; accepted: it replaced the best; frontier: no "
    "other has more agreement for fewer judge tokens"
)


def status_of(layout: Layout) -> dict[str, Any]:
    """The status of a run as plain data. state: `running`, `finished`, `stopped` or `interrupted`."""
    config = load_run_config(layout.config)
    rows = rows_so_far(layout, config.judge.spec)
    stop = RUNNING if is_locked(layout) else load_stop(layout)
    spent = spent_on_disk(layout)
    return {
        "run": layout.root.name,
        "state": stop.state,
        "reason": stop.reason,
        "judge": config.judge.spec,
        "proposer": config.proposer.spec,
        "sandbox": config.sandbox,
        "simulated": config.judge.spec.partition(":")[0] == "simulated",
        "iterations": {"done": max(0, len(load_iterations(layout)) - 1), "limit": config.limits.iterations},
        "best": best_of(rows).id if rows else None,
        "candidates": [_candidate(layout, row) for row in rows],
        "frontier": [row.id for row in frontier_of(rows)],
        "challenges": load_decisions(layout),
        "under_way": _under_way(layout),
        "proposing": session_under_way(layout),
        "sealed": str(layout.sealed),
        "set_aside": [str(path) for path in sorted(layout.set_aside.glob("*"))],
        "spent": {
            "judge_calls": spent.calls,
            "judge_tokens": spent.tokens,
            "cut_off_calls": stop.cut_off_calls,
            "cut_off_tokens": stop.cut_off_tokens,
            "calls_made": spent.misses,
            "cost_usd": spent.usd,
            "unpriced_calls": spent.unpriced,
            "proposer_usd": proposer_usd(layout),
        },
    }


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


def render_status(status: dict[str, Any]) -> str:
    """The status for a person."""
    iterations = status["iterations"]
    done = f"{iterations['done']} of {iterations['limit']} iterations"
    reason = f": {status['reason']}" if status["reason"] else ""
    lines = [
        f"{status['run']}: {status['state']}{reason} ({done}, judge {status['judge']}, sandbox {status['sandbox']})",
        "",
    ]
    rows = [
        [
            c["id"] + ("*" if c["id"] == status["best"] else ""),
            c["name"],
            " ".join(c["parents"]) or "-",
            c["status"] + (", accepted" if c["accepted"] else ""),
            with_interval(c["search"]),
            percent(c["validation"]["agreement"]),
            c["judge_tokens"],
        ]
        for c in status["candidates"]
    ]
    headers = ["id", "name", "from", "status", "search [95%]", "validation", "judge tokens"]
    if rows:
        lines += [
            render_table(headers, rows),
            "",
            f"* the best so far; frontier: {' '.join(status['frontier'])}",
            _LEGEND,
        ]
    else:
        lines.append("no candidate is scored yet")
    word = "under way" if status["state"] == "running" else "unfinished"
    lines += [f"{word}: {u['candidate']} on {u['split']}, {u['done']} done" for u in status["under_way"]]
    if status["proposing"] is not None:
        lines.append(f"{word}: iteration {status['proposing']}, {status['proposer']} is proposing")
    lines += _spending(status["spent"])
    lines.append(f"sealed, not to be shown to a proposer: {status['sealed']}")
    lines += [f"set aside, yours to keep or remove: {path}" for path in status["set_aside"]]
    return fit(printable("\n".join(lines + ([SIMULATED] if status["simulated"] else []))))


def _spending(spent: dict[str, Any]) -> list[str]:
    cut_off = f"{plural(spent['cut_off_calls'], 'call')}, {spent['cut_off_tokens']} tokens"
    return [
        f"spent: {spent['judge_calls']} judge calls, {spent['judge_tokens']} tokens; "
        f"{plural(spent['calls_made'], 'call')} made anew, {_money(spent)}",
        *([f"spent on trajectories that were cut off: {cut_off}"] if spent["cut_off_calls"] else []),
        *([f"the proposer: ${spent['proposer_usd']:.2f}"] if spent["proposer_usd"] else []),
    ]


def _money(spent: dict[str, Any]) -> str:
    unpriced = spent["unpriced_calls"] if spent["cost_usd"] is not None else 0
    return dollars(spent["cost_usd"]) + (f", and {unpriced} calls of unknown price" if unpriced else "")


def _candidate(layout: Layout, row: Row) -> dict[str, Any]:
    sealed = load_scores(layout.sealed_evaluation("validation", row.folder)) or {}
    return {
        "id": row.id,
        "name": row.name,
        "parents": list(row.parents),
        "status": row.status,
        "accepted": row.accepted,
        "search": {"agreement": row.agreement, "low": row.low, "high": row.high},
        "validation": {key: sealed.get(key) for key in ("agreement", "low", "high")},
        "judge_tokens": row.judge_tokens,
        "hypothesis": row.hypothesis,
        "reason": row.reason,
    }


def _under_way(layout: Layout) -> list[dict[str, Any]]:
    return [
        {"candidate": folder, "split": split, "done": sum(1 for _ in iter_whole_lines(path))}
        for path, folder, split in journals_under_way(layout)
    ]
