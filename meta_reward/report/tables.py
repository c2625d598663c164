"""Plain text for a terminal or a file: aligned tables, and the phrases that commands share.

Tables fit the terminal, or 80 columns without one; a cell that is too long for its column continues in the next line.
Every cell is made printable, since names and hypotheses may come from a model.
"""

import re
import shutil
import textwrap
from collections.abc import Callable, Mapping, Sequence

from meta_reward.evaluation.best_of_n import Lift
from meta_reward.evaluation.metrics import Metrics
from meta_reward.evaluation.reward_stats import RewardStats
from meta_reward.evaluation.statistics import Interval
from meta_reward.files import printable
from meta_reward.models.usage import dollars

SIMULATED = "simulated judge: these numbers say nothing about any real model"
_OF_METRICS = (
    "agreement: share of pairs whose preferred trajectory got the higher reward, a tie counting one half; [95%]: its "
    "interval by task, or why there is none; strict: a tie counts nothing; failures: pairs without both rewards, "
    "which are lost; coverage: share of pairs with both; mean margin: the preferred reward minus the other, in points"
)
_OF_REWARDS = (
    "distinct rewards: how many different ones were given; spread in a task: standard deviation of the rewards of one "
    "task's trajectories, in points, on average; flat tasks: share of tasks whose rewards are all equal, which teaches "
    "an RL run nothing; follows length, calls: Spearman's correlation of the reward with the characters of a "
    "trajectory and with its tool calls"
)
_OF_LABELLED_REWARDS = (
    "; AUC: chance that a success has a higher reward than a failure; calibration error: how far reward / 100 is from "
    "the share of successes, on average"
)
_OF_BEST_OF_N = (
    "best of: how often a success is picked among N trajectories of a task, in the tasks that have so many; random: "
    "picked blindly; oracle: always a success where there is one; "
)
_GAIN = "gain: points that {name} has over random, with the 95% interval by task"
_LIFT = "lift: points that {name} has over {first}, with the 95% interval by task"


_BELOW = "    "
_INTERVAL = re.compile(r" (?=\[)")
_NARROWEST = 5  # columns of words are not made narrower than this


def columns_at_hand() -> int:
    """The width of texts: $COLUMNS, else that of the terminal, else 80."""
    return shutil.get_terminal_size((80, 24)).columns


def fit(text: str) -> str:
    """A text with long lines broken at spaces; the rest of a line is indented below its beginning."""
    return "\n".join(_broken(line, columns_at_hand()) for line in text.split("\n"))


