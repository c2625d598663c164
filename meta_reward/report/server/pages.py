"""The pages that `view` serves: those of a report, with all candidates and pairs, from the run as it is now."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files as resources
from urllib.parse import quote

from meta_reward.files import printable
from meta_reward.report.page import render
from meta_reward.report.page.calibration import collect_rewards
from meta_reward.report.page.collect import RunPage, collect_clusters
from meta_reward.report.page.details import collect_candidate, collect_pair, collect_trajectory
from meta_reward.report.page.links import Links
from meta_reward.report.page.outcomes import PairMap, Telling, telling_pairs
from meta_reward.report.page.pack import Pack
from meta_reward.report.page.view import Reading
from meta_reward.report.server.current import Current, Kept, Paced
from meta_reward.report.status_text import render_headline


def _address(kind: str) -> Callable[[str], str]:
    return lambda id: f"/{kind}/{quote(id, safe='')}"


LINKS = Links("/", *map(_address, ("candidate", "pair", "trajectory")))
_NO_PAIRS = replace(LINKS, pair=lambda id: "", trajectory=lambda id: "")


@cache
def script(name: str) -> str:
    """A script of the server's own pages."""
    return (resources("meta_reward.report.server") / name).read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Live:
    """The answer to what pages ask for every few seconds."""

    version: str
    line: str
    running: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole overview of a version of the run."""

    version: str
    html: str


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages on a run, as HTML. A page of something that does not exist raises KeyError."""

    current: Current
    _first: Kept[str] = field(default_factory=Kept)
    _whole: Paced[Overview] = field(default_factory=Paced)

    def live(self) -> Live:
        """The status of the run, in one line."""
        status = self.current.status()
        return Live(self.current.version(), render_headline(status), status.state == "running")

    def home(self) -> str:
        """The first page. Sections that take long are left out until they were made once; the page asks for them."""
        version, last = self.current.version(), self._whole.last
        if last is not None and last.version == version:
            return self._document(last.html, version)
        return self._first.get(version, lambda: self._document(render.overview(self.current.run(), None, LINKS), ""))

    def overview(self) -> Overview:
        """The whole overview, without a document around it; an older one if making it takes long."""
        version, last = self.current.version(), self._whole.last
        if last is not None and last.version == version:
            return last
        return self._whole.get(lambda: Overview(version, self._overview()))

    def _overview(self) -> str:
        run, layout = self.current.run(), self.current.layout
        if not run.has_pairs:
            return render.overview(run, None, LINKS)
        found = self.current.map()
        return render.overview(
            run,
            found,
            LINKS,
            clusters=collect_clusters(layout) if run.status.decision else None,
            rewards=collect_rewards(layout, run),
            reading=_reading(run, found, self.current.rollouts()),
        )

    def candidate(self, id: str, against: str | None) -> str:
        """The page of a candidate. against: the id of the candidate to compare its program with."""
        run = self.current.run()
        if against:
            run.row(against)
        page = collect_candidate(self.current.layout, run, id)
        usual = [*page.row.parents, *([run.baseline] if run.baseline else [])]
        beside = next((one for one in usual if one != id), "") if against is None else against
        pack = Pack()
        for one in {id, *([beside] if beside else [])}:
            pack.add(f"source-{one}", printable(collect_candidate(self.current.layout, run, one).source))
        body = render.candidate(page, run, LINKS if run.has_pairs else _NO_PAIRS, against=beside)
        return self._document(body, "", pack, f"{id} {run.row(id).name}")

    def pair(self, id: str, wanted: list[str]) -> str:
        """The page of a pair. wanted: ids of the candidates whose exchange it shows; the baseline and the best."""
        run, found = self._with_pairs()
        shown = list(dict.fromkeys(run.row(one).id for one in wanted if one)) or list(run.compared)
        page = collect_pair(self.current.layout, found.pair(id), shown, self.current.rollouts())
        return self._document(render.pair(page, run, LINKS, found, choice=found.candidates), "", None, id)

    def trajectory(self, id: str, wanted: list[str]) -> str:
        """The page of a trajectory of the search split, which need not be in a pair. wanted: as for a pair."""
        run, found = self._with_pairs()
        shown = list(dict.fromkeys(run.row(one).id for one in wanted if one)) or list(run.compared)
        page = collect_trajectory(self.current.layout, self.current.rollouts()[id], found.pairs, shown)
        return self._document(render.trajectory(page, run, LINKS, choice=found.candidates), "", None, id)

    def _with_pairs(self) -> tuple[RunPage, PairMap]:
        """The run and its pairs. Raises KeyError if it has none, as a search over another kind of programs."""
        run = self.current.run()
        if not run.has_pairs:
            raise KeyError("pairs")
        return run, self.current.map()

    def _document(self, body: str, version: str, pack: Pack | None = None, about: str = "") -> str:
        name = self.current.layout.root.name
        texts = {"lines": pack.lines, "texts": pack.texts} if pack else {}
        data = {**texts, "title": printable(name), "version": version, "whole": not about}
        title = f"{printable(about)} - {name}" if about else name
        return render.document(title, body, data=data, extra=[script("live.js")], served=True)


def _reading(run: RunPage, found: PairMap, rollouts: Collection[str]) -> Reading:
    """Every pair, the most telling ones first, and every trajectory that is in no pair."""
    telling = telling_pairs(found, run.compared[0], run.compared[-1]) if run.compared else []
    known = {one.pair.id for one in telling}
    others = [Telling(pair, "") for pair in found.pairs if pair.id not in known]
    paired = {id for pair in found.pairs for id in (pair.preferred, pair.other)}
    unpaired = sorted(id for id in rollouts if id not in paired)
    return Reading([*telling, *others], "Every search pair; first those that say most, with the reason", unpaired)
