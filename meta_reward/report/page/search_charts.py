"""The plots of a search: scores with the leader's line, score against cost, and the tree of candidates."""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

from markupsafe import Markup

from meta_reward.kinds.base import Words
from meta_reward.report.page import charts
from meta_reward.report.page.charts import Named, linked, markup, text
from meta_reward.report.tables import percent, with_interval
from meta_reward.run.ledger import Row

Address = Callable[[str], str]
_MOST_IDS = 6
_COLUMN, _ROW = 128, 30
_LABEL = 76
"""Room for the label of a node."""


def score_chart(rows: Sequence[Row], link: Address, words: Words) -> Markup:
    """Each candidate's score on search with its interval, and the best so far as a line."""
    scored = [row for row in rows if row.score is not None]
    if not scored:
        return Markup("")
    bounds = [value for row in scored for value in (row.score, row.low, row.high) if value is not None]
    area = charts.axes((0.5, len(rows) + 0.5), charts.around(bounds))
    place = {row.id: number for number, row in enumerate(rows, 1)}
    best = list(accumulate(((row.score or 0.0) for row in scored), max))
    line = _staircase([(area.x(place[row.id]), area.y(score)) for row, score in zip(scored, best, strict=True)])
    marks = [_score_mark(area, row, place[row.id], link) for row in rows]
    ticks = _id_ticks(rows)
    top = max(scored, key=lambda row: row.score or 0)
    named = Named(
        "scores",
        f"{words.metric.capitalize()} of each candidate on search",
        f"{len(scored)} of {len(rows)} candidates have a score. The first, {scored[0].id}, has "
        f"{percent(scored[0].score)}; the best, {top.id}, {percent(top.score)}. Bars are 95% intervals; the line is "
        "the best so far. Crosses at the bottom were rejected or failed.",
    )
    body = [
        area.frame(ticks, charts.share_ticks(area.y.low, area.y.high)),
        markup('<path class="leader" d="{}H{:g}"/>', line, area.x.end),
        *marks,
        area.names("candidates in their order", words.metric),
    ]
    return charts.svg(named, area.width, area.height, body)