def _broken(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    hanging = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(line, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)


def render_table(
    headers: Sequence[str], rows: Sequence[Sequence[object]], *, below: Sequence[str] = (), indent: int = 0
) -> str:
    """Columns aligned under their headers, those of numbers to the right.

    below: a text under each row, which may be empty. indent: spaces before every line.
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
    """Widths that fit. The widest columns shrink first: down to their words, then to numbers without their intervals,
    then to broken words, then further."""
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
    """Of a number with an interval, `63.2% [52.1, 74.0]`, the longer of both."""
    return max(map(len, _INTERVAL.split(number)))


def _wrapped(cell: str, width: int) -> list[str]:
    """A cell in lines; an interval that fits a line stays whole."""
    if _is_number(cell) and _longest_part(cell) <= width < len(cell):
        return _INTERVAL.split(cell)
    return textwrap.wrap(cell, width) or [""]


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """The lines of a row: as many as its longest cell needs in its column."""
    broken = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for number in range(max(map(len, broken), default=0)):
        parts = [cell[number] if number < len(cell) else "" for cell in broken]
        padded = [p.rjust(w) if r else p.ljust(w) for p, w, r in zip(parts, widths, right, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return lines


def percent(value: float | None) -> str:
    """A share as text; a dash if there is none."""
    return "-" if value is None else f"{value:.1%}"


def with_interval(value: float | None, low: float | None, high: float | None, *, no_bounds: str | None = None) -> str:
    """A share with its 95% interval: `63.2% [52.1, 74.0]`. no_bounds: why it has none, shown in their place."""
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


def plural(count: int, one: str, many: str = "") -> str:
    """A number of things: `1 call`, `2 calls`, `2 trajectories`."""
    ending = one[:-1] + "ies" if one.endswith("ry") else one + "s"
    return f"{count:,} {one if count == 1 else many or ending}"


def render_metrics(columns: Mapping[str, Metrics]) -> str:
    """Evaluations side by side, one column each."""
    lines: list[tuple[str, Callable[[Metrics], object]]] = [
        ("agreement [95%]", lambda m: with_interval(m.score, m.low, m.high, no_bounds=m.no_bounds)),
        ("strict agreement", lambda m: percent(m.strict_agreement)),
        ("pairs", lambda m: m.pairs),
        ("ties", lambda m: m.ties),
        ("failures", lambda m: m.failures),
        ("coverage", lambda m: percent(m.coverage)),
        ("mean margin", lambda m: points(m.mean_margin)),
        ("trajectories", lambda m: m.trajectories),
        ("judge calls", lambda m: m.judge_calls),
        ("judge tokens", lambda m: m.judge_tokens),
        ("cost", lambda m: dollars(m.cost_usd)),
    ]
    table = render_table(["", *columns], [[name, *(show(m) for m in columns.values())] for name, show in lines])
    return f"{table}\n\n{fit(_OF_METRICS)}"


def render_categories(columns: Mapping[str, Metrics]) -> str:
    """Agreement by failure category, evaluations side by side; empty if no pair has a category."""
    names = sorted({name for metrics in columns.values() for name in metrics.by_category})
    rows = []
    for name in names:
        groups = [metrics.by_category.get(name) for metrics in columns.values()]
        pairs = next(group.pairs for group in groups if group)
        rows.append([name, pairs, *(percent(group.score) if group else "-" for group in groups)])
    return render_table(["category", "pairs", *columns], rows) if rows else ""


def render_rewards(columns: Mapping[str, Metrics]) -> str:
    """How rewards are spread and what they go along with, evaluations side by side."""
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
    labelled = any(metrics.rewards.calibration_error is not None for metrics in columns.values())
    lines += of_labels if labelled else []
    rows = [[name, *(show(metrics.rewards) for metrics in columns.values())] for name, show in lines]
    return f"{render_table(['rewards', *columns], rows)}\n\n{fit(_OF_REWARDS + _OF_LABELLED_REWARDS * labelled)}"


def _fixed(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def render_best_of_n(columns: Mapping[str, Metrics], lifts: Sequence[Lift] = ()) -> str:
    """Success when picking the best of N by reward, evaluations side by side; empty without labels.

    lifts: of the last column over the first; without them the last column is shown against random picks.
    """
    first, *_ = columns.values()
    by_size = {lift.n: lift.difference for lift in lifts}
    rows = []
    for at, bare in enumerate(first.best_of_n):
        picked = [metrics.best_of_n[at].harness for metrics in columns.values()]
        last = [metrics.best_of_n[at] for metrics in columns.values()][-1]
        gain = by_size.get(bare.n, Interval(last.gain, last.low, last.high, last.no_bounds))
        shares = [percent(share) for share in (bare.random, *picked, bare.oracle)]
        rows.append([bare.n, bare.tasks, *shares, difference(gain).replace(" points", "")])
    names = list(columns)
    headers = ["best of", "tasks", "random", *names, "oracle", "lift" if lifts else "gain"]
    told = _OF_BEST_OF_N + (_LIFT if lifts else _GAIN).format(name=names[-1], first=names[0])
    return f"{render_table(headers, rows)}\n\n{fit(told)}" if rows else ""


def _is_number(text: str) -> bool:
    return text == "-" or text[:1].isdigit() or (text[:1] in "+-$" and text[1:2].isdigit())
