"""Plain text for a terminal or a file: aligned tables and the few phrases that all commands share.

Every cell is made printable, since names and hypotheses may come from a model.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from meta_reward.files import printable

SIMULATED = "simulated judge: these numbers say nothing about any real model"


def render_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns aligned under their headers; a column of numbers to the right."""
    cells = [[printable(str(cell)).replace("\n", " ") for cell in row] for row in rows]
    widths = [max(len(header), *(len(row[i]) for row in cells), 0) for i, header in enumerate(headers)]
    right = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(headers))]

    def line(row: Sequence[str]) -> str:
        padded = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        return "  ".join(padded).rstrip()

    return "\n".join(line(row) for row in [list(headers), *cells])


def percent(value: float | None) -> str:
    """A share as text; a dash where there is none."""
    return "-" if value is None else f"{value:.1%}"


def with_interval(numbers: Mapping[str, Any], key: str = "agreement") -> str:
    """A share with its 95% interval, if it has one: `63.2% [52.1, 74.0]`."""
    value, low, high = numbers.get(key), numbers.get("low"), numbers.get("high")
    if value is None:
        return "-"
    return percent(value) if low is None or high is None else f"{value:.1%} [{low * 100:.1f}, {high * 100:.1f}]"


def points(value: float | None) -> str:
    """A difference of rewards in points."""
    return "-" if value is None else f"{value:+.1f}"


def dollars(value: float | None) -> str:
    """An amount of money as text; cents and fractions of them where it is small."""
    if value is None:
        return "price unknown"
    return f"${value:,.4f}" if 0 < value < 0.1 else f"${value:,.2f}"


def plural(count: int, one: str, many: str = "") -> str:
    """A number of things: `1 call`, `2 calls`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def render_metrics(columns: Mapping[str, Mapping[str, Any]]) -> str:
    """Evaluations side by side, a column each."""
    lines: list[tuple[str, Any]] = [
        ("agreement [95%]", with_interval),
        ("strict agreement", lambda m: percent(m["strict_agreement"])),
        ("pairs", lambda m: m["pairs"]),
        ("ties", lambda m: m["ties"]),
        ("failures", lambda m: m["failures"]),
        ("coverage", lambda m: percent(m["coverage"])),
        ("mean margin", lambda m: points(m["mean_margin"])),
        ("trajectories", lambda m: m["trajectories"]),
        ("judge calls", lambda m: m["judge_calls"]),
        ("judge tokens", lambda m: m["judge_tokens"]),
        ("cost", lambda m: dollars(m["cost_usd"])),
    ]
    return render_table(["", *columns], [[name, *(show(m) for m in columns.values())] for name, show in lines])


def render_categories(columns: Mapping[str, Mapping[str, Any]]) -> str:
    """Agreement by failure category, evaluations side by side; empty where pairs carry none."""
    names = sorted({name for metrics in columns.values() for name in metrics["by_category"]})
    rows = []
    for name in names:
        groups = [metrics["by_category"].get(name) for metrics in columns.values()]
        pairs = next(group["pairs"] for group in groups if group)
        rows.append([name, pairs, *(percent(group["agreement"]) if group else "-" for group in groups)])
    return render_table(["category", "pairs", *columns], rows) if rows else ""


def render_best_of_n(columns: Mapping[str, Mapping[str, Any]]) -> str:
    """Success when picking the best of N by reward, evaluations side by side; empty without labels."""
    first, *_ = columns.values()
    rows = []
    for at, bare in enumerate(first["best_of_n"]):
        picked = [metrics["best_of_n"][at]["harness"] for metrics in columns.values()]
        lift = picked[-1] - (picked[0] if len(picked) > 1 else bare["random"])
        shares = [percent(share) for share in (bare["random"], *picked, bare["oracle"])]
        rows.append([bare["n"], bare["tasks"], *shares, f"{lift * 100:+.1f}"])
    headers = ["best of", "tasks", "random", *columns, "oracle", "lift"]
    return render_table(headers, rows) if rows else ""


def _is_number(text: str) -> bool:
    return text == "-" or text[:1].isdigit() or (text[:1] in "+-$" and text[1:2].isdigit())
