"""`study transfer`: whether the gain of a run holds under other judges and on other task sets.

Baseline and chosen harness are evaluated under every judge on every task set, and compared pair by pair. The cell with
the run's own judge on its own tasks is there for comparison and does not count as a transfer. On the run's own task set
the test split is used, which must have been opened; on others the search split, which this search has not seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from meta_reward import files
from meta_reward.completion import CHARS_PER_TOKEN
from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import mean_interval
from meta_reward.evaluation.statistics import Interval
from meta_reward.run.settings import JudgeSettings, RunConfig
from meta_reward.search.open import open_backend
from meta_reward.search.studies.ablate import paired_difference
from meta_reward.search.studies.finished import FinishedRun, Program, Size, is_simulated
from meta_reward.search.studies.folder import Subject
from meta_reward.search.studies.measure import Bench, Job, Measured, openings_of
from meta_reward.tasks.divide import SplitShares
from meta_reward.tasks.taskset import TaskSet

STUDY = "transfer"


@dataclass(frozen=True, slots=True)
class Use:
    """How much a harness asks a judge per trajectory, on average."""

    calls: float
    context_chars: float
    """Characters sent to the judge in all calls."""
    estimated: bool
    """Whether the characters are estimated from tokens, because the evaluation is the run's."""


@dataclass(frozen=True, slots=True)
class TransferCell:
    """One judge on one task set."""

    judge: str
    simulated: bool
    taskset: str
    split: str
    own: bool
    """Whether it has the run's own judge and task set."""
    pairs: int
    baseline: Interval
    chosen: Interval
    difference: Interval
    """Chosen minus baseline, with its interval by task."""
    failures: int
    """Pairs that the chosen harness loses because a reward is missing."""
    baseline_use: Use
    chosen_use: Use


@dataclass(frozen=True, slots=True)
class TransferTables:
    """The tables of the study."""

    run: str
    baseline_id: str
    chosen_id: str
    baseline_size: Size
    chosen_size: Size
    cells: tuple[TransferCell, ...]
    transfers: int
    """Number of cells, without the run's own."""
    wins: int
    """How many of these have a difference above 0."""
    sure_wins: int
    """How many of these have an interval above 0."""
    openings: dict[str, int]
    """By task set, how often its test split has been opened by now, if this study used it."""


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """Which judges and task sets to compare on."""

    run: FinishedRun
    judges: tuple[RunConfig, ...]
    """The run's settings, first with its own judge, then with each of the others."""
    tasksets: tuple[tuple[TaskSet, str], ...]
    """Task sets, each with the split to use; the run's own first."""


def transfer_plan(
    run: FinishedRun, specs: Sequence[str], tasksets: Sequence[TaskSet], split: str | None
) -> TransferPlan:
    """What to compare. specs: other judges. split: for all task sets; None for test on the run's own, else search.

    Raises UsageError if there is no gain to transfer, nothing to transfer it to, or a judge or task set occurs twice.
    """
    if run.baseline_stays:
        what = f"run {run.name} chose its baseline {run.baseline.id}, so there is no gain to transfer"
        raise UsageError(what, hint=f"`meta-reward study clusters {run.name}` says what the baseline loses")
    if not specs and not tasksets:
        raise UsageError("there is nothing to transfer to", hint="name judges with --judge, task sets with --tasks")
    _check_others(run, specs, tasksets)
    own = split or "test"
    if own == "test" and not run.has("test"):
        hint = f"`meta-reward test {run.name}` opens it; or pass --split search, which is optimistic on the run's own"
        raise UsageError(f"run {run.name} has not opened its test split", hint=hint)
    others = tuple((taskset, split or "search") for taskset in tasksets)
    return TransferPlan(run, (run.config, *(_under(run.config, spec) for spec in specs)), ((run.taskset, own), *others))


def transfer_subject(plan: TransferPlan) -> Subject:
    """What the study is about."""
    run = plan.run
    arguments = {
        "run": run.name,
        "judges": [config.judge.spec for config in plan.judges[1:]],
        "task sets": [taskset.name for taskset, _ in plan.tasksets[1:]],
        "splits": [split for _, split in plan.tasksets],
    }
    judges = {f"judge {c.judge.spec}": files.digest(_settings(c)) for c in plan.judges[1:]}
    return Subject(STUDY, arguments, run.inputs | judges | {f"task set {t.name}": t.digest for t, _ in plan.tasksets})


