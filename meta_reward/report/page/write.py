"""`report.html` of a run: everything in one file.

Beside the overview it holds the page of every candidate, and the pairs that say most as far as there is room. What it
shows of a sealed split are numbers and ids that `test` and the decision print. It says nothing of when it was written,
so the same run gives the same file.
"""

from collections.abc import Mapping
from pathlib import Path

from meta_reward import files
from meta_reward.errors import MetaRewardError
from meta_reward.files import printable
from meta_reward.report.page import render
from meta_reward.report.page.calibration import calibration
from meta_reward.report.page.collect import RunPage, collect_clusters, collect_run
from meta_reward.report.page.details import collect_candidate, collect_pair, load_search_rollouts, source_of
from meta_reward.report.page.links import Links, in_the_file, pair_key
from meta_reward.report.page.outcomes import PairMap, Telling, collect_map, telling_pairs
from meta_reward.report.page.pack import Pack
from meta_reward.report.page.view import Reading, Rewards
from meta_reward.report.tables import plural
from meta_reward.run import git
from meta_reward.run.evaluations import load_rewards
from meta_reward.run.layout import Layout
from meta_reward.trajectory import Rollout

ROOM = 2_300_000
"""Bytes that candidates and pairs may take; the overview comes on top."""
MOST_PAIRS = 60


def write_report(layout: Layout) -> Path:
    """Write the report of a run beside its record, and return where it is."""
    git.leave_out(layout.root, layout.report.name)
    files.write_bytes(layout.report, render_report(layout).encode())
    return layout.report


def render_report(layout: Layout) -> str:
    """The report of a run. Raises DataError where the record is damaged."""
    run = collect_run(layout)
    found = collect_map(layout, run.rows)
    rollouts = load_search_rollouts(layout)
    pack = Pack()
    telling = telling_pairs(found, *run.compared[:1], *run.compared[-1:]) if run.compared else []
    taken = _add_pairs(pack, layout, run, found, rollouts, telling)
    links = in_the_file(taken)
    _add_candidates(pack, layout, run, links)
    body = render.overview(
        run,
        found,
        links,
        clusters=collect_clusters(layout) if run.status.decision else None,
        rewards=_rewards(layout, run, rollouts),
        reading=_reading(telling, taken, run.name),
    )
    data = {"lines": pack.lines, "texts": pack.texts, "title": printable(run.name)}
    return render.document(run.name, body, data=data)


def _reading(telling: list[Telling], taken: list[str], run: str) -> Reading:
    """The pairs in the file, with how many of those that say something are left out."""
    there = [one for one in telling if one.pair.id in set(taken)]
    left = len(telling) - len(there)
    rest = f"; {plural(left, 'pair')} more are left out, `meta-reward view {run}` shows all" if left else ""
    kinds = "lost or tied by every candidate, fixed, or broken"
    return Reading(there, f"The pairs that say most: {kinds}. {plural(len(there), 'pair')} are in this file{rest}.")


def _rewards(layout: Layout, run: RunPage, rollouts: Mapping[str, Rollout]) -> Rewards:
    found = {id: load_rewards(layout.candidate(run.row(id).folder)) for id in run.compared if id in run.metrics}
    return Rewards({id: calibration(rewards, rollouts) for id, rewards in found.items()})


def _add_candidates(pack: Pack, layout: Layout, run: RunPage, links: Links) -> None:
    for row in run.rows:
        pack.add(row.id, render.candidate(collect_candidate(layout, run, row.id), run, links))
        pack.add(f"source-{row.id}", printable(source_of(layout, row)))


def _add_pairs(
    pack: Pack,
    layout: Layout,
    run: RunPage,
    found: PairMap,
    rollouts: Mapping[str, Rollout],
    telling: list[Telling],
) -> list[str]:
    """Pack the pairs that say most, and return the ids of those for which there was room."""
    wanted = telling[:MOST_PAIRS]
    links = in_the_file([one.pair.id for one in wanted])
    taken: list[str] = []
    for one in wanted:
        if pack.size > ROOM:
            break
        try:
            page = collect_pair(layout, one.pair, run.compared, rollouts, one.why)
        except (KeyError, MetaRewardError):
            continue
        pack.add(pair_key(one.pair.id), render.pair(page, run, links, found))
        taken.append(one.pair.id)
    return taken
