"""The plots about pairs and rewards: the map of pairs by candidates, margins, calibration and best-of-N."""

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise

from markupsafe import Markup

from meta_reward.evaluation.best_of_n import BestOfN
from meta_reward.report.page import charts
from meta_reward.report.page.calibration import Bin
from meta_reward.report.page.charts import Named, markup, text
from meta_reward.report.page.outcomes import FAILED, LOST, TIED, WON, PairMap
from meta_reward.report.tables import percent

BESIDE = 50
"""Room for the ids of candidates."""
_CLASSES = {WON: "won", TIED: "tied", LOST: "lost", FAILED: "failed"}
ROW = 12
"""Height of a row of the map."""
_WIDEST = 1100
_EDGES = (-100, -50, -20, -10, -5, 0, 5, 10, 20, 50, 100)


def pair_map(found: PairMap) -> Markup:
    """One row per candidate, one column per pair; the pairs that most candidates lose are on the left."""
    if not found.pairs or not found.candidates:
        return Markup("")
    column = max(1.0, min(8.0, (_WIDEST - BESIDE) / len(found.pairs)))
    rows = [_map_row(found, number, column) for number in range(len(found.candidates))]
    never = len(found.never_won)
    named = Named(
        "map",
        "Pairs by candidates",
        f"{len(found.pairs)} pairs of the search split, a column each, those that most candidates lose on the left; "
        f"{len(found.candidates)} scored candidates, a row each. {never} pairs are won by no candidate.",
    )
    height = ROW * len(rows) + 4
    return charts.svg(named, BESIDE + column * len(found.pairs), height, rows, fixed=True)


def _map_row(found: PairMap, number: int, column: float) -> Markup:
    """The cells of a candidate, one path for each kind of outcome; the kinds differ in height too."""
    middle = number * ROW + 2 + ROW / 2
    paths: dict[str, list[str]] = {}
    start = 0
    for letter, run in groupby(pair.outcomes[number] for pair in found.pairs):
        length = len(list(run))
        paths.setdefault(letter, []).append(f"M{BESIDE + start * column:.6g} {middle:g}h{length * column:.4g}")
        start += length
    cells = (
        markup('<path class="cell {}" d="{}"/>', _CLASSES[letter], "".join(runs)) for letter, runs in paths.items()
    )
    return text(0, middle + 4, found.candidates[number], "tick") + Markup("").join(cells)


def margin_chart(before: tuple[str, Sequence[float]], after: tuple[str, Sequence[float]]) -> Markup:
    """The distribution of pairs over margins, under two candidates."""
    counts = {name: margin_counts(margins) for name, margins in (before, after)}
    most = max((count for found in counts.values() for _, count in found), default=0) or 1
    labels = [label for label, _ in margin_counts([])]
    area = charts.axes((-0.5, len(labels) - 0.5), (0, most), height=280)
    step = (area.x.end - area.x.start) / len(labels)
    bars = [
        markup(
            '<rect class="{}" x="{:g}" y="{:g}" width="{:g}" height="{:g}"><title>{}</title></rect>',
            "before" if side == 0 else "after",
            round(area.x(place) - step * 0.4 + side * step * 0.4, 1),
            area.y(count),
            round(step * 0.38, 1),
            round(area.y.start - area.y(count), 1),
            f"{name}: {count} pairs with margin {label}",
        )
        for side, (name, found) in enumerate(counts.items())
        for place, (label, count) in enumerate(found)
    ]
    named = Named(
        "margins",
        "Margins before and after",
        "; ".join(
            f"{name}: " + ", ".join(f"{label}: {count}" for label, count in found) for name, found in counts.items()
        ),
    )
    # An edge stands between two bars; a tie has a bar of its own.
    half = len(labels) // 2
    ticks = [(place - 0.5, f"{edge}") for place, edge in enumerate(_EDGES[:half]) if place] + [(half, "0")]
    ticks += [(place + half + 1.5, f"+{edge}") for place, edge in enumerate(_EDGES[half + 1 : -1])]
    body = [area.frame(ticks, charts.count_ticks(most)), *bars, area.names("margin in points; 0 is a tie", "pairs")]
    return charts.svg(named, area.width, area.height, body)


