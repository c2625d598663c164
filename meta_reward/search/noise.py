"""How far a judge agrees with itself, measured with one harness on one split, outside any run."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.noise import noise_of
from meta_reward.harness.validate import inspect_source
from meta_reward.run.create import part_of
from meta_reward.search.setup import Progress, divided, open_sandbox
from meta_reward.search.single import Job


async def measure_noise(job: Job, *, repeats: int, progress: Progress) -> dict[str, Any]:
    """The judge's noise. The first repeat shares its replies with every evaluation of the same harness."""
    source = files.read_text(job.harness)
    report = inspect_source(source)
    if not report.ok:
        raise UsageError(f"{job.harness} is no harness: {report.findings[0]}")
    config, gateway = job.config, job.gateway(progress)
    rollouts, pairs = part_of(job.taskset, divided(job.taskset, config)[job.split])
    rewards: list[Mapping[str, float | None]] = []
    async with await open_sandbox(config) as sandbox:
        for repeat in range(repeats):
            what = f"{job.harness.name}, repeat {repeat + 1} of {repeats}"
            progress.evaluation(what, job.split, len(rollouts), pairs)
            evaluation = await evaluate(
                source,
                rollouts,
                gateway=gateway,
                sandbox=sandbox,
                seed=config.seed,
                repeat=repeat,
                on_unit=progress.unit,
            )
            if evaluation.broken:
                raise UsageError(f"{job.harness} fails on most of its first trajectories", hint="evaluate it first")
            rewards.append(evaluation.rewards)
    return {
        "judge": config.judge.spec,
        "simulated": gateway.backend.simulated,
        "harness": str(job.harness),
        "taskset": job.taskset.name,
        "split": job.split,
        **asdict(noise_of(rewards, pairs)),
        "judge_calls": gateway.spent.calls,
        "judge_calls_made": gateway.spent.misses,
        "spent_usd": gateway.spent.usd,
    }
