"""Writes `report.html` of a run: everything in one file.

Besides the overview it has the page of every candidate, and the most telling pairs, as many as there is room for. Of a
sealed split it only shows the numbers and ids that `test` and the decision print. It does not say when it was written,
so the same run gives the same file.
"""

from collections.abc import Sequence
from pathlib import Path

from meta_reward import files
from meta_reward.files import printable
from meta_reward.report.page import render
from meta_reward.report.page.calibration import collect_rewards
from meta_reward.report.page.collect import RunPage, collect_clusters, collect_run
from meta_reward.report.page.details import CandidatePage, collect_candidate, collect_pair, load_search_rollouts
from meta_reward.report.page.links import Links, in_the_file, pair_key
from meta_reward.report.page.outcomes import PairMap, Telling, collect_map, telling_pairs
from meta_reward.report.page.pack import Pack
from meta_reward.report.page.view import NOTHING, Reading
from meta_reward.report.tables import plural
from meta_reward.run import git
from meta_reward.run.layout import Layout

ROOM = 2_450_000
"""Bytes that candidates and pairs may take together; the first page comes on top."""
_MOST_PAIRS = 60


def write_report(layout: Layout) -> Path:
    """Write the report of a run to the run's folder; returns its path."""
    git.leave_out(layout.root, layout.report.name)
    files.write_bytes(layout.report, render_report(layout).encode())
    return layout.report


def render_report(layout: Layout) -> str:
    """The report of a run as HTML. Raises DataError if the record is damaged."""
    run = collect_run(layout)
    found = collect_map(layout, run.rows) if run.has_pairs else None
    telling = telling_pairs(found, run.compared[0], run.compared[-1]) if run.compared and found else []
    wanted, pages = telling[:_MOST_PAIRS], [collect_candidate(layout, run, row.id) for row in run.rows]
    pack, candidates_alone = Pack(), Pack()
    _add_candidates(candidates_alone, pages, run, in_the_file([one.pair.id for one in wanted]))
    room = ROOM - candidates_alone.size
    taken = _add_pairs(pack, layout, run, found, wanted, room=room) if found else []
    links = in_the_file(taken)
    _add_candidates(pack, pages, run, links)
    body = render.overview(
        run,
        found,
        links,
        clusters=collect_clusters(layout) if found and run.status.decision else None,
        rewards=collect_rewards(layout, run) if found else None,
        reading=_reading(telling, taken, run.name) if found else NOTHING,
    )
    return render.document(run.name, body, data={"lines": pack.lines, "texts": pack.texts})


def _reading(telling: list[Telling], taken: list[str], run: str) -> Reading:
    """The pairs in the file, and how many telling pairs are left out."""
    there = [one for one in telling if one.pair.id in set(taken)]
    left = len(telling) - len(there)
    rest = f"; {plural(left, 'pair')} more are left out, `meta-reward view {run}` shows all" if left else ""
    kinds = "lost or tied by every candidate, fixed, or broken"
    return Reading(there, f"The pairs that say most: {kinds}. {plural(len(there), 'pair')} are in this file{rest}.")


def _add_candidates(pack: Pack, pages: Sequence[CandidatePage], run: RunPage, links: Links) -> None:
    for page in pages:
        pack.add(page.row.id, render.candidate(page, run, links))
        pack.add(f"source-{page.row.id}", printable(page.source))


def _add_pairs(
    pack: Pack, layout: Layout, run: RunPage, found: PairMap, wanted: Sequence[Telling], *, room: int
) -> list[str]:
    """Pack as many pairs as there is room for, in bytes; returns their ids."""
    rollouts = load_search_rollouts(layout)
    links = in_the_file([one.pair.id for one in wanted])
    taken: list[str] = []
    for one in wanted:
        try:
            page = collect_pair(layout, one.pair, run.compared, rollouts, one.why)
        except KeyError:  # the run's copy of the search split lacks a trajectory
            continue
        text = render.pair(page, run, links, found)
        if pack.size + pack.would_take(text) <= room:
            pack.add(pair_key(one.pair.id), text)
            taken.append(one.pair.id)
    return taken
