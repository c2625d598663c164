"""One harness on one split, outside any run."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.evaluate import Evaluation, evaluate
from meta_reward.harness.levels import UNCONFINED_WARNING
from meta_reward.harness.validate import inspect_source
from meta_reward.judge.gateway import Gateway
from meta_reward.run.config import RunConfig
from meta_reward.run.create import part_of
from meta_reward.run.evaluations import load_scores, save_evaluation
from meta_reward.search.limits import limit_check, require_limit
from meta_reward.search.setup import Progress, divided, open_gateway, open_sandbox
from meta_reward.tasks.openings import record_opening
from meta_reward.tasks.taskset import TaskSet


@dataclass(frozen=True, slots=True)
class Job:
    """What to evaluate. config: as of a run; its judge, limits, seed, splits and budget count here.

    limits: those that its user has named, as settings.
    """

    harness: Path
    taskset: TaskSet
    split: str
    config: RunConfig
    limits: Mapping[str, Any] = field(default_factory=dict)

    def gateway(self, progress: Progress) -> Gateway:
        """The gateway to its judge, with its limits. Raises UsageError where nothing limits what it may cost."""
        gateway = open_gateway(self.config, notice=progress.note)
        require_limit(gateway.backend, self.config.judge.spec, self.limits)
        gateway.check = limit_check(self.config.limits)
        return gateway


async def evaluate_file(job: Job, folder: Path, progress: Progress) -> dict[str, Any]:
    """The metrics of a harness, with everything it did written into `folder`.

    An opening of the test split is counted before it happens, and the count is part of the result.
    """
    source = files.read_text(job.harness)
    report = inspect_source(source, packages=job.config.packages)
    if not report.ok:
        raise UsageError(f"{job.harness} is no harness: {report.findings[0]}")
    config = job.config
    gateway = job.gateway(progress)
    rollouts, pairs = part_of(job.taskset, divided(job.taskset, config)[job.split])
    openings = {}
    if job.split == "test":
        who = f"evaluate {job.harness.name}"
        openings["openings"] = record_opening(job.taskset.path, job.taskset.digest, by=who)
    if config.sandbox == "none":
        progress.note(UNCONFINED_WARNING)
    progress.evaluation(job.harness.name, job.split, len(rollouts), pairs)
    async with await open_sandbox(config) as sandbox:
        evaluation = await evaluate(
            source, rollouts, gateway=gateway, sandbox=sandbox, seed=config.seed, on_unit=progress.unit
        )
    save_evaluation(folder, evaluation, rollouts, pairs, judge=config.judge.spec, seed=config.seed)
    about: dict[str, Any] = {
        "harness": str(job.harness),
        "taskset": job.taskset.name,
        "split": job.split,
        "judge": config.judge.spec,
        "simulated": gateway.backend.simulated,
        "sandbox": sandbox.level,
    }
    spent = {"spent_usd": gateway.spent.usd, "judge_calls_made": gateway.spent.misses}
    return {
        **about,
        **(load_scores(folder) or {}),
        **spent,
        **openings,
        "commonest_error": _commonest_error(evaluation),
    }


def _commonest_error(evaluation: Evaluation) -> str | None:
    errors = Counter(f"{u.error['kind']}: {u.error['message']}" for u in evaluation.units if u.error is not None)
    return errors.most_common(1)[0][0] if errors else None
