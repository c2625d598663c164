"""Evaluations outside any run: of a harness on a split, and of how often a judge agrees with itself.

Calls are kept in a billing log until the evaluation is finished. If it is stopped, the next start of the same
evaluation takes over what was spent before, so a limit in dollars holds for all starts together.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.completion import Backend
from meta_reward.errors import UsageError
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.labels import THRESHOLD, LabelMetrics, against_labels
from meta_reward.evaluation.noise import Noise, noise_of
from meta_reward.evaluation.outcome import Part
from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.harness.levels import UNCONFINED_WARNING
from meta_reward.harness.validate import inspect_source
from meta_reward.kinds.base import part_for
from meta_reward.kinds.registry import kind_of
from meta_reward.kinds.reward import has_rewards, pairwise
from meta_reward.models.billing import BillingLog
from meta_reward.models.gateway import Gateway
from meta_reward.models.usage import Spent, dollars
from meta_reward.propose.base import slug
from meta_reward.run.evaluations import Scores, save_evaluation
from meta_reward.run.settings import RunConfig
from meta_reward.search.context import Progress, so_far
from meta_reward.search.limits import limit_check, require_limit
from meta_reward.search.open import divided, open_backend, open_bill, open_gateway, open_sandbox
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.openings import record_opening
from meta_reward.trajectory import Pair


@dataclass(frozen=True, slots=True)
class Standalone:
    """A harness to evaluate on a split, outside any run."""

    harness: Path
    taskset: AnyTaskSet
    split: str
    config: RunConfig
    """Settings like those of a run; only judge, limits, seed, splits, budget, packages and sandbox are used."""
    limits: Mapping[str, Any] = field(default_factory=dict)
    """The limits that the user has set, as in run.toml."""
    threshold: float = THRESHOLD
    """The reward, from 0 to 100, at which a trajectory is predicted to be a success; compared with labels."""

    def source(self) -> str:
        """The harness's program. Raises UsageError if it is not a harness."""
        source = files.read_text(self.harness)
        report = inspect_source(source, packages=self.config.packages, program=kind_of(self.taskset).program)
        if not report.ok:
            raise UsageError(f"{self.harness} is not a harness: {report.findings[0]}")
        return source

    def part(self, source: str) -> Part:
        """The examples and items that the program is evaluated on."""
        kind = kind_of(self.taskset)
        return part_for(kind, kind.part(self.taskset, divided(self.taskset, self.config)[self.split]), source)

    @contextmanager
    def gateway(self, purpose: str, source: str, progress: Progress) -> Iterator[Gateway]:
        """The gateway to its judge, with its limits and what earlier starts have spent.

        purpose: `evaluate` or `noise`. Raises UsageError if the judge may cost money and no limit is set.
        """
        backend = open_backend(self.config)
        require_limit(backend, self.config.judge.spec, self.limits)
        with self._bill(purpose, source, backend) as (billing, before):
            gateway = open_gateway(self.config, backend, billing=billing, spent=before, notice=progress.note)
            gateway.limit(limit_check(self.config.limits))
            try:
                yield gateway
            except BaseException:
                if not backend.simulated:
                    tell_paid(gateway.spent, progress)
                raise

    def _bill(self, purpose: str, source: str, backend: Backend) -> AbstractContextManager[tuple[BillingLog, Spent]]:
        """See `open_bill`."""
        of = {
            "what": purpose,
            "harness": source,
            "taskset": self.taskset.digest,
            "split": self.split,
            "judge": dict(backend.settings),
        }
        return open_bill(self.config, backend, f"{purpose}-{slug(self.harness.stem)}", of)


@dataclass(frozen=True, slots=True)
class StandaloneResult:
    """The results of a harness on a split."""

    harness: str
    taskset: str
    kind: str
    split: str
    judge: str
    simulated: bool
    sandbox: str
    """The sandbox level."""
    scores: Scores
    spent: Spent
    """What all starts of this evaluation have spent."""
    earlier: Spent
    """What earlier starts have spent, which did not finish."""
    openings: int | None
    """How often the test split has been opened by now; None for another split."""
    commonest_error: str | None
    labels: LabelMetrics | None
    """Its rewards compared with labels of success; None if trajectories have none."""


@dataclass(frozen=True, slots=True)
class NoiseResult:
    """How often a judge agrees with itself, measured with one harness on one split."""

    judge: str
    simulated: bool
    harness: str
    taskset: str
    split: str
    noise: Noise
    commonest_error: str | None
    spent: Spent
    """What all starts of this measurement have spent."""
    earlier: Spent
    """What earlier starts have spent, which did not finish."""


