"""The pages as HTML: one function for each part, and the whole report as one file.

All text is escaped by the templates, and control characters and direction marks in it are made visible: a page may
quote trajectories, replies and programs, and runs nothing of theirs. Its policy allows the script of the page by its
digest, and no request at all.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files as resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from meta_reward.evaluation.statistics import Interval
from meta_reward.files import dump_json, printable
from meta_reward.models.usage import dollars
from meta_reward.report import tables
from meta_reward.report.page.calibration import Rewards
from meta_reward.report.page.collect import Clusters, RunPage
from meta_reward.report.page.details import CandidatePage, PairPage, TrajectoryPage
from meta_reward.report.page.links import Links
from meta_reward.report.page.outcomes import PairMap
from meta_reward.report.page.pack import embedded
from meta_reward.report.page.view import NOTHING, Reading, candidate_values, overview_values, pair_values
from meta_reward.trajectory import render_call

_PACKAGE = "meta_reward.report.page"
_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src '{digests}'; img-src data:; base-uri 'none'; "
    "form-action {forms}"
)


def overview(
    run: RunPage,
    found: PairMap | None,
    links: Links,
    *,
    clusters: Clusters | None = None,
    rewards: Rewards | None = None,
    reading: Reading = NOTHING,
) -> str:
    """The first page. found, clusters, rewards: None leaves their sections out, where they would take too long."""
    return _render("overview.html", overview_values(run, found, links, clusters, rewards, reading))


def candidate(page: CandidatePage, run: RunPage, links: Links, *, against: str | None = None) -> str:
    """The page of a candidate. Its programs are compared by the script, from the texts `source-ID` that it is given.

    against: the id of the one to compare with, empty for none; its first parent if not given, else the baseline.
    """
    return _render("candidate.html", candidate_values(page, run, links, against))


def pair(
    page: PairPage, run: RunPage, links: Links, found: PairMap | None = None, *, choice: Sequence[str] = ()
) -> str:
    """The page of a pair: both transcripts, and the exchange of the candidates that it was collected for.

    choice: ids of candidates of which the reader may choose two others.
    """
    return _render("pair.html", {**pair_values(page, run, links, found), "choice": choice})


def trajectory(page: TrajectoryPage, run: RunPage, links: Links, *, choice: Sequence[str] = ()) -> str:
    """The page of a trajectory. choice: as for a pair."""
    return _render("trajectory.html", {"page": page, "run": run, "links": links, "choice": choice})


def label(values: Mapping[str, object]) -> str:
    """The page to label a pair on."""
    return _render("label.html", values)


def document(
    title: str, body: str, *, data: Mapping[str, object], extra: Sequence[str] = (), served: bool = False
) -> str:
    """A whole page around a part. data: what the script is given, as JSON. The rest as for `policy`."""
    values = {
        "title": title,
        "body": Markup(body),
        "style": Markup(_text("style.css")),
        "scripts": [Markup(one) for one in (script(), *extra)],
        "data": Markup(embedded(data)),
        "csp": policy(extra, served=served),
    }
    return _render("document.html", values)


def policy(extra: Sequence[str] = (), *, served: bool = False) -> str:
    """What a page may do. extra: more scripts of ours. served: whether it may ask the server that it came from."""
    digests = "' '".join(map(_digest, (script(), *extra)))
    return _CSP.format(digests=digests, forms="'self'; connect-src 'self'" if served else "'none'")


def script() -> str:
    """The script of every page."""
    return _text("script.js")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _text(name: str) -> str:
    return (resources(_PACKAGE) / name).read_text(encoding="utf-8")


def _render(name: str, values: Mapping[str, object]) -> str:
    return environment().get_template(name).render(values)


@cache
def environment() -> Environment:
    """The templates, with the phrases that all commands share as filters."""
    made = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(_FILTERS)
    return made


def _visible(value: object) -> object:
    """A value as a template shows it: text without anything that controls or reorders what is read."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else printable(value)


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _fixed(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _points_of(mean: float, low: float | None, high: float | None) -> str:
    return tables.difference(Interval(mean, low, high))


def _as_words(value: object) -> str:
    """A text of a message; what is none, as JSON."""
    return value if isinstance(value, str) else dump_json(value).decode().rstrip()


_FILTERS: dict[str, Callable[..., object]] = {
    "percent": tables.percent,
    "interval": tables.with_interval,
    "difference": tables.difference,
    "points": tables.points,
    "reward": tables.reward,
    "plural": tables.plural,
    "dollars": dollars,
    "count": _count,
    "fixed": _fixed,
    "call": render_call,
    "points_of": _points_of,
    "as_words": _as_words,
}