def transfer_jobs(plan: TransferPlan) -> list[Job]:
    """Baseline and chosen harness under every judge on every task set."""
    return [_job(plan, j, t, program) for j, t in _places(plan) for program in plan.run.programs]


async def transfer(bench: Bench, plan: TransferPlan) -> TransferTables:
    """Make the evaluations that are missing, and the tables. Raises as `Bench.run`."""
    jobs, run = transfer_jobs(plan), plan.run
    found = await bench.run(jobs)
    cells = tuple(_cell(plan, judge, taskset, found) for judge, taskset in _places(plan))
    others = [cell.difference for cell in cells if not cell.own]
    return TransferTables(
        run=run.name,
        baseline_id=run.baseline.id,
        chosen_id=run.chosen.id,
        baseline_size=run.baseline.size,
        chosen_size=run.chosen.size,
        cells=cells,
        transfers=len(others),
        wins=sum(found.mean > 0 for found in others),
        sure_wins=sum(found.low is not None and found.low > 0 for found in others),
        openings=openings_of(jobs),
    )


def _check_others(run: FinishedRun, specs: Sequence[str], tasksets: Sequence[TaskSet]) -> None:
    """Raise UsageError for what is named twice, or is the run's own."""
    for what, names in (
        ("judge", [run.config.judge.spec, *specs]),
        ("task set", [run.taskset.name, *(t.name for t in tasksets)]),
    ):
        twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
        if twice is not None:
            own = f"the {what} of run {run.name} itself" if twice == names[0] else "named twice"
            raise UsageError(f"{what} {twice} is {own}", hint="leave it out; the run's own are always shown")


def _under(config: RunConfig, spec: str) -> RunConfig:
    """The settings of a run with another judge. Settings of the run's own judge are not passed on."""
    changed = replace(config, judge=JudgeSettings(spec=spec, concurrency=config.judge.concurrency))
    open_backend(changed)  # an unknown judge is an error before anything else is done
    return changed


def _settings(config: RunConfig) -> dict[str, Any]:
    return dict(open_backend(config).settings)


def _places(plan: TransferPlan) -> list[tuple[int, int]]:
    """Every judge on every task set, by their indices in the plan."""
    return [(j, t) for t in range(len(plan.tasksets)) for j in range(len(plan.judges))]


def _job(plan: TransferPlan, judge: int, taskset: int, program: Program) -> Job:
    config, (tasks, split) = plan.judges[judge], plan.tasksets[taskset]
    own = (judge, taskset) == (0, 0) and plan.run.has(split)
    known = plan.run.evaluation(program, split) if own else None
    config = config if taskset == 0 else replace(config, splits=SplitShares())
    what = "baseline" if program is plan.run.baseline else "chosen"
    name = _name(judge, taskset, program)
    return Job(name, f"{what} {program.id}", program.source, config, tasks, split, known)


def _name(judge: int, taskset: int, program: Program) -> str:
    return f"{program.id}-tasks-{taskset}-judge-{judge}"


def _cell(plan: TransferPlan, judge: int, taskset: int, found: Mapping[str, Measured]) -> TransferCell:
    spec, (tasks, split) = plan.judges[judge].judge.spec, plan.tasksets[taskset]
    baseline, chosen = (found[_name(judge, taskset, program)] for program in plan.run.programs)
    return TransferCell(
        judge=spec,
        simulated=is_simulated(spec),
        taskset=tasks.name,
        split=split,
        own=(judge, taskset) == (0, 0),
        pairs=len(chosen.pairs),
        baseline=mean_interval([pair.outcome for pair in baseline.pairs]),
        chosen=mean_interval([pair.outcome for pair in chosen.pairs]),
        difference=paired_difference(baseline.pairs, chosen.pairs),
        failures=chosen.scores.metrics.failures,
        baseline_use=_use(baseline),
        chosen_use=_use(chosen),
    )


def _use(measured: Measured) -> Use:
    metrics, known = measured.scores.metrics, measured.context_chars
    chars = metrics.input_tokens * CHARS_PER_TOKEN if known is None else known
    return Use(metrics.judge_calls / metrics.examples, chars / metrics.examples, known is None)
