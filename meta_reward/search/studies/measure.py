"""The evaluations of a study: each journalled result by result, all under one set of limits.

A study may ask several judges. Each has its own gateway, and a billing log in the study's folder. The limits hold for
their sum, including what earlier starts asked and paid. An opening of a test split is counted before it happens.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.completion import Backend, Usage
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.evaluation.outcome import Part
from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.harness.levels import UNCONFINED_WARNING
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.items import prompt_chars
from meta_reward.kinds.registry import kind_of
from meta_reward.models.billing import BillingLog, load_bill, open_billing_log, reconcile
from meta_reward.models.cache import Cache, folder_of_judge
from meta_reward.models.gateway import Gateway
from meta_reward.models.usage import Spent, asked_for
from meta_reward.run.evaluations import (
    Scores,
    journal_result,
    load_scores,
    open_journal,
    required_scores,
    save_evaluation,
)
from meta_reward.run.settings import JudgeSettings, Limits, RunConfig
from meta_reward.run.usage import asked_in
from meta_reward.search.context import Progress, so_far
from meta_reward.search.limits import NOTHING, LimitCheck, limit_check, require_limit
from meta_reward.search.open import divided, open_backend, open_gateway, open_sandbox
from meta_reward.search.standalone import tell_paid
from meta_reward.search.studies.finished import pairs_of
from meta_reward.search.studies.folder import StudyFolder
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.openings import count_openings, record_opening
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Pair


@dataclass(frozen=True, slots=True)
class Job:
    """One evaluation of a study: a program with its model on a split of a task set of any kind."""

    name: str
    """Names its files; unique in its study."""
    what: str
    """Describes the program, for people."""
    source: str
    config: RunConfig
    """Only its judge, budget, sandbox, packages and seed are used; all but the judge are the same for all jobs."""
    taskset: AnyTaskSet
    split: str
    known: Path | None = None
    """The folder of a run that has evaluated it already, which costs nothing and opens nothing."""
    repeat: int = 0
    """Each number draws the judge's replies anew."""
    more: Callable[[Evaluation], Mapping[str, bytes]] = lambda evaluation: {}
    """Makes further files to store with its results, by name."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """Ids of the split's tasks."""
        return divided(self.taskset, self.config)[self.split]

    @property
    def part(self) -> Part:
        """The examples and items of the split."""
        return kind_of(self.taskset).part(self.taskset, self.tasks)

    @property
    def pairs(self) -> list[Pair] | None:
        """The pairs of the split; None for programs that are not rewards."""
        return self.taskset.part(self.tasks)[1] if isinstance(self.taskset, TaskSet) else None


@dataclass(frozen=True, slots=True)
class Measured:
    """The results of a job."""

    scores: Scores
    pairs: list[PairOutcome]
    """Empty for programs that are not rewards."""
    context_chars: int | None
    """Characters sent to the judge in all calls; None if the results are a run's."""