def _id_ticks(rows: Sequence[Row]) -> list[tuple[float, str]]:
    """The ids of a few candidates, at their numbers from 1."""
    every = -(-len(rows) // _MOST_IDS)
    return [(number, rows[number - 1].id) for number in range(1, len(rows) + 1, every)]


def _score_mark(area: charts.Axes, row: Row, number: int, link: Address) -> Markup:
    x = area.x(number)
    if row.score is None:
        y = area.y.start - 6
        cross = markup('<path class="none" d="M{0:g} {1:g}l8 8m0 -8l-8 8"/>', x - 4, y - 4)
        return linked(link(row.id), f"{row.id} {row.name}: {row.status}", cross)
    bar = Markup("")
    if row.low is not None and row.high is not None:
        bar = markup('<path class="interval" d="M{:g} {:g}V{:g}"/>', x, area.y(row.low), area.y(row.high))
    dot = markup('<circle class="dot" cx="{:g}" cy="{:g}" r="4"/>', x, area.y(row.score))
    return linked(link(row.id), f"{row.id} {row.name}: {with_interval(row.score, row.low, row.high)}", bar + dot)


def _staircase(points: Sequence[tuple[float, float]]) -> str:
    """A line that goes across to each point, then up or down to it."""
    (x, y), *others = points
    return f"M{x:g} {y:g}" + "".join(f"H{x:g}V{y:g}" for x, y in others)


def cost_chart(
    rows: Sequence[Row], frontier: Sequence[str], named_too: Sequence[str], link: Address, words: Words
) -> Markup:
    """The score against its cost, with the frontier. named_too: further ids to write next to their marks."""
    scored = [row for row in rows if row.score is not None]
    if not scored:
        return Markup("")
    most = max(row.cost for row in scored) * 1.08 or 1.0
    area = charts.axes((0, most), charts.around(row.score or 0 for row in scored))
    by_id = {row.id: row for row in scored}
    on_it = [by_id[id] for id in frontier if id in by_id]
    steps = _staircase([(area.x(row.cost), area.y(row.score or 0)) for row in on_it])
    off_it = [row for row in scored if row not in on_it]
    labels = _labels(area, [*(row for row in off_it if row.id in named_too), *reversed(on_it)])
    marks = [_off_frontier(area, row, labels, link, words) for row in off_it]
    marks += [_on_frontier(area, row, labels, link, words) for row in on_it]
    named = Named(
        "cost",
        f"{words.metric.capitalize()} against {words.cost}",
        "The frontier, which no other candidate beats on both, from the cheapest: "
        + ", ".join(f"{row.id} {percent(row.score)} for {charts.short_number(row.cost)}" for row in on_it)
        + ". Filled squares are on it, open circles are not.",
    )
    body = [
        area.frame(charts.count_ticks(most), charts.share_ticks(area.y.low, area.y.high)),
        markup('<path class="leader" d="{}H{:g}"/>', steps, area.x.end),
        *marks,
        area.names(f"{words.cost} on the search split", words.metric),
    ]
    return charts.svg(named, area.width, area.height, body)


def _labels(area: charts.Axes, rows: Sequence[Row]) -> dict[str, Markup]:
    """The ids next to their marks; one that would cover another is left out."""
    taken: dict[str, tuple[float, float]] = {}
    for row in rows:
        x, y = _place(area, row)
        if all(abs(x - other) > 48 or abs(y - height) > 16 for other, height in taken.values()):
            taken[row.id] = (x, y)
    return {id: text(x - 8, y - 6, id, "label end") for id, (x, y) in taken.items()}


def _place(area: charts.Axes, row: Row) -> tuple[float, float]:
    return area.x(row.cost), area.y(row.score or 0)


def _off_frontier(area: charts.Axes, row: Row, labels: Mapping[str, Markup], link: Address, words: Words) -> Markup:
    mark = markup('<circle class="off" cx="{:g}" cy="{:g}" r="4"/>', *_place(area, row))
    return linked(link(row.id), _for_cost(row, words), mark + labels.get(row.id, Markup("")))


def _on_frontier(area: charts.Axes, row: Row, labels: Mapping[str, Markup], link: Address, words: Words) -> Markup:
    x, y = _place(area, row)
    mark = markup('<rect class="dot" x="{:g}" y="{:g}" width="9" height="9"/>', x - 4.5, y - 4.5)
    return linked(link(row.id), _for_cost(row, words), mark + labels.get(row.id, Markup("")))


def _for_cost(row: Row, words: Words) -> str:
    return f"{row.id} {row.name}: {percent(row.score)} for {row.cost:,} {words.cost}"


def spent_chart(rows: Sequence[Row], link: Address) -> Markup:
    """Judge tokens so far, candidate by candidate."""
    if not rows:
        return Markup("")
    sums = list(accumulate(row.judge_tokens for row in rows))
    area = charts.axes((0.5, len(rows) + 0.5), (0, sums[-1] or 1))
    ticks = _id_ticks(rows)
    points = [(area.x(number), area.y(total)) for number, total in enumerate(sums, 1)]
    marks = [
        linked(
            link(row.id),
            f"{row.id} {row.name}: {row.judge_tokens:,} judge tokens, {total:,} so far",
            markup('<circle class="dot" cx="{:g}" cy="{:g}" r="3"/>', x, y),
        )
        for row, total, (x, y) in zip(rows, sums, points, strict=True)
    ]
    named = Named("spent", "Judge tokens spent on search", f"{sums[-1]:,} tokens after {len(rows)} candidates.")
    line = "L".join(f"{x:g} {y:g}" for x, y in points)
    body = [
        area.frame(ticks, charts.count_ticks(sums[-1])),
        markup('<path class="after-line" d="M{}"/>', line),
        *marks,
        area.names("candidates in their order", "judge tokens"),
    ]
    return charts.svg(named, area.width, area.height, body)


def tree_chart(rows: Sequence[Row], best: str | None, link: Address) -> Markup:
    """The candidates by iteration, each joined to its parents."""
    if not rows:
        return Markup("")
    columns: dict[int, list[Row]] = {}
    for row in rows:
        columns.setdefault(row.iteration, []).append(row)
    spots = {
        row.id: (20 + _COLUMN * column, 40 + _ROW * place)
        for column, number in enumerate(sorted(columns))
        for place, row in enumerate(columns[number])
    }
    width = 20 + _COLUMN * len(columns)
    height = 40 + _ROW * max(map(len, columns.values()))
    heads = [
        text(20 + _COLUMN * column, 16, f"it. {number}" if number else "seeds", "tick")
        for column, number in enumerate(sorted(columns))
    ]
    edges = [_edge(spots, parent, row.id) for row in rows for parent in row.parents if parent in spots]
    nodes = [_node(spots[row.id], row, row.id == best, link) for row in rows]
    named = Named(
        "tree",
        "The tree of candidates",
        "A column for each iteration, a line from each parent to its child. The same tree stands below as a list, with "
        "status and hypothesis.",
    )
    return charts.svg(named, width, height, [*heads, *edges, *nodes], fixed=True)


def _edge(spots: Mapping[str, tuple[int, int]], parent: str, child: str) -> Markup:
    (x, y), (to_x, to_y) = spots[parent], spots[child]
    x += _LABEL
    middle = (x + to_x) / 2
    return markup(
        '<path class="edge" d="M{:g} {:g}C{:g} {:g} {:g} {:g} {:g} {:g}"/>',
        x,
        y,
        middle,
        y,
        middle,
        to_y,
        to_x - 6,
        to_y,
    )


def _node(spot: tuple[int, int], row: Row, is_best: bool, link: Address) -> Markup:
    x, y = spot
    said = f"{row.id} {row.name}: {percent(row.score) if row.score is not None else row.status}"
    if row.score is None:
        mark = markup('<path class="none" d="M{0:g} {1:g}l8 8m0 -8l-8 8"/>', x - 4, y - 4)
    else:
        mark = markup(
            '<circle class="{}" cx="{:g}" cy="{:g}" r="{}"/>', "best" if is_best else "dot", x, y, 6 if is_best else 5
        )
    words = row.id if row.score is None else f"{row.id} {row.score * 100:.0f}%"
    return linked(link(row.id), said, mark + text(x + 9, y + 4, words, "label"))
