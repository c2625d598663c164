"""How far a judge agrees with itself, measured with one harness on one split, outside any run."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from meta_reward.errors import UsageError
from meta_reward.evaluation.evaluate import Result, evaluate
from meta_reward.evaluation.noise import noise_of
from meta_reward.harness.levels import UNCONFINED_WARNING
from meta_reward.models.gateway import Gateway
from meta_reward.search.context import Progress, divided, open_sandbox
from meta_reward.search.standalone import Standalone, commonest_error, spending


async def measure_noise(job: Standalone, *, repeats: int, progress: Progress) -> dict[str, Any]:
    """The judge's noise. The first repeat shares its replies with every evaluation of the same harness."""
    source = job.source()
    if job.config.sandbox == "none":
        progress.note(UNCONFINED_WARNING)
    with job.gateway("noise", source, progress) as gateway:
        before = replace(gateway.spent)
        noise = await _noise(job, source, gateway, repeats=repeats, progress=progress)
    return {
        "judge": job.config.judge.spec,
        "simulated": gateway.backend.simulated,
        "harness": str(job.harness),
        "taskset": job.taskset.name,
        "split": job.split,
        **noise,
        "judge_calls": gateway.spent.calls,
        **spending(before, gateway.spent),
    }


async def _noise(job: Standalone, source: str, gateway: Gateway, *, repeats: int, progress: Progress) -> dict[str, Any]:
    """The numbers, and what went wrong most often."""
    config = job.config
    rollouts, pairs = job.taskset.part(divided(job.taskset, config)[job.split])
    rewards: list[Mapping[str, float | None]] = []
    results: list[Result] = []
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
                give_up=True,
                on_result=progress.result,
            )
            results += evaluation.results
            if evaluation.broken:
                what = f"{job.harness} fails on most of its first trajectories; commonest failure"
                raise UsageError(f"{what}: {commonest_error(results)}", hint="mend it, then measure the noise")
            rewards.append(evaluation.rewards)
    return {**asdict(noise_of(rewards, pairs)), "commonest_error": commonest_error(results)}
