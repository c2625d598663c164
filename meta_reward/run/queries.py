"""The questions one asks of a history: who has been tried, which pairs are lost, what differs, what the judge said.

Reads a history folder, or the view of it that a proposer is given, and nothing outside of it.
Answers are plain data, as `--json` prints them. A limit of 0 means all. What a view does not show,
and an id that does not exist, raise UsageError with what there is instead.
"""

import difflib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.harness.validate import definitions
from meta_reward.run.evaluations import load_outcomes, load_scores
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import Row, best_of, frontier_of, load_ledger
from meta_reward.run.proposal import parse_proposal

UNCATEGORISED = "none"
_MAX_ERRORS = 10
_T = TypeVar("_T")


def ledger(history: HistoryLayout, *, limit: int = 0) -> dict[str, Any]:
    """The last candidates, oldest first, with what each changed; the best and the frontier."""
    rows = _rows(history)
    frontier = [row.id for row in frontier_of(rows)]
    shown = rows[-limit:] if limit else rows
    return {
        "candidates": [_ledger_line(history, row, row.id in frontier) for row in shown],
        "left_out": len(rows) - len(shown),
        "best": best_of(rows).id if rows else None,
        "frontier": frontier,
    }


def failures(history: HistoryLayout, candidate: str, *, category: str = "", limit: int = 0) -> dict[str, Any]:
    """The pairs that a candidate does not win, by category, those lost by most first; and its errors."""
    row = find_candidate(history, candidate)
    pairs = _outcomes(history, row)
    names = sorted({name for pair in pairs for name in _categories(pair)})
    if category and category not in names:
        raise _unknown("category", category, names)
    winners = _winners(history)
    groups = [
        _group(name, [pair for pair in pairs if name in _categories(pair)], limit, winners)
        for name in names
        if category in ("", name)
    ]
    return {
        "candidate": _about(row),
        **_counts(pairs),
        "groups": sorted(groups, key=lambda group: -(group["lost"] + group["failed"] + group["tied"] / 2)),
        "errors": _errors(history, row),
    }


def flips(history: HistoryLayout, first: str, second: str, *, category: str = "", limit: int = 0) -> dict[str, Any]:
    """The pairs that two candidates decide differently: what the second gains on the first, and what it loses."""
    a, b = find_candidate(history, first), find_candidate(history, second)
    before = {pair.id: pair for pair in _outcomes(history, a)}
    both = [(before[pair.id], pair) for pair in _outcomes(history, b) if pair.id in before]
    names = sorted({name for pair, _ in both for name in _categories(pair)})
    if category and category not in names:
        raise _unknown("category", category, names)
    chosen = [(x, y) for x, y in both if category in ("", *_categories(x))]
    return {
        "first": _about(a),
        "second": _about(b),
        "pairs": len(chosen),
        "difference": sum(y.agreement - x.agreement for x, y in chosen) / len(chosen) if chosen else 0.0,
        "gained": _turned([(x, y) for x, y in chosen if y.agreement > x.agreement], limit),
        "lost": _turned([(x, y) for x, y in chosen if y.agreement < x.agreement], limit),
    }


def diff(history: HistoryLayout, first: str, second: str) -> dict[str, Any]:
    """What the second candidate's program has changed against the first's, and what came of it."""
    a, b = find_candidate(history, first), find_candidate(history, second)
    before, after = (files.read_text(history.candidate(row.folder) / "harness.py") for row in (a, b))
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{a.folder}/harness.py", f"{b.folder}/harness.py", lineterm=""
    )
    return {
        "first": _about(a),
        "second": _about(b),
        "changed": _definitions_that_differ(before, after),
        "diff": list(lines),
    }


