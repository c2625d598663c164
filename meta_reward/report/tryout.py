"""The answer on a trial as text."""

from collections.abc import Mapping
from typing import Any

from meta_reward.files import printable
from meta_reward.models.usage import dollars
from meta_reward.report.tables import fit, percent, points, render_table


def render_trial(answer: Mapping[str, Any]) -> str:
    """Findings, or agreement with each pair and what was said of each trajectory."""
    if not answer["ok"]:
        lines = [f"{_line(f['line'])}{f['message']} ({f['hint']})" for f in answer["findings"]]
        return fit(printable("\n".join(["not a valid harness:", *lines])))
    parts = [_summary(answer), *([f"stopped: {answer['stopped']}"] if "stopped" in answer else [])]
    parts += [f"{error['trajectories']} trajectories failed: {error['error']}" for error in answer["errors"]]
    rows = [
        [
            *(r["id"], ", ".join(r["categories"]) or "-"),
            *(r["preferred"], _reward(r["preferred_reward"]), r["other"], _reward(r["other_reward"])),
            points(r["margin"]),
        ]
        for r in answer.get("results", ())
    ]
    if rows:
        headers = ["pair", "categories", "preferred", "reward", "other", "reward", "margin"]
        parts += ["", render_table(headers, rows), "", "margin: the preferred reward minus the other, in points"]
    parts += [_trajectory(told) for told in answer.get("trajectories", ())]
    return fit(printable("\n".join(parts)))


def _summary(answer: Mapping[str, Any]) -> str:
    best, calls = answer["best"], answer["judge_calls"]
    compared = f"; {best['id']}, the best so far, has {percent(best['agreement'])} on them" if best else ""
    missing = f", {answer['not_scored']} not scored" if answer["not_scored"] else ""
    cost = dollars(calls["cost_usd"], decimals=2)
    pairs = f"{answer['pairs']} pairs ({answer['tied']} tied{missing})"
    return (
        f"agreement {percent(answer['agreement'])} on {pairs}{compared}\n"
        f"{answer['tokens_per_trajectory']} judge tokens a trajectory; {calls['made']} judge calls, "
        f"{calls['new']} of them new ({cost}), {calls['left']} new ones left"
    )


def _trajectory(told: Mapping[str, Any]) -> str:
    printed = f"\n  printed: {told['printed']}" if "printed" in told else ""
    if "error" in told:
        return f"\n{told['id']}: {told['error']}\n{told['traceback']}".rstrip() + printed
    reason = f" ({told['reason']})" if told["reason"] else ""
    reply = f"\n  {told['last_reply']}" if told["last_reply"] not in ("", told["reason"]) else ""
    return f"\n{told['id']}: {_reward(told['reward'])}{reason}{reply}{printed}"


def _reward(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _line(line: int | None) -> str:
    return f"line {line}: " if line else ""
