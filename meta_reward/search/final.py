"""Opening the sealed test split of a run: the baseline against the chosen harness, once.

The result is kept in `test.json` of the sealed folder. Asking again shows it again; only after another harness
was chosen is the split opened anew. Every opening is counted with the task set. Of the run's limits
the one in dollars holds here too; the others end the search alone.
"""

from dataclasses import asdict
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import differences
from meta_reward.evaluation.statistics import interval_by_task
from meta_reward.run import git
from meta_reward.run.evaluations import load_outcomes
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import best_of, load_ledger
from meta_reward.run.record import commit_paths
from meta_reward.run.settings import Limits
from meta_reward.search.limits import limit_check
from meta_reward.search.loop import finished
from meta_reward.search.setup import Setup, check_sandbox
from meta_reward.search.splits import run_split
from meta_reward.tasks.openings import count_openings, record_opening

SCHEMA = 1


def load_test_result(layout: Layout) -> dict[str, Any] | None:
    """The result of the last opening, None where there was none."""
    return files.load_json(layout.test_result) if layout.test_result.exists() else None


async def open_test(setup: Setup) -> dict[str, Any]:
    """Baseline and chosen harness on the test split, with the number of openings of the task set so far."""
    layout = setup.layout
    setup.gateway.check = limit_check(Limits(max_usd=setup.config.limits.max_usd))
    rows = load_ledger(layout.ledger)
    if not rows:
        raise UsageError(f"run {layout.root.name} has no candidate yet", hint="run `meta-reward search` first")
    baseline, chosen = rows[0], best_of(rows)
    stored = load_test_result(layout)
    if stored is None or stored["chosen"]["id"] != chosen.id:
        await check_sandbox(setup)
        if finished(layout, setup.config.limits) is None:
            setup.progress.note("the search has not finished; what it finds later will need another opening")
        key = f"{git.first_commit(layout.root)} {chosen.id}"
        record_opening(setup.taskset.path, setup.taskset.digest, by=f"test of run {layout.root.name}", key=key)
        scores = {row.id: await run_split(setup, row.folder, "test") for row in (baseline, chosen)}
        outcomes = [load_outcomes(layout.sealed_evaluation("test", row.folder)) for row in (baseline, chosen)]
        difference = interval_by_task(differences(*outcomes), seed=setup.config.seed)
        stored = {
            "schema": SCHEMA,
            "judge": setup.config.judge.spec,
            "simulated": setup.gateway.backend.simulated,
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
    return {**stored, "openings": count_openings(setup.taskset.path)}
