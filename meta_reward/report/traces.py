"""A trace as text: what a program asked the judge about one or more trajectories, the replies, and the outcome.

Everything shown is made printable, since prompts, replies and names may come from a model. Long texts are cut in the
middle, and a note there says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.files import dump_line, printable
from meta_reward.report.query_tables import paragraphs, shortened, title_of
from meta_reward.report.tables import reward
from meta_reward.run.chain import chain_of
from meta_reward.run.query_answers import TraceOfPair, TraceOfTrajectory, TrajectoryTrace
from meta_reward.trajectory import Trajectory, parse_message

MOST_TEXT = 3000
_MOST_FINDINGS = 1500


def render_trace(answer: TraceOfTrajectory | TraceOfPair, *, full: bool = False, chain: bool = False) -> str:
    """A trajectory under a candidate, or both sides of a pair: reward, pairs, then every question with its reply.

    full: whether to show long texts whole. chain: whether to show what the judge thought, called, was told and
    answered, in place of questions and replies.
    """
    most = 0 if full else MOST_TEXT
    shown = _chain if chain else _trajectory
    if isinstance(answer, TraceOfTrajectory):
        return paragraphs(title_of(answer.candidate), *shown(answer.trace, most))
    parts = [title_of(answer.candidate)]
    for side in answer.sides:
        parts += [printable(f"==== {_part_of(answer.pair, side.trajectory)}"), *shown(side, most)]
    missing = isinstance(answer.pair, PairOutcome) and len(answer.sides) < 2
    return paragraphs(*parts, "the other side was not scored" if missing else "")


def _part_of(pair: PairOutcome | ItemOutcome, example: str) -> str:
    """Which side of a pair, or which order of a comparison, this is."""
    if isinstance(pair, PairOutcome):
        return f"the {'preferred' if example == pair.preferred else 'other'} side of pair {pair.id}"
    return f"comparison {pair.id} in the order {', '.join(pair.orders[example]['shown'])}"


def render_exchange(side: TrajectoryTrace, *, full: bool = False, chain: bool = False) -> str:
    """One run of a program, with its questions; full, chain: as for `render_trace`."""
    return paragraphs(*(_chain if chain else _trajectory)(side, 0 if full else MOST_TEXT))


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
    """The outcome, then the links of the chain; those of a role are marked."""
    links = [
        f"{f'{link.role} ' if link.role else ''}{link.kind}: {_cut(link.text, most)}" for link in chain_of(side.calls)
    ]
    return [_outcome(side, most), "\n".join(_pair(side, pair) for pair in side.pairs), *map(printable, links)]


def _asked(asked: Sequence[Mapping[str, Any]]) -> str:
    """What the host recorded: searches, or a conversation and its outcome."""
    said = tuple(parse_message(one) for one in asked if "role" in one)
    if not said:
        return "\n".join(["== searched", *map(_search, asked)])
    grades = [one for one in asked if "success" in one]
    ends = [f"graded: {one['success']:.0%} success {' '.join(one['faults'])}".rstrip() for one in grades]
    return "\n\n".join(["== said and done", Trajectory("", (), said).transcript(), *ends])


def _search(asked: Mapping[str, Any]) -> str:
    """A search as the host recorded it: the query, and the ids that were found."""
    if asked.get("refused"):
        return f"refused: {asked['refused']}"
    where = f" where {asked['where']}" if asked.get("where") else ""
    more = f" and {asked['more']} more" if asked.get("more") else ""
    found = " ".join(one["id"] for one in asked["found"])
    return f"{shortened(asked['query'], 300)!r} k={asked['k']}{where}: {found or 'nothing'}{more}"


def _outcome(side: TrajectoryTrace, most: int) -> str:
    where = f"{side.trajectory} (task {side.task})" if side.task else side.trajectory
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
    """One turn of the judge. known: how many of its messages were shown with the turn before."""
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


def _cut(text: str, most: int) -> str:
    """A text of about `most` characters at most, cut in the middle at line ends. most: 0 for all of it."""
    if not most or len(text) <= most:
        return text
    head, tail = text[: most * 2 // 3].rpartition("\n"), text[-(most // 3) :].partition("\n")
    kept = (head[0] or head[2], tail[2] or tail[0])
    left_out = len(text) - len(kept[0]) - len(kept[1])
    return f"{kept[0]}\n[... {left_out:,} characters left out; --full shows them ...]\n{kept[1]}"
