"""The values that templates get: the collected facts, plots made of them, and the sentences at the top."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from meta_reward.evaluation.metrics import Metrics
from meta_reward.report.page import pair_charts, search_charts
from meta_reward.report.page.calibration import Rewards
from meta_reward.report.page.collect import Clusters, RunPage
from meta_reward.report.page.details import CandidatePage, PairPage
from meta_reward.report.page.links import Links
from meta_reward.report.page.numbers import numbers_of
from meta_reward.report.page.outcomes import PairMap, Telling
from meta_reward.report.page.pack import embedded
from meta_reward.report.page.stress_charts import study_charts
from meta_reward.report.page.training_charts import training_chart
from meta_reward.report.page.tree import branches
from meta_reward.report.studies import cluster_blocks, what_got_worse
from meta_reward.report.tables import SIMULATED, plural
from meta_reward.report.test_result import summary
from meta_reward.run.decisions import sentence_of

Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class Badge:
    """A word that qualifies a number, and what it means."""

    word: str
    meaning: str


def badges_of(run: RunPage) -> list[Badge]:
    """What a reader must not miss about the numbers of a run."""
    found, decision = [], run.status.decision
    if run.status.simulated:
        found.append(Badge("simulated", SIMULATED))
    if decision and decision.untested:
        found.append(Badge("untested", f"{decision.untested} is named as best, and no test was possible"))
    if decision and any(one.not_covered and one.verdict.id == decision.chosen for one in decision.finalists):
        found.append(
            Badge("not covered", "an earlier run chose it on the same validation tasks: the level does not hold")
        )
    if decision and not decision.claimed:
        found.append(Badge("level not claimed", "the proposer had no jail, and could have read the validation split"))
    if not run.tested:
        found.append(
            Badge("selected", "numbers on search, and on validation, are of what was selected by them: optimistic")
        )
    return found


def headline(run: RunPage) -> str:
    """The gain in a sentence: on the test split once it is open, else what is known so far."""
    decision = run.status.decision
    baseline = run.tested.get(decision.baseline) if decision else None
    chosen = run.tested.get(decision.chosen) if decision else None
    if baseline and chosen:
        said = summary(chosen, baseline, run.terms)
        return f"{said[0].upper()}{said[1:]}" if chosen.difference else said
    if decision:
        return sentence_of(decision)
    if run.status.leader is None:
        return "No candidate is scored yet."
    leader, first = run.candidate(run.status.leader), run.candidate(str(run.baseline))
    gain = (leader.search.score or 0) - (first.search.score or 0)
    if leader.id == first.id:
        return f"The baseline {first.id} leads on search; there is no decision yet."
    ahead = f"{leader.id} leads on search with {gain * 100:+.1f} points over the baseline {first.id} (selected)"
    return f"{ahead}; there is no decision yet."


@dataclass(frozen=True, slots=True)
class Reading:
    """The pairs that are worth reading, and an introduction to them."""

    pairs: Sequence[Telling]
    note: str
    unpaired: Sequence[str] = ()
    """Ids of trajectories that are in no pair."""


NOTHING = Reading((), "")


def overview_values(
    run: RunPage,
    found: PairMap | None,
    links: Links,
    clusters: Clusters | None,
    rewards: Rewards | None,
    reading: Reading,
) -> Values:
    """The values for the first page."""
    compared = {id: run.metrics[id] for id in run.compared if id in run.metrics}
    return {
        "run": run,
        "links": links,
        "badges_found": badges_of(run),
        "headline": headline(run),
        "scores": search_charts.score_chart(run.rows, links.candidate, run.terms),
        "spent": search_charts.spent_chart(run.rows, links.candidate),
        "cost": search_charts.cost_chart(run.rows, run.status.frontier, run.compared, links.candidate, run.terms),
        "tree": search_charts.tree_chart(run.rows, run.best, links.candidate),
        "branches": branches(run.rows),
        "map": found,
        "map_chart": pair_charts.pair_map(found) if found else Markup(""),
        "clusters": clusters,
        "cluster_blocks": cluster_blocks(clusters.tables)[3:] if clusters and clusters.tables else [],
        "worse": what_got_worse(clusters.tables.runs[0]) if clusters and clusters.tables else [],
        "compared": compared,
        "margins": _margins(run, found),
        "best_of_n": _best_of_n(compared),
        "bins": rewards.bins if rewards else {},
        "calibration": pair_charts.calibration_chart(rewards.bins)
        if rewards and any(rewards.bins.values())
        else Markup(""),
        "numbers": numbers_of(list(compared.values()), run.terms),
        "key": _key(list(compared)),
        "telling": reading.pairs,
        "telling_note": reading.note,
        "unpaired": reading.unpaired,
        "map_data": Markup(embedded(_map_data(found, links))) if found else "",
        "standings": {one.id: one for one in run.status.candidates},
        "tested": run.tested,
        "study_charts": {study.name: study_charts(study) for study in run.studies},
        "training_plot": training_chart(run.training) if run.training else Markup(""),
        "gained": {id: _gained(run, id) for id in (row.id for row in run.rows)},
    }


def _key(ids: Sequence[str]) -> str:
    return f"Light, or squares: {ids[0]}; dark, or circles: {ids[-1]}." if len(ids) > 1 else ""


def _map_data(found: PairMap, links: Links) -> object:
    """What the script shows when the reader points at the map."""
    return {
        "candidates": found.candidates,
        "pairs": [[pair.id, pair.outcomes, links.pair(pair.id)] for pair in found.pairs],
        "beside": pair_charts.BESIDE,
        "row": pair_charts.ROW,
    }


def _gained(run: RunPage, id: str) -> tuple[int, int]:
    """The numbers of pairs that a candidate fixes and breaks, compared with its first parent."""
    gain = next(iter(run.gains.get(id, ())), None)
    return (len(gain.better), len(gain.worse)) if gain else (0, 0)


def _margins(run: RunPage, found: PairMap | None) -> Values:
    """The plot of margins and its numbers, of the baseline and the best."""
    if not found:
        return {}
    known = {id: [m for m in found.margins[id].values() if m is not None] for id in run.compared if id in found.margins}
    if not known:
        return {}
    ids = list(known)
    counts = {id: pair_charts.margin_counts(margins) for id, margins in known.items()}
    chart = pair_charts.margin_chart(*((id, known[id]) for id in (ids[0], ids[-1])))
    return {"chart": chart, "counts": counts, "labels": [label for label, _ in counts[ids[0]]]}


def _best_of_n(compared: Mapping[str, Metrics]) -> Markup:
    told = {id: metrics.preferences for id, metrics in compared.items()}
    found = {id: one.best_of_n for id, one in told.items() if one and one.best_of_n}
    return pair_charts.best_of_n_chart(found) if found else Markup("")


def candidate_values(page: CandidatePage, run: RunPage, links: Links, against: str | None = None) -> Values:
    """The values for the page of a candidate."""
    usual = [*page.row.parents, *([run.baseline] if run.baseline else [])]
    return {
        "page": page,
        "row": page.row,
        "run": run,
        "links": links,
        "standing": run.candidate(page.row.id),
        "gains": run.gains.get(page.row.id, ()),
        "against": next((id for id in usual if id != page.row.id), None) if against is None else against,
        "others": [row for row in run.rows if row.id != page.row.id],
        "verdict": _verdict(run, page.row.id),
        "tested": run.tested.get(page.row.id),
    }


def _verdict(run: RunPage, id: str) -> object:
    decision = run.status.decision
    return next((one for one in decision.finalists if one.verdict.id == id), None) if decision else None


def pair_values(page: PairPage, run: RunPage, links: Links, found: PairMap | None) -> Values:
    """The values for the page of a pair."""
    margins = {id: of.get(page.pair.id) for id, of in found.margins.items()} if found else {}
    won = sum(1 for letter in page.pair.outcomes if letter == "w")
    return {
        "page": page,
        "pair": page.pair,
        "run": run,
        "links": links,
        "margins": margins,
        "won": f"{won} of {plural(len(page.pair.outcomes), 'candidate')}",
    }