@dataclass(slots=True)
class Bench:
    """Runs the jobs of a study. Made by `open_bench`."""

    study: StudyFolder
    by: str
    """Who opens a test split, for the record of openings."""
    given: Mapping[str, Any]
    """The limits that the user has set, as in run.toml."""
    check: LimitCheck
    progress: Progress
    _asked: Spent
    """What earlier starts asked."""
    _paid: dict[str, Spent]
    """What earlier starts paid, by judge, for judges whose gateways are not open."""
    _gateways: dict[str, Gateway] = field(default_factory=dict)

    @property
    def spent(self) -> Spent:
        """What all starts have spent, on all judges."""
        return sum((*self._paid.values(), *(gateway.spent for gateway in self._gateways.values())), self._asked)

    @property
    def is_free(self) -> bool:
        """Whether none of the judges that were asked costs money."""
        return not self._paid and all(gateway.backend.simulated for gateway in self._gateways.values())

    async def run(self, jobs: Sequence[Job]) -> dict[str, Measured]:
        """Run the jobs that are not done yet, one after the other. Returns the results of all jobs, by name.

        Before a test split is opened, raises UsageError if a judge may cost money and no limit is set, and
        JudgeMisconfigured if its key is missing. Raises LimitReached and JudgeUnavailable.
        """
        waiting = [job for job in jobs if job.known is None and load_scores(self.study.evaluation(job.name)) is None]
        found = {job.name: self._measured(job) for job in jobs if job not in waiting}  # damaged ones before any call
        for job in waiting:
            self._gateway(job.config)
        for gateway in self._gateways.values():
            gateway.check_limit()
        if waiting:
            await self._do(waiting)
        return found | {job.name: self._measured(job) for job in waiting}

    async def _do(self, jobs: Sequence[Job]) -> None:
        if jobs[0].config.sandbox == "none":
            self.progress.note(UNCONFINED_WARNING)
        async with await open_sandbox(jobs[0].config) as sandbox:
            for job in jobs:
                self._count_opening(job)
                await self._evaluate(job, sandbox)

    async def _evaluate(self, job: Job, sandbox: Sandbox) -> None:
        part = job.part
        journal, folder = self.study.journal(job.name), self.study.evaluation(job.name)
        results = open_journal(journal)
        told = f"{job.what}, {job.config.judge.spec}, {job.taskset.name}"
        self.progress.evaluation(told, job.split, len(part.examples), so_far(job.taskset, part))
        show = partial(self.progress.result, told)
        for result in results.values():
            show(result)

        def keep(result: Result) -> None:
            journal_result(journal, result)
            show(result)

        evaluation = await evaluate(
            job.source,
            part.examples,
            gateway=self._gateway(job.config),
            sandbox=sandbox,
            hosts=kind_of(job.taskset).hosts(job.taskset),
            seed=job.config.seed,
            repeat=job.repeat,
            finished=results,
            on_result=keep,
        )
        for name, content in job.more(evaluation).items():
            files.write_bytes(folder / name, content)
        files.write_json(_context(folder), {"chars": sum(map(prompt_chars, evaluation.results))})
        save_evaluation(folder, evaluation, part, job.taskset, judge=job.config.judge.spec, sealed=True)
        journal.unlink(missing_ok=True)

    def _measured(self, job: Job) -> Measured:
        folder = job.known or self.study.evaluation(job.name)
        scores, wanted, path = required_scores(folder), job.pairs, _context(folder)
        pairs = [] if wanted is None else pairs_of(folder, wanted)
        with files.reading(path):
            chars = None if job.known else int(files.load_json(path)["chars"])
        return Measured(scores, pairs, chars)

    def _gateway(self, config: RunConfig) -> Gateway:
        key = _key_of(config.judge, open_backend(config))
        if key not in self._gateways:
            self._gateways[key] = self._open_gateway(config, key)
        return self._gateways[key]

    def _open_gateway(self, config: RunConfig, key: str) -> Gateway:
        backend = open_backend(config)
        require_limit(backend, config.judge.spec, self.given)
        backend.check()
        billing, paid = BillingLog(), Spent()
        if not backend.simulated:
            path = self.study.account(key)
            billing = open_billing_log(path, Spent())
            reconcile(path, Cache(folder_of_judge(config.judge.spec)), backend)
            paid = load_bill(path).spent
            self._paid.pop(key, None)
        gateway = open_gateway(config, backend, billing=billing, spent=paid, notice=self.progress.note)
        gateway.limit(lambda spent: self.check(spent + self.spent - gateway.spent))
        return gateway

    def _count_opening(self, job: Job) -> None:
        if job.split == "test":
            record_opening(job.taskset.path, job.taskset.digest, by=self.by, key=self.study.key)


@contextmanager
def open_bench(
    study: StudyFolder,
    *,
    by: str,
    limits: Limits,
    given: Mapping[str, Any],
    progress: Progress,
    beside: Spent = NOTHING,
) -> Iterator[Bench]:
    """The bench of a study, with what earlier starts have spent.

    by: who opens a test split. given: the limits that the user has set. beside: what else counts towards the limits,
    such as the study's searches.
    """
    bench = Bench(study, by, given, limit_check(limits), progress, _asked(study) + beside, _paid(study))
    try:
        yield bench
    except BaseException:
        if not bench.is_free:
            tell_paid(bench.spent, progress)
        raise


def openings_of(jobs: Sequence[Job]) -> dict[str, int]:
    """By task set, how often its test split has been opened by now; only for test splits that the jobs use."""
    return {job.taskset.name: count_openings(job.taskset.path) for job in jobs if job.split == "test"}


def _asked(study: StudyFolder) -> Spent:
    """Calls and tokens of a study's evaluations, finished or in progress."""
    asked = sum((asked_in(folder) for folder in sorted(study.evaluations.glob("*"))), Spent())
    for journal in sorted(study.journals.glob("*.jsonl")):
        if load_scores(study.evaluation(journal.stem)) is None:
            costs = [cost for result in open_journal(journal).values() for cost in result.costs]
            asked += asked_for(Usage(cost.input_tokens, cost.output_tokens) for cost in costs)
    return asked


def _paid(study: StudyFolder) -> dict[str, Spent]:
    """What was paid for each judge that may cost money, by its key."""
    accounts = sorted(study.root.glob(".work/account-*.jsonl"))
    return {path.stem.removeprefix("account-"): load_bill(path).spent for path in accounts}


def _key_of(judge: JudgeSettings, backend: Backend) -> str:
    return files.digest({"spec": judge.spec, "settings": dict(backend.settings)})[:16]


def _context(folder: Path) -> Path:
    return folder / "context.json"
