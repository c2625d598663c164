"""A summary of a candidate's traces: lost pairs, the distribution of rewards, what the judge said when it was wrong.

It names no trajectory, task or pair, and quotes only recurring sentences of the judge, so that a summary describes
mechanisms rather than cases.
"""

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from meta_reward import files
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.run.evaluations import has_items, load_items
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import Row
from meta_reward.run.trace_file import load_trace

CLOSE = 5.0
_MOST_SENTENCES = 8
_RECURS = 3
_WORD = re.compile(r"[^\W\d_]+")


def render_summary(history: HistoryLayout, row: Row) -> str:
    """The text of a candidate's `summary.md`."""
    folder = history.candidate(row.folder)
    found = load_items(folder) if has_items(folder) else []
    pairs = [one for one in found if isinstance(one, PairOutcome)]
    items = [one for one in found if isinstance(one, ItemOutcome)]
    traces = {path.stem: load_trace(path) for path in sorted((folder / "traces").glob("*.json"))}
    parts = [
        f"# {row.id} {row.name}\n\nWhat its traces on the search split show, counted by a program.",
        _pairs(pairs),
        _items(items),
        _rewards(traces),
        _questions(traces),
        _errors(traces),
        _sentences_of_judge(pairs, traces),
    ]
    return files.printable("\n\n".join(part for part in parts if part) + "\n")


def _pairs(pairs: Sequence[PairOutcome]) -> str:
    categories = sorted({name for pair in pairs for name in pair.categories or ("none",)})
    lines = [
        "## Pairs",
        "",
        "| category | pairs | lost | by 5 points or less | tied | failed |",
        "|---|---|---|---|---|---|",
    ]
    for name in categories:
        own = [pair for pair in pairs if name in (pair.categories or ("none",))]
        lost = [pair.margin for pair in own if pair.margin is not None and pair.margin < 0]
        close = sum(margin >= -CLOSE for margin in lost)
        tied, failed = sum(pair.margin == 0 for pair in own), sum(pair.margin is None for pair in own)
        lines.append(f"| {name} | {len(own)} | {len(lost)} | {close} | {tied} | {failed} |")
    return "\n".join(lines) if pairs else ""


def _learned(items: Sequence[ItemOutcome]) -> str:
    """One line per category, for items that a learned reward has scored."""
    lines = ["## Items", "", "| category | items | mean learned reward | failed |", "|---|---|---|---|"]
    for name in sorted({name for item in items for name in item.categories or ("all",)}):
        own = [item for item in items if name in (item.categories or ("all",))]
        mean, failed = 100 * statistics.fmean(item.score for item in own), sum(item.failed for item in own)
        lines.append(f"| {name} | {len(own)} | {mean:.1f} | {failed} |")
    return "\n".join(lines)


def _items(items: Sequence[ItemOutcome]) -> str:
    """One line per category, for items that are not pairs; then the commonest confusions."""
    if any(item.rewards is not None for item in items):
        return _learned(items)
    categories = sorted({name for item in items for name in item.categories or ("all",)})
    lines = ["## Items", "", "| category | items | wrong | failed |", "|---|---|---|---|"]
    for name in categories:
        own = [item for item in items if name in (item.categories or ("all",))]
        wrong, failed = sum(item.score < 1 for item in own), sum(item.failed for item in own)
        lines.append(f"| {name} | {len(own)} | {wrong - failed} | {failed} |")
    missed = [item for item in items if item.score < 1 and item.output is not None]
    confused = Counter((item.expected, item.output) for item in missed if not item.orders)  # which names trajectories
    often = [f"- {a} is taken for {b}: {n} times" for (a, b), n in confused.most_common(_MOST_SENTENCES) if n > 1]
    by_place = sum(len({order["ranking"] for order in item.orders.values()}) > 1 for item in missed)
    often += [f"- {by_place} of {len(items)} are decided otherwise in another order"] if by_place else []
    return "\n".join([*lines, *(["", *often] if often else [])]) if items else ""


def _rewards(traces: Mapping[str, Any]) -> str:
    scores = [trace["reward"]["score"] for trace in traces.values() if trace.get("reward") is not None]
    if len(scores) < 2:
        return ""
    low, middle, high = statistics.quantiles(scores, n=4)
    commonest = ", ".join(f"{score:g} ({count} times)" for score, count in Counter(scores).most_common(3))
    return (
        f"## Rewards\n\n{len(scores)} rewards from {min(scores):g} to {max(scores):g}; quartiles {low:.1f}, "
        f"{middle:.1f}, {high:.1f}; {len(set(scores))} different values, the commonest {commonest}."
    )


def _questions(traces: Mapping[str, Any]) -> str:
    calls = [call for trace in traces.values() for call in trace["calls"]]
    if not calls:
        return ""
    prompts = [sum(len(files.as_text(m["content"])) for m in call["messages"]) for call in calls]
    replies = [len(files.as_text(call["reply"])) for call in calls]
    return (
        f"## Questions\n\n{len(calls) / len(traces):.1f} calls of the model in one run. "
        f"Characters, median: {statistics.median(prompts):.0f} "
        f"a prompt (at most {max(prompts)}), {statistics.median(replies):.0f} a reply."
    )


def _errors(traces: Mapping[str, Any]) -> str:
    kinds = Counter(trace["error"]["kind"] for trace in traces.values() if trace["error"] is not None)
    lines = [f"- {kind}: {count} of {len(traces)} runs" for kind, count in kinds.most_common()]
    return "\n".join(["## Errors", "", *lines]) if lines else ""


def _sentences_of_judge(pairs: Sequence[PairOutcome], traces: Mapping[str, Any]) -> str:
    """Sentences that the judge writes more often about one side of lost pairs than about the same side of won ones."""
    lost = [pair for pair in pairs if pair.score < 1]
    won = [pair for pair in pairs if pair.score == 1]
    sides = (("preferred, and got too little", "preferred"), ("not preferred, and got too much", "other"))
    parts = []
    for title, side in sides:
        here, there = (_sentences((getattr(pair, side) for pair in group), traces) for group in (lost, won))
        shares = {s: (count / len(lost), there[s] / max(1, len(won))) for s, count in here.items() if count >= _RECURS}
        telling = sorted(shares.items(), key=lambda item: (item[1][1] - item[1][0], item[0]))[:_MOST_SENTENCES]
        lines = [f"- {a:.0%} of lost pairs, {b:.0%} of won ones: {s}" for s, (a, b) in telling if a > b]
        if lines:
            parts.append("\n".join([f"### Of the trajectory that is {title}", "", *lines]))
    return "\n\n".join(["## What the judge said", *parts]) if parts else ""


def _sentences(names: Iterable[str], traces: Mapping[str, Any]) -> Counter[str]:
    """In how many of these trajectories each sentence occurs; sentences with a number in them are left out."""
    found: Counter[str] = Counter()
    for name in names:
        replies = [files.as_text(call["reply"]) for call in traces.get(name, {}).get("calls", ())]
        sentences = {s.strip(" -*#") for reply in replies for s in re.split(r"(?<=[.!?])\s+|\n", reply)}
        found.update(s for s in sentences if len(_WORD.findall(s)) >= 3 and not re.search(r"\d", s) and len(s) <= 300)
    return found
