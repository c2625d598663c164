"""Plain text for a terminal or a file: aligned tables, and the phrases that commands share.

Tables fit the terminal, or 80 columns without one; a cell that is too long for its column continues in the next line.
Every cell is made printable, since names and hypotheses may come from a model.
"""

import re
import shutil
import textwrap
from collections.abc import Callable, Mapping, Sequence

from meta_reward.evaluation.best_of_n import Lift
from meta_reward.evaluation.comparisons import Comparisons
from meta_reward.evaluation.metrics import Context, Metrics, Preferences
from meta_reward.evaluation.reward_stats import RewardStats
from meta_reward.evaluation.statistics import Interval
from meta_reward.files import printable
from meta_reward.kinds.base import Words
from meta_reward.models.usage import dollars

SIMULATED = "simulated judge: these numbers say nothing about any real model"
_OF_REWARDS = (
    "distinct rewards: number of different values; spread in a task: standard deviation of the rewards of one "
    "task's trajectories, in points, averaged over tasks; flat tasks: share of tasks with all rewards equal, which "
    "teach an RL run nothing; follows length, calls: Spearman's correlation of the reward with the characters of a "
    "trajectory, and with its number of tool calls"
)
_OF_LABELLED_REWARDS = (
    "; AUC: chance that a success has a higher reward than a failure; calibration error: mean distance of reward / 100 "
    "from the share of successes"
)
_OF_BEST_OF_N = (
    "best of: how often a success is picked among N trajectories of a task, in the tasks with at least N; random: "
    "a random pick; oracle: a success whenever there is one; "
)
_GAIN = "gain: points that {name} has over random, with the 95% interval by task"
_LIFT = "lift: points that {name} has over {first}, with the 95% interval by task"


_BELOW = "    "
_INTERVAL = re.compile(r" (?=\[)")
_NARROWEST = 5  # the least width of a column of words


def columns_at_hand() -> int:
    """The width of texts: $COLUMNS, else that of the terminal, else 80."""
    return shutil.get_terminal_size((80, 24)).columns


def fit(text: str) -> str:
    """A text with long lines broken at spaces; continuation lines are indented below their beginning."""
    return "\n".join(_broken(line, columns_at_hand()) for line in text.split("\n"))


def _broken(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    hanging = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(line, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)


def render_table(
    headers: Sequence[str], rows: Sequence[Sequence[object]], *, below: Sequence[str] = (), indent: int = 0
) -> str:
    """Columns aligned under their headers, numbers to the right.

    below: for each row, a text to show under it; may be empty. indent: number of spaces before every line.
    """
    cells = [[printable(str(cell)).replace("\n", " ") for cell in row] for row in rows]
    right = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(headers))]
    widths = _widths(headers, cells, right, columns_at_hand() - indent)
    lines = _row(headers, widths, right)
    for number, row in enumerate(cells):
        lines += _row(row, widths, right)
        if below and below[number]:
            text = printable(below[number]).replace("\n", " ")
            wide = columns_at_hand() - indent - len(_BELOW)
            lines += [_BELOW + line for line in textwrap.wrap(text, wide, break_on_hyphens=False)]
    return "\n".join(" " * indent + line for line in lines)


def _widths(headers: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool], most: int) -> list[int]:
    """Column widths that add up to at most `most`, if possible. The widest columns shrink first: down to their longest
    word, then to numbers without their intervals, then to broken words, then further."""
    columns = list(zip(headers, *cells, strict=True))
    widths = [max(map(len, column)) for column in columns]
    whole = [
        max(_longest_word(header), *(len(cell) if is_number else _longest_word(cell) for cell in others), 1)
        for (header, *others), is_number in zip(columns, right, strict=True)
    ]
    parted = [
        max(_longest_word(header), *(_longest_part(cell) for cell in others), 1) if is_number else size
        for (header, *others), is_number, size in zip(columns, right, whole, strict=True)
    ]
    broken = [_NARROWEST] * len(widths)
    words_broken = [size if is_number else _NARROWEST for size, is_number in zip(parted, right, strict=True)]
    for least in (whole, parted, words_broken, broken):
        while sum(widths) + 2 * (len(widths) - 1) > most:
            able = [i for i in range(len(widths)) if widths[i] > least[i]]
            if not able:
                break
            widths[max(able, key=widths.__getitem__)] -= 1
    return widths


