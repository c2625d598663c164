"""The pages as HTML: one function for each part, and the whole report as one file.

The templates escape all text, and make control characters and direction marks in it visible: a page may quote
trajectories, replies and programs, but never runs any of it. Its content security policy allows only the script of the
page, by its digest, and no requests.
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
    """The first page. found, clusters, rewards: None leaves their sections out, for when they would take too long."""
    return _render("overview.html", overview_values(run, found, links, clusters, rewards, reading))


def candidate(page: CandidatePage, run: RunPage, links: Links, *, against: str | None = None) -> str:
    """The page of a candidate. The script compares programs, from the texts `source-ID` that it gets.

    against: the id of the candidate to compare with, empty for none; by default its first parent, else the baseline.
    """
    return _render("candidate.html", candidate_values(page, run, links, against))


def pair(
    page: PairPage, run: RunPage, links: Links, found: PairMap | None = None, *, choice: Sequence[str] = ()
) -> str:
    """The page of a pair: both transcripts, and the questions and replies of the candidates in `page`.

    choice: ids of candidates among which the reader may choose two others.
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
    """A whole page around a part. data: JSON for the script. The rest as for `policy`."""
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
    """The content security policy of a page.

    extra: further scripts to allow. served: whether the page may send requests to the server that it came from.
    """
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
    """A value as a template shows it: in text, characters that control or reorder it are made visible."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else printable(value)


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _fixed(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _points_of(mean: float, low: float | None, high: float | None) -> str:
    return tables.difference(Interval(mean, low, high))


def _as_words(value: object) -> str:
    """The text of a message; any other value as JSON."""
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
