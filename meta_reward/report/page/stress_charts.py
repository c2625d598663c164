"""The plots of `study stress`: the course of each arm, and which trials both rewards pick."""

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from meta_reward.records import parse_record
from meta_reward.report.page import charts
from meta_reward.report.page.charts import Axes, Named, markup, text
from meta_reward.report.page.pair_charts import best_of_n_chart
from meta_reward.report.page.studies import Study
from meta_reward.report.tables import percent
from meta_reward.search.studies.stress import STUDY, StressTables
from meta_reward.search.studies.stress_numbers import ARMS, Update

_WIDTH, _HEIGHT = 560, 280
_LINE = 17
"""Pixels between two labels at least."""
_BESIDE = 158
"""Room for the labels at the ends of the lines."""
_LEARNED, _HELD_LEARNED = "learned reward", "learned, held out"
_OFFICIAL, _HELD_OFFICIAL = "success", "success, held out"
_KINDS = {
    _LEARNED: "after-line",
    _OFFICIAL: "leader",
    _HELD_LEARNED: "after-line held",
    _HELD_OFFICIAL: "leader held",
}
"""Classes of the style sheet: rewards and success differ in colour and mark, what is held out is dashed."""
_Curves = Mapping[str, Sequence[float]]


def study_charts(study: Study) -> tuple[Markup, ...]:
    """The plots of a finished study; none if it has no plots, or if another version wrote its tables."""
    if study.kind != STUDY or study.tables is None:
        return ()
    try:
        tables = parse_record(StressTables, study.tables)
    except TypeError:
        return ()
    return stress_charts(tables, study.name)


def stress_charts(tables: StressTables, name: str) -> tuple[Markup, ...]:
    """All plots of the tables. name: the study's, with which their ids begin."""
    arms = {arm: [one for one in tables.course if one.arm == arm] for arm in ARMS}
    return (
        *(_course_chart(f"{name}-{arm}", arm, course) for arm, course in arms.items() if course),
        best_of_n_chart({one.arm: one.curve for one in reversed(tables.picks)}, f"{name}-picks"),
    )


def _course_chart(id: str, arm: str, course: Sequence[Update]) -> Markup:
    """Learned reward and success of the leader after each update, on search and on held-out tasks."""
    curves = _curves_of(course)
    updates = [one.update for one in course]
    values_of = charts.around(value for values in curves.values() for value in values)
    area = charts.axes((0, max(1, updates[-1])), values_of, width=_WIDTH, height=_HEIGHT, beside=_BESIDE)
    named = Named(
        id,
        f"Arm {arm}: the leader after each update",
        "; ".join(
            f"{name}: " + ", ".join(f"{at} {percent(value)}" for at, value in zip(updates, values, strict=True))
            for name, values in curves.items()
        ),
    )
    drawn = [_curve(area, name, updates, values) for name, values in curves.items()]
    ticks = [(float(update), str(update)) for update in updates]
    body = [
        area.frame(ticks, charts.share_ticks(area.y.low, area.y.high)),
        *drawn,
        *_labels(area, curves),
        area.names("updates", f"{arm}: share"),
    ]
    return charts.svg(named, area.width, area.height, body)


def _curves_of(course: Sequence[Update]) -> dict[str, list[float]]:
    """The lines of an arm; an arm that is scored by the true outcome has none for a learned reward."""
    curves: dict[str, list[float | None]] = {
        _LEARNED: [one.learned for one in course],
        _OFFICIAL: [one.official for one in course],
        _HELD_LEARNED: [one.held_learned for one in course],
        _HELD_OFFICIAL: [one.held_official for one in course],
    }
    return {name: [v for v in values if v is not None] for name, values in curves.items() if None not in values}


def _curve(area: Axes, name: str, updates: Sequence[int], values: Sequence[float]) -> Markup:
    points = [(area.x(update), area.y(value)) for update, value in zip(updates, values, strict=True)]
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    line = markup('<path class="{}" d="{}"/>', _KINDS[name], path)
    marks = (
        _mark(name, x, y, f"{name}, update {at}: {percent(value)}")
        for (x, y), at, value in zip(points, updates, values, strict=True)
    )
    return line + Markup("").join(marks)


def _mark(name: str, x: float, y: float, said: str) -> Markup:
    """A circle for a learned reward, a square for success."""
    title = markup("<title>{}</title>", said)
    if name in (_LEARNED, _HELD_LEARNED):
        return markup('<circle class="dot" cx="{:g}" cy="{:g}" r="3.5">', x, y) + title + Markup("</circle>")
    square = markup('<rect class="truth" x="{:g}" y="{:g}" width="7" height="7">', x - 3.5, y - 3.5)
    return square + title + Markup("</rect>")


def _labels(area: Axes, curves: _Curves) -> Iterator[Markup]:
    """The name of each line at its end, moved apart if two would overlap."""
    below = 0.0
    for name, values in sorted(curves.items(), key=lambda item: area.y(item[1][-1])):
        y = max(area.y(values[-1]) + 4, below + _LINE)
        below = y
        yield text(area.x.end + 7, y, name, "label")
