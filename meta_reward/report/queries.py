"""The answers to queries about a history, as text for a terminal.

Everything shown is made printable, since prompts, replies and names may come from a model. Long texts are cut in the
middle, and a note there says so.
"""

from collections.abc import Callable, Mapping, Sequence

from meta_reward.files import printable
from meta_reward.report.query_tables import count_of, lost_table, paragraphs, shortened, title_of, turned_table
from meta_reward.report.tables import context_of, fit, plural, points, render_table, with_interval
from meta_reward.report.traces import render_trace
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
    Suspect,
    Suspects,
    Turned,
    WrongItem,
)
from meta_reward.run.query_suspects import FEWEST_CANDIDATES

_MOST_DIFF_LINES = 400
_OF_LEDGER = (
    "* the leader; from: parents; part: what was changed; search: score on the search split; frontier: no other "
    "candidate has a higher score for fewer judge tokens, or less context. Below each: its hypothesis, or why it was "
    "refused."
)
_OF_FLIPS = "margin: the preferred reward minus the other, in points; -: a reward is missing; won only if above 0"
_OF_PAIRS = (
    "margin: the preferred reward minus the other, in points; tied: both rewards are equal; failed: a reward is "
    "missing; won by: the latest candidates that win the pair"
)
_OF_LEARNED = (
    "learned reward: from 0 to 100, the mean over the trials of a task, where a trial without one counts 0; the lowest "
    "first. Whether a task succeeded is not known here"
)
_OF_SUSPECTS = (
    "good: candidates with at least the baseline's agreement on search, one for each distinct vector of outcomes; "
    "contradicted by: how many of those with both rewards give the preferred side the lower one; mean margin: the "
    "preferred reward minus the other, in points. Either the label is wrong, or no harness sees the difference yet"
)
_OF_VOTES = "; votes: annotators for and against the label; if they disagree, the label may be a matter of taste"


def render_ledger(answer: Ledger) -> str:
    """One row per candidate, with its hypothesis below."""
    below = [shortened(c.reason or c.hypothesis, 140) for c in answer.candidates]
    known = any(c.context_chars is not None for c in answer.candidates)
    context = ["context"] if known else []
    rows = [_ledger_row(c, is_best=c.id == answer.best, with_context=known) for c in answer.candidates]
    headers = ["id", "name", "from", "part", "status", "search [95%]", *context, "judge tokens"]
    more = f"{answer.left_out} earlier ones are left out; --limit 0 shows all" if answer.left_out else ""
    return paragraphs(render_table(headers, rows, below=below), fit(_OF_LEDGER), more)


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
    """What a candidate does not win, one table per category."""
    shown = [one for group in answer.groups for one in group.worst]
    counts = _counts(answer, shown)
    groups = [_group(group) for group in answer.groups]
    return paragraphs(title_of(answer.candidate), counts, _errors(answer.errors), *groups, fit(_of_pairs(shown)))


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
    return paragraphs(
        f"{title_of(answer.first)}\n{title_of(answer.second)}",
        difference,
        *(_turned(f"{second} {verb}", turned, (first, second)) for verb, turned in ways),
        fit("" if any(isinstance(one, FlippedItem) for one in shown) else _OF_FLIPS),
    )


def _turned(what: str, turned: Turned, candidates: tuple[str, str]) -> str:
    kinds = ", ".join(f"{name} {count}" for name, count in turned.by_category.items())
    table = f"\n{render_table(*turned_table(turned.widest, candidates), indent=2)}" if turned.widest else ""
    return fit(printable(f"{what} {turned.pairs}" + (f" ({kinds})" if kinds else ""))) + table


def render_suspects(answer: Suspects) -> str:
    """One row per suspicious pair, and how to look at the first."""
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
    return paragraphs(head, table, more, fit(_OF_SUSPECTS + (_OF_VOTES if voted else "")), fit(printable(next_step)))


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
    return paragraphs(f"{title_of(answer.first)}\n{title_of(answer.second)}", fit(printable(changed)), body, more)


RENDERERS: Mapping[str, Callable[..., str]] = {
    "ledger": render_ledger,
    "failures": render_failures,
    "flips": render_flips,
    "diff": render_diff,
    "trace": render_trace,
    "suspects": render_suspects,
}
"""The function that renders the answer to each query of `run/query_table.py`."""


def _errors(errors: Sequence[ErrorCount]) -> str:
    lines = [f"{plural(e.trajectories, 'trajectory')}, such as {e.example}: {shortened(e.error, 300)}" for e in errors]
    return fit(printable("\n".join(["errors:", *lines]))) if lines else ""