def _longest_word(text: str) -> int:
    return max((len(part) for part in textwrap.wrap(text, 1, break_long_words=False)), default=0)


def _longest_part(number: str) -> int:
    """The width of the number or of its interval, whichever is longer: of `63.2% [52.1, 74.0]` that is 12."""
    return max(map(len, _INTERVAL.split(number)))


def _wrapped(cell: str, width: int) -> list[str]:
    """The lines of a cell; an interval that fits in a line is not broken."""
    if _is_number(cell) and _longest_part(cell) <= width < len(cell):
        return _INTERVAL.split(cell)
    return textwrap.wrap(cell, width) or [""]


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """The lines of a row: as many as its longest cell needs."""
    broken = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for number in range(max(map(len, broken), default=0)):
        parts = [cell[number] if number < len(cell) else "" for cell in broken]
        padded = [p.rjust(w) if r else p.ljust(w) for p, w, r in zip(parts, widths, right, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return lines


def percent(value: float | None) -> str:
    """A share from 0 to 1 as a percentage; a dash if there is none."""
    return "-" if value is None else f"{value:.1%}"


def with_interval(value: float | None, low: float | None, high: float | None, *, no_bounds: str | None = None) -> str:
    """A share with its 95% interval: `63.2% [52.1, 74.0]`. no_bounds: why it has no interval, shown instead of it."""
    if value is None:
        return "-"
    if low is None or high is None:
        return percent(value) + _why_no_bounds(no_bounds)
    return f"{value:.1%} [{low * 100:.1f}, {high * 100:.1f}]"


def difference(interval: Interval | None) -> str:
    """A mean difference with its 95% interval: `+4.2 points [-1.0, +9.4]`."""
    if interval is None:
        return "-"
    mean = f"{interval.mean * 100:+.1f} points"
    if interval.low is None or interval.high is None:
        return mean + _why_no_bounds(interval.no_bounds)
    return f"{mean} [{interval.low * 100:+.1f}, {interval.high * 100:+.1f}]"


def _why_no_bounds(reason: str | None) -> str:
    return f" [{reason}]" if reason else ""


def points(value: float | None) -> str:
    """A difference of rewards in points."""
    return "-" if value is None else f"{value:+.1f}"


def reward(value: float | None) -> str:
    """A reward from 0 to 100; a dash if there is none."""
    return "-" if value is None else f"{value:g}"


def context_of(chars: int | None) -> str:
    """A number of characters of context; a dash if there is none."""
    return "-" if chars is None else f"{chars:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """A number of things: `1 call`, `2 calls`, `2 trajectories`."""
    ending = one[:-1] + "ies" if one.endswith("ry") else one + "s"
    return f"{count:,} {one if count == 1 else many or ending}"


def render_metrics(columns: Mapping[str, Metrics], words: Words) -> str:
    """Evaluations side by side, one column each. words: the terms of their kind."""
    lines: list[tuple[str, Callable[[Metrics], object]]] = [
        (f"{words.metric} [95%]", lambda m: with_interval(m.score, m.low, m.high, no_bounds=m.no_bounds)),
        *_of_pairs("strict agreement", lambda p: percent(p.strict_agreement), columns),
        (words.items, lambda m: m.items),
        *_of_pairs("ties", lambda p: p.ties, columns),
        *_of_orders("same in each order", lambda c: percent(c.same), columns),
        *_of_orders("first one wins", lambda c: percent(c.first), columns),
        *_of_orders("ties", lambda c: c.ties, columns),
        ("failures", lambda m: m.failures),
        ("coverage", lambda m: percent(m.coverage)),
        *_of_pairs("mean margin", lambda p: points(p.mean_margin), columns),
        *_of_context("context", lambda c: f"{c.mean_chars:,.0f}", columns),
        *_of_memory(columns),
        *([(words.examples, lambda m: m.examples)] if words.examples != words.items else []),
        ("judge calls", lambda m: m.judge_calls),
        ("judge tokens", lambda m: m.judge_tokens),
        ("cost", lambda m: dollars(m.cost_usd)),
    ]
    table = render_table(["", *columns], [[name, *(show(m) for m in columns.values())] for name, show in lines])
    return f"{table}\n\n{fit(words.explained)}"


_Line = tuple[str, Callable[[Metrics], object]]


def _of_pairs(name: str, show: Callable[[Preferences], object], columns: Mapping[str, Metrics]) -> list[_Line]:
    """A line about pairs; none if no evaluation has pairs."""
    known = any(metrics.preferences for metrics in columns.values())
    return [(name, lambda m: show(m.preferences) if m.preferences else "-")] if known else []


def _of_orders(name: str, show: Callable[[Comparisons], object], columns: Mapping[str, Metrics]) -> list[_Line]:
    """A line about orders; none unless programs compare."""
    known = any(metrics.comparisons for metrics in columns.values())
    return [(name, lambda m: show(m.comparisons) if m.comparisons else "-")] if known else []


def _of_context(name: str, show: Callable[[Context], object], columns: Mapping[str, Metrics]) -> list[_Line]:
    known = any(metrics.context for metrics in columns.values())
    return [(name, lambda m: show(m.context) if m.context else "-")] if known else []


def _of_memory(columns: Mapping[str, Metrics]) -> list[_Line]:
    if not any(metrics.context and metrics.context.memory_chars for metrics in columns.values()):
        return []
    return _of_context("memory", lambda c: "-" if c.memory_chars is None else f"{c.memory_chars:,}", columns)


def render_categories(columns: Mapping[str, Metrics], items: str = "pairs") -> str:
    """The score by category, evaluations side by side; empty if no item has a category. items: the word for items."""
    names = sorted({name for metrics in columns.values() for name in metrics.by_category})
    rows = []
    for name in names:
        groups = [metrics.by_category.get(name) for metrics in columns.values()]
        count = next(group.items for group in groups if group)
        rows.append([name, count, *(percent(group.score) if group else "-" for group in groups)])
    return render_table(["category", items, *columns], rows) if rows else ""


def render_rewards(columns: Mapping[str, Metrics]) -> str:
    """How rewards are spread and what they correlate with, evaluations side by side; empty for other kinds."""
    told = {name: metrics.preferences.rewards for name, metrics in columns.items() if metrics.preferences}
    if not told:
        return ""
    lines: list[tuple[str, Callable[[RewardStats], object]]] = [
        ("distinct rewards", lambda r: r.levels),
        ("spread in a task", lambda r: _fixed(r.spread, 1)),
        ("flat tasks", lambda r: percent(r.flat_tasks)),
        ("follows length", lambda r: _fixed(r.length_correlation, 2)),
        ("follows calls", lambda r: _fixed(r.calls_correlation, 2)),
    ]
    of_labels: list[tuple[str, Callable[[RewardStats], object]]] = [
        ("AUC", lambda r: _fixed(r.auc, 2)),
        ("calibration error", lambda r: _fixed(r.calibration_error, 2)),
    ]
    labelled = any(rewards.calibration_error is not None for rewards in told.values())
    lines += of_labels if labelled else []
    rows = [[name, *(show(rewards) for rewards in told.values())] for name, show in lines]
    return f"{render_table(['rewards', *told], rows)}\n\n{fit(_OF_REWARDS + _OF_LABELLED_REWARDS * labelled)}"


def _fixed(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def render_best_of_n(columns: Mapping[str, Metrics], lifts: Sequence[Lift] = ()) -> str:
    """Success when picking the best of N by reward, evaluations side by side; empty without labels.

    lifts: of the last column over the first; without them, the last column is compared with random picks.
    """
    told = [metrics.preferences.best_of_n for metrics in columns.values() if metrics.preferences]
    by_size = {lift.n: lift.difference for lift in lifts}
    rows = []
    for at, bare in enumerate(told[0] if told else ()):
        picked = [one[at].harness for one in told]
        last = told[-1][at]
        gain = by_size.get(bare.n, Interval(last.gain, last.low, last.high, last.no_bounds))
        shares = [percent(share) for share in (bare.random, *picked, bare.oracle)]
        rows.append([bare.n, bare.tasks, *shares, difference(gain).replace(" points", "")])
    names = list(columns)
    headers = ["best of", "tasks", "random", *names, "oracle", "lift" if lifts else "gain"]
    legend = _OF_BEST_OF_N + (_LIFT if lifts else _GAIN).format(name=names[-1], first=names[0])
    return f"{render_table(headers, rows)}\n\n{fit(legend)}" if rows else ""


def _is_number(text: str) -> bool:
    return text == "-" or text[:1].isdigit() or (text[:1] in "+-$" and text[1:2].isdigit())