async def evaluate_file(standalone: Standalone, folder: Path, progress: Progress) -> StandaloneResult:
    """Evaluate a harness, and write traces and scores to a folder. An opening of the test split is counted first.

    Raises UsageError, LimitReached and JudgeUnavailable.
    """
    source, config, taskset = standalone.source(), standalone.config, standalone.taskset
    with standalone.gateway("evaluate", source, progress) as gateway:
        before = gateway.spent
        part = standalone.part(source)
        openings = None
        if standalone.split == "test":
            openings = record_opening(taskset.path, taskset.digest, by=f"evaluate {standalone.harness.name}")
        if config.sandbox == "none":
            progress.note(UNCONFINED_WARNING)
        progress.evaluation(standalone.harness.name, standalone.split, len(part.examples), so_far(taskset, part))
        async with await open_sandbox(config) as sandbox:
            evaluation = await evaluate(
                source,
                part.examples,
                gateway=gateway,
                sandbox=sandbox,
                hosts=kind_of(taskset).hosts(taskset),
                seed=config.seed,
                on_result=partial(progress.result, standalone.harness.name),
            )
        scores = save_evaluation(folder, evaluation, part, taskset, judge=config.judge.spec)
    return StandaloneResult(
        harness=str(standalone.harness),
        taskset=taskset.name,
        kind=taskset.about.kind,
        split=standalone.split,
        judge=config.judge.spec,
        simulated=gateway.backend.simulated,
        sandbox=sandbox.level,
        scores=scores,
        spent=gateway.spent,
        earlier=before,
        openings=openings,
        commonest_error=_commonest_error(evaluation.results),
        labels=_labels(standalone, part, evaluation),
    )


async def measure_noise(standalone: Standalone, *, repeats: int, progress: Progress) -> NoiseResult:
    """Measure the judge's noise. The first repeat shares its replies with every evaluation of the same harness.

    Raises UsageError, also if the harness fails on most trajectories; LimitReached and JudgeUnavailable.
    """
    source, config = standalone.source(), standalone.config
    if config.sandbox == "none":
        progress.note(UNCONFINED_WARNING)
    with standalone.gateway("noise", source, progress) as gateway:
        before = gateway.spent
        part, pairs = standalone.part(source), _pairs(standalone)
        rewards: list[Mapping[str, float | None]] = []
        results: list[Result] = []
        async with await open_sandbox(config) as sandbox:
            for repeat in range(repeats):
                what = f"{standalone.harness.name}, repeat {repeat + 1} of {repeats}"
                progress.evaluation(what, standalone.split, len(part.examples), so_far(standalone.taskset, part))
                evaluation = await evaluate(
                    source,
                    part.examples,
                    gateway=gateway,
                    sandbox=sandbox,
                    seed=config.seed,
                    repeat=repeat,
                    give_up=True,
                    on_result=partial(progress.result, what),
                )
                results += evaluation.results
                if evaluation.broken:
                    what = f"{standalone.harness} fails on most of its first trajectories; commonest failure"
                    raise UsageError(f"{what}: {_commonest_error(results)}", hint="fix it, then measure the noise")
                rewards.append(evaluation.rewards)
        noise = noise_of(rewards, pairs)
    return NoiseResult(
        judge=config.judge.spec,
        simulated=gateway.backend.simulated,
        harness=str(standalone.harness),
        taskset=standalone.taskset.name,
        split=standalone.split,
        noise=noise,
        commonest_error=_commonest_error(results),
        spent=gateway.spent,
        earlier=before,
    )


def _labels(standalone: Standalone, part: Part, evaluation: Evaluation) -> LabelMetrics | None:
    if not has_rewards(standalone.taskset):
        return None
    rollouts, _ = standalone.taskset.part(part.tasks)
    return against_labels(rollouts, evaluation.rewards, threshold=standalone.threshold)


def _pairs(standalone: Standalone) -> list[Pair]:
    """The pairs of the split. Raises UsageError for a task set without any."""
    return pairwise(standalone.taskset).part(divided(standalone.taskset, standalone.config)[standalone.split])[1]


def _commonest_error(results: Sequence[Result]) -> str | None:
    """The commonest error, with its kind; None if nothing failed."""
    errors = Counter(f"{result.error.kind}: {result.error.message}" for result in results if result.error is not None)
    return errors.most_common(1)[0][0] if errors else None


def tell_paid(spent: Spent, progress: Progress) -> None:
    """Report what an unfinished evaluation has cost so far."""
    if spent.misses:
        price = dollars(spent.usd, decimals=4)
        calls = "1 judge call" if spent.misses == 1 else f"{spent.misses} judge calls"
        progress.note(f"paid so far: {calls}, {price}; the next start goes on from there")