def trace(history: HistoryLayout, candidate: str, trajectory: str, *, ask: int = 0) -> dict[str, Any]:
    """All that a candidate asked the judge about a trajectory and was told, what it made of that, and of its pairs.

    trajectory: or a pair, of which both sides are told.
    """
    row = find_candidate(history, candidate)
    folder = history.candidate(row.folder) / "traces"
    known = sorted(path.stem for path in folder.glob("*.json"))
    if not known:
        raise UsageError(f"{row.id} has no traces here", hint=_why_none(row))
    pairs = _outcomes(history, row) if (history.candidate(row.folder) / "pairs.jsonl").exists() else []
    pair = next((pair for pair in pairs if pair.id == trajectory), None)
    if pair is not None and trajectory not in known:
        sides = [name for name in (pair.preferred, pair.other) if name in known]
        if not sides:
            raise UsageError(f"{row.id} has scored neither side of pair {trajectory}", hint="it stopped before that")
        shown = [_trace(row, folder, name, [pair], ask) for name in sides]
        return {"candidate": _about(row), "pair": asdict(pair), "sides": shown}
    if trajectory not in known:
        raise _unknown(f"trajectory or pair of {row.id}", trajectory, [*known, *(pair.id for pair in pairs)])
    return {"candidate": _about(row), **_trace(row, folder, trajectory, pairs, ask)}


def _trace(row: Row, folder: Path, trajectory: str, pairs: Sequence[PairOutcome], ask: int) -> dict[str, Any]:
    stored = files.load_json(folder / f"{trajectory}.json")
    asks = sorted({call["ask"] for call in stored["calls"]})
    if ask and ask not in asks:
        raise UsageError(f"{row.id} has no ask {ask} on {trajectory}", hint=f"it has {len(asks)}, counted from 1")
    return {
        "trajectory": trajectory,
        "task": stored["task"],
        "reward": _joined(stored["reward"], "reason"),
        "error": _joined(stored["error"], "message", "traceback"),
        "printed": files.as_text(stored.get("printed", "")),
        "pairs": [asdict(pair) for pair in pairs if trajectory in (pair.preferred, pair.other)],
        "asks": len(asks),
        "calls": [_call(call) for call in stored["calls"] if ask in (0, call["ask"])],
    }


def find_candidate(history: HistoryLayout, name: str) -> Row:
    """The candidate with this id, number, folder or name. Raises UsageError that offers what comes close."""
    rows = _rows(history)
    number = name.removeprefix("c").lstrip("0")
    for row in rows:
        if name in (row.id, row.folder) or (number.isdecimal() and row.id.lstrip("c0") == number):
            return row
    named = [row for row in rows if row.name == name]
    if len(named) == 1:
        return named[0]
    raise _unknown("candidate", name, [*(row.id for row in rows), *(row.name for row in rows)])


def _rows(history: HistoryLayout) -> list[Row]:
    if not history.ledger.exists():
        raise UsageError(f"{history.path} shows no ledger", hint="this history was left out of what may be seen")
    return load_ledger(history.ledger)


def _outcomes(history: HistoryLayout, row: Row) -> list[PairOutcome]:
    folder = history.candidate(row.folder)
    if not (folder / "pairs.jsonl").exists():
        raise UsageError(f"{row.id} has no pairs here", hint=_why_none(row))
    return load_outcomes(folder)


def _why_none(row: Row) -> str:
    if row.status == "rejected":
        return f"the validator refused it: {row.reason}"
    return "it is not scored yet, or this history leaves them out"


def _unknown(what: str, name: str, known: Sequence[str]) -> UsageError:
    close = difflib.get_close_matches(name, known, n=4, cutoff=0.5)
    hint = f"did you mean {', '.join(close)}?" if close else f"there are {', '.join(known[:8]) or 'none'}"
    return UsageError(f"there is no {what} {name!r}", hint=hint + (", ..." if not close and len(known) > 8 else ""))


def _ledger_line(history: HistoryLayout, row: Row, on_frontier: bool) -> dict[str, Any]:
    proposal = history.candidate(row.folder) / "proposal.md"
    part = parse_proposal(files.read_text(proposal)).part if proposal.exists() else ""
    return {**{name: getattr(row, name) for name in Row.__slots__}, "part": part, "frontier": on_frontier}


def _about(row: Row) -> dict[str, Any]:
    keys = ("id", "name", "parents", "status", "accepted", "agreement", "low", "high", "judge_tokens", "reason")
    return {key: getattr(row, key) for key in keys}