def margin_counts(margins: Sequence[float]) -> list[tuple[str, int]]:
    """The number of margins in each range; a tie is its own range."""
    ranges = list(pairwise(_EDGES))
    lost = [(f"{low} to {high}", sum(low <= value < high for value in margins)) for low, high in ranges if high <= 0]
    won = [(f"{low} to {high}", sum(low < value <= high for value in margins)) for low, high in ranges if low >= 0]
    return [*lost, ("tie", sum(value == 0 for value in margins)), *won]


def calibration_chart(bins: Mapping[str, Sequence[Bin]]) -> Markup:
    """Share of successes by reward, for one or two candidates."""
    area = charts.axes((0, 100), (0, 1), height=280)
    marks = [
        _calibration_mark(area, side, name, one) for side, (name, found) in enumerate(bins.items()) for one in found
    ]
    named = Named(
        "calibration",
        "Share of successes by reward",
        "; ".join(
            f"{name}: "
            + ", ".join(f"reward {one.mean_reward:.0f}: {percent(one.success)} of {one.trajectories}" for one in found)
            for name, found in bins.items()
        ),
    )
    ideal = markup('<path class="ideal" d="M{:g} {:g}L{:g} {:g}"/>', area.x(0), area.y(0), area.x(100), area.y(1))
    ticks = [(value, str(value)) for value in range(0, 101, 20)]
    body = [area.frame(ticks, charts.share_ticks(0, 1)), ideal, *marks, area.names("reward", "share of successes")]
    return charts.svg(named, area.width, area.height, body)


def _calibration_mark(area: charts.Axes, side: int, name: str, one: Bin) -> Markup:
    x, y = area.x(one.mean_reward), area.y(one.success)
    title = f"{name}: reward {one.low} to {one.high}: {percent(one.success)} of {one.trajectories} succeed"
    size = 3 + min(6.0, one.trajectories**0.5 / 2)
    if side:
        shape = markup('<circle class="after" cx="{:g}" cy="{:g}" r="{:.2g}">', x, y, size)
        return shape + markup("<title>{}</title></circle>", title)
    shape = markup(
        '<rect class="before" x="{0:.4g}" y="{1:.4g}" width="{2:.3g}" height="{2:.3g}">', x - size, y - size, 2 * size
    )
    return shape + markup("<title>{}</title></rect>", title)


def best_of_n_chart(found: Mapping[str, Sequence[BestOfN]], id: str = "best-of-n") -> Markup:
    """How often the best of N is a success, by N. id: unique on its page."""
    sizes = [one.n for one in next(iter(found.values()), ())]
    if not sizes:
        return Markup("")
    first = next(iter(found.values()))
    lines = {
        "random": [one.random for one in first],
        **{name: [one.harness for one in of] for name, of in found.items()},
    }
    lines["oracle"] = [one.oracle for one in first]
    area = charts.axes(
        (-0.2, len(sizes) - 0.8), charts.around(v for values in lines.values() for v in values), height=280, beside=72
    )
    kinds = ["ideal", "before-line", "after-line"] if len(found) > 1 else ["ideal", "after-line"]
    drawn = [
        _line(area, kind, name, values) for kind, (name, values) in zip([*kinds, "ideal"], lines.items(), strict=True)
    ]
    named = Named(
        id,
        "Success when the best of N is picked",
        "; ".join(
            f"{name}: " + ", ".join(f"N {n}: {percent(value)}" for n, value in zip(sizes, values, strict=True))
            for name, values in lines.items()
        ),
    )
    ticks = [(place, str(n)) for place, n in enumerate(sizes)]
    body = [
        area.frame(ticks, charts.share_ticks(area.y.low, area.y.high)),
        *drawn,
        area.names("N", "share of successes"),
    ]
    return charts.svg(named, area.width, area.height, body)


def _line(area: charts.Axes, kind: str, name: str, values: Sequence[float]) -> Markup:
    points = [(area.x(place), area.y(value)) for place, value in enumerate(values)]
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    x, y = points[-1]
    return markup('<path class="{}" d="{}"/>', kind, path) + text(x + 4, y + 4, name, "label")
