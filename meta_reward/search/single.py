"""One harness on one split, outside any run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from meta_reward.evaluation.evaluate import evaluate
from meta_reward.harness.levels import UNCONFINED_WARNING
from meta_reward.run.evaluations import load_scores, save_evaluation
from meta_reward.search.context import Progress, divided, open_sandbox
from meta_reward.search.standalone import Standalone, commonest_error, spending
from meta_reward.tasks.openings import record_opening


async def evaluate_file(job: Standalone, folder: Path, progress: Progress) -> dict[str, Any]:
    """The metrics of a harness, with everything it did written into `folder`.

    An opening of the test split is counted before it happens, and the count is part of the result.
    """
    source, config = job.source(), job.config
    with job.gateway("evaluate", source, progress) as gateway:
        before = replace(gateway.spent)
        rollouts, pairs = job.taskset.part(divided(job.taskset, config)[job.split])
        openings = {}
        if job.split == "test":
            who = f"evaluate {job.harness.name}"
            openings["openings"] = record_opening(job.taskset.path, job.taskset.digest, by=who)
        if config.sandbox == "none":
            progress.note(UNCONFINED_WARNING)
        progress.evaluation(job.harness.name, job.split, len(rollouts), pairs)
        async with await open_sandbox(config) as sandbox:
            evaluation = await evaluate(
                source, rollouts, gateway=gateway, sandbox=sandbox, seed=config.seed, on_result=progress.result
            )
        save_evaluation(folder, evaluation, rollouts, pairs, judge=config.judge.spec, seed=config.seed)
    return {
        "harness": str(job.harness),
        "taskset": job.taskset.name,
        "split": job.split,
        "judge": config.judge.spec,
        "simulated": gateway.backend.simulated,
        "sandbox": sandbox.level,
        **(load_scores(folder) or {}),
        **spending(before, gateway.spent),
        **openings,
        "commonest_error": commonest_error(evaluation.results),
    }