def _categories(pair: PairOutcome) -> tuple[str, ...]:
    return pair.categories or (UNCATEGORISED,)


def _counts(pairs: Sequence[PairOutcome]) -> dict[str, int]:
    failed = [pair for pair in pairs if pair.margin is None]
    return {
        "pairs": len(pairs),
        "lost": sum(pair.agreement == 0 for pair in pairs) - len(failed),
        "tied": sum(pair.margin == 0 for pair in pairs),
        "failed": len(failed),
    }


def _winners(history: HistoryLayout) -> dict[str, list[str]]:
    """Who wins each pair, by its id; empty for a history that does not show it."""
    if not history.outcomes.exists():
        return {}
    return {
        line["id"]: [c for c, a in line["agreement"].items() if a == 1] for line in files.load_lines(history.outcomes)
    }


def _group(name: str, pairs: Sequence[PairOutcome], limit: int, winners: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A category with its worst pairs, those without a reward first, then by margin; and who wins each."""
    missed = sorted((p for p in pairs if p.agreement < 1), key=lambda p: (p.margin is not None, p.margin or 0, p.id))
    worst = [{**asdict(pair), "won_by": winners.get(pair.id, [])} for pair in _first(missed, limit)]
    return {"category": name, **_counts(pairs), "worst": worst}


def _turned(both: Sequence[tuple[PairOutcome, PairOutcome]], limit: int) -> dict[str, Any]:
    """Pairs that turned one way: how many, of which category, and the widest swings."""
    counts = Counter(name for pair, _ in both for name in _categories(pair))
    widest = sorted(both, key=lambda xy: (-_swing(*xy), xy[0].id))
    return {
        "pairs": len(both),
        "by_category": dict(counts.most_common()),
        "widest": [
            {
                **{key: getattr(x, key) for key in ("id", "task", "categories", "preferred", "other")},
                "first_margin": x.margin,
                "second_margin": y.margin,
            }
            for x, y in _first(widest, limit)
        ],
    }


def _swing(x: PairOutcome, y: PairOutcome) -> float:
    return abs((y.margin if y.margin is not None else -100.0) - (x.margin if x.margin is not None else -100.0))


def _errors(history: HistoryLayout, row: Row) -> list[dict[str, Any]]:
    """Why a candidate failed on trajectories: the commonest errors with an example of each."""
    folder = history.candidate(row.folder)
    scores = load_scores(folder) or {}
    if not scores.get("failures") and not scores.get("broken"):
        return []
    examples: dict[str, list[str]] = {}
    for path in sorted((folder / "traces").glob("*.json")):
        error = files.load_json(path)["error"]
        if error is not None:
            examples.setdefault(f"{error['kind']}: {files.as_text(error['message'])}", []).append(path.stem)
    commonest = sorted(examples.items(), key=lambda item: -len(item[1]))
    return [{"error": e, "trajectories": len(t), "example": t[0]} for e, t in commonest[:_MAX_ERRORS]]


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    messages = [_joined(message, "content") for message in call["messages"]]
    return {**(_joined(call, "system", "reply") or {}), "messages": messages}


def _joined(stored: Mapping[str, Any] | None, *names: str) -> dict[str, Any] | None:
    """A stored value whose named texts are texts again."""
    return None if stored is None else {**stored, **{name: files.as_text(stored.get(name)) for name in names}}


def _definitions_that_differ(first: str, second: str) -> list[str]:
    """Names of what the two programs define otherwise at their top level; none where one does not parse."""
    try:
        a, b = definitions(first), definitions(second)
    except SyntaxError:
        return []
    return [name for name in dict.fromkeys([*a, *b]) if a.get(name) != b.get(name)]


def _first(items: Sequence[_T], limit: int) -> Sequence[_T]:
    return items[:limit] if limit else items


ANSWERS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "ledger": ledger,
    "failures": failures,
    "flips": flips,
    "diff": diff,
    "trace": trace,
}
"""The function of each query of `query_table.py`; it takes a history and the query's arguments by name."""
