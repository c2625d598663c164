"""Opening the sealed test split of a run: the baseline against the chosen harness, once.

The result is kept in `test.json` of the sealed folder. Asking again shows it again; only after another harness
was chosen is the split opened anew. Every opening is counted with the task set. A run that has used up
what it may spend opens nothing. Once the split is open, the limit in dollars holds and no other: the
rest end the search alone.
"""

from dataclasses import asdict, replace
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import differences
from meta_reward.evaluation.statistics import interval_by_task
from meta_reward.propose.session_cost import proposer_usd
from meta_reward.run import git
from meta_reward.run.evaluations import load_outcomes, load_scores
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, best_of, load_ledger
from meta_reward.run.record import commit_paths
from meta_reward.run.settings import Limits
from meta_reward.search.context import Search
from meta_reward.search.evaluate_split import run_split
from meta_reward.search.limits import limit_check
from meta_reward.search.loop import finished
from meta_reward.search.open import check_sandbox
from meta_reward.tasks.openings import count_openings, record_opening

SCHEMA = 1


def load_test_result(layout: Layout) -> dict[str, Any] | None:
    """The result of the last opening, None where there was none."""
    return files.load_json(layout.test_result) if layout.test_result.exists() else None


async def open_test(search: Search) -> dict[str, Any]:
    """Baseline and chosen harness on the test split, with the number of openings of the task set so far."""
    layout = search.layout
    rows = load_ledger(layout.ledger)
    if not rows:
        raise UsageError(f"run {layout.root.name} has no candidate yet", hint="run `meta-reward search` first")
    baseline, chosen = rows[0], best_of(rows)
    stored = load_test_result(layout)
    if stored is None or stored["chosen"]["id"] != chosen.id:
        await check_sandbox(search)
        _check_budget(search, begun=any(_has_begun(layout, row) for row in (baseline, chosen)))
        if finished(layout, search.config.limits) is None:
            search.progress.note("the search has not finished; what it finds later will need another opening")
        key = f"{git.first_commit(layout.root)} {chosen.id}"
        record_opening(search.taskset.path, search.taskset.digest, by=f"test of run {layout.root.name}", key=key)
        scores = {row.id: await run_split(search, row.folder, "test") for row in (baseline, chosen)}
        outcomes = [load_outcomes(layout.sealed_evaluation("test", row.folder)) for row in (baseline, chosen)]
        difference = interval_by_task(differences(*outcomes), seed=search.config.seed)
        stored = {
            "schema": SCHEMA,
            "judge": search.config.judge.spec,
            "simulated": search.gateway.backend.simulated,
            "baseline": {"id": baseline.id, "name": baseline.name, **scores[baseline.id]},
            "chosen": {"id": chosen.id, "name": chosen.name, **scores[chosen.id]},
            "difference": asdict(difference) if difference else None,
        }
        files.write_json(layout.test_result, stored)
        commit_paths(
            layout,
            f"Test: baseline {scores[baseline.id]['agreement']:.1%}, {chosen.id} {scores[chosen.id]['agreement']:.1%}",
            [layout.test_result, *(layout.sealed_evaluation("test", row.folder) for row in (baseline, chosen))],
        )
        git.refresh(layout.root)
    return {**stored, "openings": count_openings(search.taskset.path)}


def _check_budget(search: Search, *, begun: bool) -> None:
    """Raise LimitReached where nothing may be spent any more, before an opening is counted; dollars hold from then on.

    begun: whether the split is open already; what the test itself has asked is then among the calls.
    """
    limits, sessions_usd = search.config.limits, proposer_usd(search.layout)
    dollars = limit_check(Limits(max_usd=limits.max_usd))
    first = dollars if begun else limit_check(replace(limits, max_hours=0.0))
    search.gateway.limit(first, elsewhere_usd=lambda: sessions_usd)
    search.gateway.check_limit()
    search.gateway.limit(dollars, elsewhere_usd=lambda: sessions_usd)


def _has_begun(layout: Layout, row: Row) -> bool:
    return (
        layout.journal("test", row.folder).exists()
        or load_scores(layout.sealed_evaluation("test", row.folder)) is not None
    )
