"""`study transfer`: whether the gain of a run holds under other judges and on other task sets.

Baseline and chosen harness are evaluated under every judge on every task set, and compared pair by pair. The cell of
the run itself, its own judge on its own tasks, stands there for comparison and is no transfer. Own tasks are those of
the test split, which must have been opened; of other task sets the search split, of which this search has seen nothing.
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
    """What a harness asks of a judge on one trajectory, on average."""

    calls: float
    context_chars: float
    """Characters of all that the judge is sent."""
    estimated: bool
    """Whether these are estimated from tokens, because the evaluation is that of the run."""


@dataclass(frozen=True, slots=True)
class TransferCell:
    """One judge on one task set."""

    judge: str
    simulated: bool
    taskset: str
    split: str
    own: bool
    """Whether it is the judge and the task set of the run."""
    pairs: int
    baseline: Interval
    chosen: Interval
    difference: Interval
    """Chosen minus baseline, with its interval by task."""
    failures: int
    """Pairs that the chosen harness loses for want of a reward."""
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
    """Cells but for that of the run."""
    wins: int
    """Of these, how many have a difference above 0."""
    sure_wins: int
    """Of these, how many have an interval above 0."""
    openings: dict[str, int]
    """How often a test split that this shows has been opened, by task set."""


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """What is compared with what."""

    run: FinishedRun
    judges: tuple[RunConfig, ...]
    """That of the run first; its settings with the judge in place of its own."""
    tasksets: tuple[tuple[TaskSet, str], ...]
    """Those with the split of each; that of the run first."""


def transfer_plan(
    run: FinishedRun, specs: Sequence[str], tasksets: Sequence[TaskSet], split: str | None
) -> TransferPlan:
    """What to compare. Raises UsageError where there is nothing to, or nothing new."""
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
    """Do the jobs, and make the tables."""
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
            raise UsageError(f"{what} {twice} is {own}", hint="leave it out; what the run itself has is always shown")


def _under(config: RunConfig, spec: str) -> RunConfig:
    """The settings of a run with another judge. Settings of the run's own judge are not passed on."""
    changed = replace(config, judge=JudgeSettings(spec=spec, concurrency=config.judge.concurrency))
    open_backend(changed)  # an unknown judge is an error before anything else is done
    return changed


def _settings(config: RunConfig) -> dict[str, Any]:
    return dict(open_backend(config).settings)


def _places(plan: TransferPlan) -> list[tuple[int, int]]:
    """Every judge on every task set, by their numbers."""
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
