"""Plots as inline SVG: functions of plain numbers.

Every plot has a title and a description for those who cannot see it. It takes its colours from the classes of the style
sheet, so it is readable in light and dark, and it distinguishes things by shape or place as well as by colour. Text is
escaped. A table on the same page has the same numbers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup, escape

from meta_reward.files import printable

_SVG = Markup(
    '<svg class="plot" viewBox="0 0 {width:g} {height:g}" role="group" aria-labelledby="{id}-t" '
    'aria-describedby="{id}-d"{size}>'
    '<title id="{id}-t">{title}</title><desc id="{id}-d">{description}</desc>{body}</svg>'
)


@dataclass(frozen=True, slots=True)
class Named:
    """The title of a plot, and its description for those who cannot see it."""

    id: str
    """Unique on its page."""
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps a range of values to a range of pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True, slots=True)
class Axes:
    """The frame of a plot, and its two scales."""

    x: Scale
    y: Scale
    width: float
    height: float

    def frame(self, x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[tuple[float, str]]) -> Markup:
        """Grid lines with their labels."""
        rows = (
            markup('<path class="grid" d="M{:g} {:g}H{:g}"/>', self.x.start, self.y(value), self.x.end)
            + text(self.x.start - 6, self.y(value) + 4, label, "tick end")
            for value, label in y_ticks
        )
        columns = (text(self.x(value), self.y.start + 18, label, "tick middle") for value, label in x_ticks)
        return Markup("").join([*rows, *columns])

    def names(self, x: str, y: str) -> Markup:
        """The names of the axes."""
        return text((self.x.start + self.x.end) / 2, self.height - 4, x, "axis middle") + text(4, 12, y, "axis")


def markup(pattern: str, *values: object) -> Markup:
    """A trusted pattern, filled in with escaped values."""
    shown = (value if isinstance(value, int | float) else escape(value) for value in values)
    return Markup(pattern.format(*shown))


def text(x: float, y: float, words: str, kind: str = "") -> Markup:
    """A label. kind: classes of the style sheet."""
    return markup('<text x="{:g}" y="{:g}" class="{}">{}</text>', x, y, kind, printable(words))


def svg(named: Named, width: float, height: float, body: Iterable[Markup], *, fixed: bool = False) -> Markup:
    """A plot. fixed: whether it keeps its size instead of filling the width of the page."""
    size = markup(' width="{:g}" height="{:g}"', width, height) if fixed else Markup("")
    return _SVG.format(
        id=named.id,
        title=printable(named.title),
        description=printable(named.description),
        width=width,
        height=height,
        size=size,
        body=Markup("").join(body),
    )


def linked(href: str, label: str, body: Markup) -> Markup:
    """A mark that is a link for a pointer; keyboard users take the links in the table next to the plot."""
    title = markup("<title>{}</title>", printable(label))
    if not href:
        return markup("<g>{}{}</g>", title, body)
    return markup('<a href="{}" tabindex="-1">{}{}</a>', href, title, body)


def axes(
    x: tuple[float, float], y: tuple[float, float], *, width: float = 560, height: float = 300, beside: float = 12
) -> Axes:
    """A frame with room for the labels of its axes. beside: pixels to leave free on its right."""
    return Axes(Scale(*x, 46, width - beside), Scale(*y, height - 42, 24), width, height)


def share_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Ticks between two shares, at steps of 5, 10 or 20 points."""
    step = next((step for step in (5, 10, 20) if (high - low) * 100 / step <= 7), 20)
    first, last = ceil(low * 100 / step - 1e-9), floor(high * 100 / step + 1e-9)
    return [(number * step / 100, f"{number * step}%") for number in range(first, last + 1)]


def count_ticks(high: float, most: int = 5) -> list[tuple[float, str]]:
    """Round numbers from 0 up to a value."""
    if high <= 0:
        return [(0.0, "0")]
    power = 10 ** floor(log10(high / most)) if high > 1 else 1
    step = next(power * factor for factor in (1, 2, 5, 10, 20, 50) if high / (power * factor) <= most)
    return [(number * step, short_number(number * step)) for number in range(floor(high / step) + 1)]


def short_number(value: float) -> str:
    """A number in about four characters: `1.2M`."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def around(values: Iterable[float], *, least: float = 0.1) -> tuple[float, float]:
    """A range of shares around values, on round numbers and not narrower than `least`."""
    known = list(values) or [0.5]
    low, high = floor(min(known) * 20) / 20, ceil(max(known) * 20) / 20
    return (low, high) if high - low >= least else (max(0.0, low - least / 2), min(1.0, high + least / 2))
