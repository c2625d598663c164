"""Where a run stands, from its files alone; also while it runs."""

from dataclasses import asdict
from typing import Any

from meta_reward.files import iter_whole_lines, printable
from meta_reward.models.usage import dollars
from meta_reward.propose.session_cost import proposer_usd
from meta_reward.report.tables import SIMULATED, fit, percent, plural, render_table, with_interval
from meta_reward.run.config import load_run_config
from meta_reward.run.decisions import last_decision, sentence_of
from meta_reward.run.evaluations import journals_under_way, load_scores
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, frontier_of, leader_of
from meta_reward.run.lock import is_locked
from meta_reward.run.record import load_iterations
from meta_reward.run.stop_reason import RUNNING, load_stop
from meta_reward.run.under_way import rows_so_far, session_under_way
from meta_reward.run.usage import spent_on_disk

_LEGEND = (
    "from: its parents; search, validation: agreement on that split; selected: by its number on search, the chosen one "
    "by that on validation too, which are therefore optimistic; frontier: no other has more agreement on search for "
    "fewer judge tokens"
)


def status_of(layout: Layout) -> dict[str, Any]:
    """The status of a run as plain data. state: `running`, `finished`, `stopped` or `interrupted`."""
    config = load_run_config(layout.config)
    rows, decision = rows_so_far(layout, config.judge.spec), last_decision(layout)
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
        "leader": leader_of(rows).id if rows else None,
        "candidates": [_candidate(layout, row) for row in rows],
        "frontier": [row.id for row in frontier_of(rows)],
        "decision": None if decision is None else asdict(decision),
        "decided": None if decision is None else sentence_of(decision),
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
            c["id"],
            c["name"],
            " ".join(c["parents"]) or "-",
            _standing(c, status),
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
            f"frontier: {' '.join(status['frontier'])}",
            _LEGEND,
        ]
    else:
        lines.append("no candidate is scored yet")
    if rows:
        lines.append(
            f"decision: {status['decided']}" if status["decided"] else "no decision yet: the search has not ended"
        )
    word = "under way" if status["state"] == "running" else "unfinished"
    lines += [f"{word}: {u['candidate']} on {u['split']}, {u['done']} done" for u in status["under_way"]]
    if status["proposing"] is not None:
        lines.append(f"{word}: iteration {status['proposing']}, {status['proposer']} is proposing")
    lines += _spending(status["spent"])
    lines.append(f"sealed, not to be shown to a proposer: {status['sealed']}")
    lines += [f"set aside, yours to keep or remove: {path}" for path in status["set_aside"]]
    return fit(printable("\n".join(lines + ([SIMULATED] if status["simulated"] else []))))


def _standing(candidate: dict[str, Any], status: dict[str, Any]) -> str:
    """What a candidate is: scored or not, the leader, a finalist, the chosen one."""
    decision = status["decision"] or {"chosen": "", "finalists": []}
    finalists = {finalist["verdict"]["id"]: finalist for finalist in decision["finalists"]}
    found = finalists.get(candidate["id"])
    chosen, leader = candidate["id"] == decision["chosen"], candidate["id"] == status["leader"]
    parts = [
        "chosen" if chosen else "",
        "leader" if leader else "",
        "finalist" if found and not chosen else "",
        "not covered" if found and found["not_covered"] else "",
        "selected" if found or leader else "",
    ]
    return ", ".join(part for part in parts if part) or candidate["status"]


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
