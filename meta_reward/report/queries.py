"""The answers to questions about a history as text, for a terminal.

Everything shown is made printable, since prompts, replies and names may come from a model. Long texts are cut in the
middle, where a note says so.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.files import dump_line, printable
from meta_reward.report.query_tables import count_of, lost_table, shortened, turned_table
from meta_reward.report.tables import context_of, fit, plural, points, render_table, reward, with_interval
from meta_reward.run.chain import chain_of
from meta_reward.run.query_answers import (
    Diff,
    ErrorCount,
    FailureGroup,
    Failures,
    FlippedItem,
    Flips,
    Ledger,
    LedgerEntry,
    LowReward,
    Standing,
    Suspect,
    Suspects,
    TraceOfPair,
    TraceOfTrajectory,
    TrajectoryTrace,
    Turned,
    WrongItem,
)
from meta_reward.run.query_suspects import FEWEST_CANDIDATES
from meta_reward.trajectory import Trajectory, parse_message

MOST_TEXT = 3000
_MOST_DIFF_LINES = 400
_MOST_FINDINGS = 1500
_OF_LEDGER = (
    "* the leader; from: its parents; part: what it changed; search: score on the search split; frontier: no "
    "other has a higher one for fewer judge tokens, or less context. Under each its hypothesis, or why it was refused."
)
_OF_FLIPS = "margin: the preferred reward minus the other, in points; at most 0, or - for none, the pair is not won"
_OF_PAIRS = (
    "margin: the preferred reward minus the other, in points; tied: both the same; failed: a side has no reward; "
    "won by: the last candidates that win the pair"
)
_OF_LEARNED = (
    "learned reward: from 0 to 100, the mean over the trials of a task, a trial without one counting 0; the lowest "
    "first. Whether a task was done is not known here"
)
_OF_SUSPECTS = (
    "good: scored, at least the baseline's agreement on search, one for each distinct vector of outcomes; contradicted "
    "by: of those with both rewards, how many give the preferred side the lower; mean margin: the preferred reward "
    "minus the other, in points. Such a pair is labelled wrongly, or no harness sees yet what makes the difference"
)
_OF_VOTES = "; votes: annotators for and against the label; where they disagree, the label is a matter of taste"


def render_ledger(answer: Ledger) -> str:
    """A row for each candidate, with its hypothesis below."""
    below = [shortened(c.reason or c.hypothesis, 140) for c in answer.candidates]
    known = any(c.context_chars is not None for c in answer.candidates)
    context = ["context"] if known else []
    rows = [_ledger_row(c, is_best=c.id == answer.best, with_context=known) for c in answer.candidates]
    headers = ["id", "name", "from", "part", "status", "search [95%]", *context, "judge tokens"]
    more = f"{answer.left_out} earlier ones are left out; --limit 0 shows all" if answer.left_out else ""
    return _paragraphs(render_table(headers, rows, below=below), fit(_OF_LEDGER), more)


def _ledger_row(c: LedgerEntry, *, is_best: bool, with_context: bool) -> list[object]:
    return [
        c.id + ("*" if is_best else ""),
        c.name,
        " ".join(c.parents) or "-",
        c.part or "-",
        c.status + (", frontier" if c.frontier else ""),
        with_interval(c.score, c.low, c.high),
        *([context_of(c.context_chars)] if with_context else []),
        c.judge_tokens,
    ]


def render_failures(answer: Failures) -> str:
    """What a candidate does not win, a table for each category."""
    shown = [one for group in answer.groups for one in group.worst]
    counts = _counts(answer, shown)
    groups = [_group(group) for group in answer.groups]
    return _paragraphs(_title(answer.candidate), counts, _errors(answer.errors), *groups, fit(_of_pairs(shown)))


def _of_pairs(shown: Sequence[object]) -> str:
    if any(isinstance(one, LowReward) for one in shown):
        return _OF_LEARNED
    return "" if any(isinstance(one, WrongItem) for one in shown) else _OF_PAIRS


def _counts(of: Failures | FailureGroup, shown: Sequence[object]) -> str:
    whole = count_of(of.pairs, shown)
    if of.learned is not None:
        return f"learned reward {of.learned:.1f} on average of {whole}, {of.failed} failed"
    return f"{of.lost} lost, {of.tied} tied, {of.failed} failed of {whole}"


def _group(group: FailureGroup) -> str:
    head = f"{group.category}: {_counts(group, group.worst)}"
    table = render_table(*lost_table(group.worst), indent=2) if group.worst else ""
    return fit(printable(head)) + (f"\n{table}" if table else "")


def render_flips(answer: Flips) -> str:
    """What the second candidate gains, then what it loses."""
    first, second = answer.first.id, answer.second.id
    shown = [*answer.gained.widest, *answer.lost.widest]
    difference = f"{second} against {first}: {answer.difference * 100:+.1f} points on {count_of(answer.pairs, shown)}"
    ways = (("gains", answer.gained), ("loses", answer.lost))
    return _paragraphs(
        f"{_title(answer.first)}\n{_title(answer.second)}",
        difference,
        *(_turned(f"{second} {verb}", turned, (first, second)) for verb, turned in ways),
        fit("" if any(isinstance(one, FlippedItem) for one in shown) else _OF_FLIPS),
    )


def _turned(what: str, turned: Turned, candidates: tuple[str, str]) -> str:
    kinds = ", ".join(f"{name} {count}" for name, count in turned.by_category.items())
    table = f"\n{render_table(*turned_table(turned.widest, candidates), indent=2)}" if turned.widest else ""
    return fit(printable(f"{what} {turned.pairs}" + (f" ({kinds})" if kinds else ""))) + table


def render_suspects(answer: Suspects) -> str:
    """A row for each suspicious pair, and what to do about them."""
    good = plural(len(answer.candidates), "good candidate")
    if not answer.worst:
        few = len(answer.candidates) < FEWEST_CANDIDATES
        why = f"it takes {FEWEST_CANDIDATES} to suspect a pair" if few else "nearly all contradict none of them"
        return fit(f"{plural(answer.pairs, 'search pair')}, {good}: {why}")
    head = f"nearly all of {good} contradict {answer.suspected} of {plural(answer.pairs, 'search pair')}"
    voted = any(one.votes_for is not None for one in answer.worst)
    headers = ["pair", "task", "categories", "contradicted by", "mean margin", *(["votes"] if voted else [])]
    table = render_table(headers, [_suspect_row(one, voted=voted) for one in answer.worst])
    left = answer.suspected - len(answer.worst)
    more = f"left out: {left}; --limit 0 shows all" if left else ""
    worst = answer.worst[0]
    next_step = f"look at both sides: `meta-reward trace {worst.contradicted_by[0]} {worst.id}`"
    return _paragraphs(head, table, more, fit(_OF_SUSPECTS + (_OF_VOTES if voted else "")), fit(printable(next_step)))


def _suspect_row(one: Suspect, *, voted: bool) -> list[object]:
    by = f"{len(one.contradicted_by)} of {one.judged_by} ({one.share:.0%})"
    votes = "-" if one.votes_for is None else f"{one.votes_for}:{one.votes_against}"
    row: list[object] = [one.id, one.task, ", ".join(one.categories) or "-", by, points(one.mean_margin)]
    return [*row, votes] if voted else row


def render_diff(answer: Diff, *, full: bool = False) -> str:
    """The program's difference under both candidates' scores."""
    shown = answer.diff if full else answer.diff[:_MOST_DIFF_LINES]
    changed = f"changed: {', '.join(answer.changed)}" if answer.changed else ""
    left_out = len(answer.diff) - len(shown)
    more = f"{plural(left_out, 'more line')}; --full shows all" if left_out else ""
    body = printable("\n".join(shown)) or "the programs are the same"
    return _paragraphs(f"{_title(answer.first)}\n{_title(answer.second)}", fit(printable(changed)), body, more)


def render_trace(answer: TraceOfTrajectory | TraceOfPair, *, full: bool = False, chain: bool = False) -> str:
    """A trajectory under a candidate, or both sides of a pair: reward, pairs, then every question with its reply.

    chain: in place of questions and replies what the judge thought, called, was told and answered.
    """
    most = 0 if full else MOST_TEXT
    shown = _chain if chain else _trajectory
    if isinstance(answer, TraceOfTrajectory):
        return _paragraphs(_title(answer.candidate), *shown(answer.trace, most))
    parts = [_title(answer.candidate)]
    for side in answer.sides:
        parts += [printable(f"==== {_part_of(answer.pair, side.trajectory)}"), *shown(side, most)]
    missing = isinstance(answer.pair, PairOutcome) and len(answer.sides) < 2
    return _paragraphs(*parts, "the other side was not scored" if missing else "")


def _part_of(pair: PairOutcome | ItemOutcome, example: str) -> str:
    """Which side of a pair, or which order of a comparison, this is."""
    if isinstance(pair, PairOutcome):
        return f"the {'preferred' if example == pair.preferred else 'other'} side of pair {pair.id}"
    return f"comparison {pair.id} in the order {', '.join(pair.orders[example]['shown'])}"


RENDERERS: Mapping[str, Callable[..., str]] = {
    "ledger": render_ledger,
    "failures": render_failures,
    "flips": render_flips,
    "diff": render_diff,
    "trace": render_trace,
    "suspects": render_suspects,
}
"""The function that renders the answer to each query of `run/query_table.py`."""


def _trajectory(side: TrajectoryTrace, most: int) -> list[str]:
    parts = [_outcome(side, most), "\n".join(_pair(side, pair) for pair in side.pairs)]
    if side.printed:
        parts.append(printable(f"== printed\n{_cut(side.printed.rstrip(), most)}"))
    if side.asked:
        parts.append(printable(_cut(_asked(side.asked), most)))
    previous: Mapping[str, Any] = {}
    for call in side.calls:
        known = len(previous["messages"]) if previous.get("ask") == call["ask"] else 0
        parts.append(_call(call, known, side.asks, most))
        previous = call
    return parts


def _chain(side: TrajectoryTrace, most: int) -> list[str]:
    """The links of a chain, below what came of it; those of a role are marked."""
    links = [
        f"{f'{link.role} ' if link.role else ''}{link.kind}: {_cut(link.text, most)}" for link in chain_of(side.calls)
    ]
    return [_outcome(side, most), "\n".join(_pair(side, pair) for pair in side.pairs), *map(printable, links)]


def _asked(asked: Sequence[Mapping[str, Any]]) -> str:
    """What the host recorded: searches, or a conversation and what became of it."""
    said = tuple(parse_message(one) for one in asked if "role" in one)
    if not said:
        return "\n".join(["== searched", *map(_search, asked)])
    grades = [one for one in asked if "success" in one]
    ends = [f"graded: {one['success']:.0%} success {' '.join(one['faults'])}".rstrip() for one in grades]
    return "\n\n".join(["== said and done", Trajectory("", (), said).transcript(), *ends])


def _search(asked: Mapping[str, Any]) -> str:
    """A search as the host recorded it: what was wanted, and the ids that were found."""
    if asked.get("refused"):
        return f"refused: {asked['refused']}"
    where = f" where {asked['where']}" if asked.get("where") else ""
    more = f" and {asked['more']} more" if asked.get("more") else ""
    found = " ".join(one["id"] for one in asked["found"])
    return f"{shortened(asked['query'], 300)!r} k={asked['k']}{where}: {found or 'nothing'}{more}"


def _title(c: Standing) -> str:
    result = with_interval(c.score, c.low, c.high) if c.score is not None else f"{c.status}: {c.reason}"
    parents = f" from {' '.join(c.parents)}" if c.parents else ""
    return fit(printable(f"{c.id} {c.name}{parents}: {result}, {c.judge_tokens} tokens"))


def _outcome(side: TrajectoryTrace, most: int) -> str:
    where = f"{side.trajectory} (task {side.task})"
    if side.error:
        error = side.error
        return printable(f"{where}: no reward: {error['kind']}: {error['message']}\n{error['traceback']}").rstrip()
    if side.output is not None:
        return printable(f"{where}: {_cut(side.output, most)}")
    given = side.reward or {}
    scores = [*map(reward, given.get("scores", ()))]
    lines = [f"{where}: scores {', '.join(scores)}" if scores else f"{where}: reward {reward(given['score'])}"]
    if given["reason"]:
        lines.append(f"reason: {_cut(given['reason'], most)}")
    if given["findings"]:
        lines.append(f"findings: {_cut(dump_line(given['findings']).decode().strip(), most and _MOST_FINDINGS)}")
    return printable("\n".join(lines))


def _pair(side: TrajectoryTrace, pair: PairOutcome | ItemOutcome) -> str:
    if not isinstance(pair, PairOutcome) and pair.rewards is not None:
        return printable(f"learned reward {pair.output or '-'}, of its trials {pair.rewards}")
    if not isinstance(pair, PairOutcome):
        said = f", answered {pair.output}: agreement {pair.score:g}" if pair.orders else ""
        return printable(f"expected {pair.expected}{said or (': right' if pair.score == 1 else ': wrong')}")
    is_preferred = pair.preferred == side.trajectory
    role, partner = ("preferred to", pair.other) if is_preferred else ("should lose to", pair.preferred)
    theirs = pair.other_reward if is_preferred else pair.preferred_reward
    result = {1: "won", 0.5: "tied", 0: "lost"}[pair.score]
    kinds = f" ({', '.join(pair.categories)})" if pair.categories else ""
    return printable(f"pair {pair.id}: {role} {partner}, which got {reward(theirs)}: pair {result}{kinds}")


def _call(call: Mapping[str, Any], known: int, asks: int, most: int) -> str:
    """One turn of the judge. known: how many of its messages the turn before has shown."""
    turn = f", turn {call['turn']}" if call["turn"] > 1 else ""
    draw = f", draw {call['draw']}" if call["draw"] else ""
    lines = [f"== ask {call['ask']} of {asks}{turn}{draw}"]
    if call["system"] and not known:
        lines += ["-- system", _cut(call["system"], most)]
    for message in call["messages"][known:]:
        if message["role"] != "assistant":
            lines += [f"-- {message['role']}", _cut(message["content"], most)]
    if call["tools"] and not known:
        required = f" (must call {call['require']})" if call["require"] else ""
        lines.append(f"-- tools: {', '.join(tool['name'] for tool in call['tools'])}{required}")
    lines += [f"-- reply ({call['stop_reason']})", call["reply"] if not most else _cut(call["reply"], 2 * most)]
    lines += [f"-- calls {c['name']} {dump_line(c['arguments']).decode().strip()}" for c in call["tool_calls"]]
    return printable("\n".join(lines))


def _errors(errors: Sequence[ErrorCount]) -> str:
    lines = [f"{plural(e.trajectories, 'trajectory')}, such as {e.example}: {shortened(e.error, 300)}" for e in errors]
    return fit(printable("\n".join(["errors:", *lines]))) if lines else ""


def _cut(text: str, most: int) -> str:
    """A text of at most about so many characters, cut in its middle at ends of lines. most: 0 for all of it."""
    if not most or len(text) <= most:
        return text
    head, tail = text[: most * 2 // 3].rpartition("\n"), text[-(most // 3) :].partition("\n")
    kept = (head[0] or head[2], tail[2] or tail[0])
    left_out = len(text) - len(kept[0]) - len(kept[1])
    return f"{kept[0]}\n[... {left_out:,} characters left out; --full shows them ...]\n{kept[1]}"


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
