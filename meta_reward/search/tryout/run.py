"""Try a draft before it is submitted: on a few pairs of the search split, with a quota of new judge calls.

A request that the judge's cache can answer costs nothing; only new ones count against the quota. Drafts are not
trusted: a draft is only read from the staging folder, validated, and run in the sandbox like any candidate. The
proposer's mistakes never raise; they are part of the answer, which is plain JSON of bounded size. Money that is spent
counts as the run's.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from meta_reward import files
from meta_reward.errors import JudgeUnavailable, LimitReached, ProposerError, RunInUse, UsageError
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.outcome import Part
from meta_reward.evaluation.records import Result
from meta_reward.harness.validate import Cases, Report, fingerprints, validate
from meta_reward.kinds.base import part_for
from meta_reward.kinds.registry import kind_of, load_any_task_set
from meta_reward.models.billing import BillingLog
from meta_reward.models.gateway import Gateway
from meta_reward.models.quota import Quota
from meta_reward.models.usage import total_usd
from meta_reward.propose.read_draft import path_below, read_draft
from meta_reward.propose.secrets import secrets_in, session_secrets
from meta_reward.propose.session_cost import proposer_usd
from meta_reward.run.config import load_run_config
from meta_reward.run.layout import HistoryLayout, Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.lock import locked
from meta_reward.run.settings import OFFICIAL, RunConfig
from meta_reward.run.usage import spent_on_disk
from meta_reward.search.context import Search, programs_of, run_cases
from meta_reward.search.limits import limit_check
from meta_reward.search.open import open_backend, open_gateway, open_run_gateway, open_sandbox
from meta_reward.search.tryout.answer import answer_of
from meta_reward.search.tryout.answer_types import CallsUsed, TryoutAnswer, tryout_to_json
from meta_reward.search.tryout.pairs import choose_items
from meta_reward.tasks.base import AnyTaskSet


@dataclass(frozen=True, slots=True)
class Tryout:
    """A tryout on record."""

    path: str
    """The draft's path in the staging folder."""
    digest: str
    """The digest of its source."""
    ok: bool
    """Whether it is a valid harness."""
    pairs: tuple[str, ...]
    score: float | None
    judge_calls: int
    """All calls that the draft made."""
    new_calls: int
    """The calls that the cache could not answer."""
    cost_usd: float | None
    """The cost of the new calls; None if a price is not known."""


@dataclass(slots=True)
class Tryouts:
    """The tryouts of one session, which share a quota of new judge calls."""

    history: HistoryLayout
    staging: Path
    taskset: AnyTaskSet
    part: Part
    """The search split."""
    config: RunConfig
    gateway: Gateway
    """The gateway to the judge, limited by the quota."""
    quota: Quota
    cases: Cases
    detailed: bool = True
    """Whether an answer shows single pairs and the judge's replies, or only the agreement."""
    done: list[Tryout] = field(default_factory=list)
    """The tryouts so far."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def try_harness(self, path: Path | str, pairs: Sequence[str] = ()) -> object:
        """Try the draft at a path in staging; returns the answer as JSON, with `error` if it cannot be tried.

        pairs: ids of pairs, tasks or categories; if empty, a sample is drawn.
        """
        try:
            source = read_draft(self.staging, str(path))
            return tryout_to_json(await self.try_source(source, pairs, path=path_below(self.staging, str(path))))
        except ProposerError as error:
            return {"error": files.printable(str(error))}

    async def try_source(self, source: str, pairs: Sequence[str] = (), *, path: str = "") -> TryoutAnswer:
        """Try a program. path: for the record. Raises ProposerError for an unknown pair, task or category."""
        kind = kind_of(self.taskset)
        chosen = choose_items(self.part.items, pairs, seed=self.config.seed, noun=kind.words.items[:-1])
        async with self._turn:
            before = len(self.quota.prices)
            part = part_for(kind, self.part.of_items(chosen), source)
            report, results, stopped = await self._run(source, part)
            trial = _record(path, source, report, results, self.quota.prices[before:])
            calls = CallsUsed(trial.judge_calls, trial.new_calls, trial.cost_usd, self.quota.left)
            answer = answer_of(
                *(report, part, results),
                taskset=self.taskset,
                calls=calls,
                stopped=stopped,
                history=self.history,
                detailed=self.detailed,
            )
            agreement = answer.scores.score if answer.scores else None
            self.done.append(replace(trial, pairs=tuple(item.id for item in chosen), score=agreement))
        return answer

    async def _run(self, source: str, part: Part) -> tuple[Report, list[Result], str]:
        """The validator's report, the results, and why it stopped early, if it did."""
        kind = kind_of(self.taskset)
        results: list[Result] = []
        if marks := secrets_in(session_secrets(self.config.proposer).mark(source)):
            return Report(marks, ()), results, ""
        async with await open_sandbox(self.config) as sandbox:
            known = fingerprints(programs_of(self.history, load_ledger(self.history.ledger)))
            report = await validate(
                source,
                sandbox=sandbox,
                known=known,
                packages=self.config.packages,
                cases=self.cases,
                program=kind.program,
            )
            try:
                if report.ok:
                    evaluation = await evaluate(
                        source,
                        part.examples,
                        gateway=self.gateway,
                        sandbox=sandbox,
                        hosts=kind.hosts(self.taskset),
                        seed=self.config.seed,
                        give_up=True,
                        on_result=results.append,
                    )
            except (JudgeUnavailable, LimitReached) as error:
                return report, results, files.printable(str(error))
        if not report.ok or not evaluation.broken:
            return report, results, ""
        left = len(evaluation.not_run)
        return report, results, f"it fails on most of its first runs; {left} of {len(part.examples)} were not run"


def _record(
    path: str, source: str, report: Report, results: Sequence[Result], prices: Sequence[float | None]
) -> Tryout:
    """A tryout for the record, without its pairs and score. prices: of its new calls, in US dollars."""
    return Tryout(
        path=files.printable(path)[:200],
        digest=files.digest_of_text(source),
        ok=report.ok,
        pairs=(),
        score=None,
        judge_calls=sum(len(result.calls) for result in results),
        new_calls=len(prices),
        cost_usd=total_usd(prices),
    )


def tryouts_of(search: Search, staging: Path) -> Tryouts | None:
    """The tryouts of a proposer's session; None if it may not try drafts. staging: where drafts are read from."""
    settings = search.config.proposer
    learned = search.config.objective.spec != OFFICIAL  # a learned reward scores no single items of a draft
    if settings.try_calls == 0 or settings.history == "none" or learned:
        return None
    return make_tryouts(
        HistoryLayout(search.layout.history),
        search.config,
        search.gateway,
        taskset=search.taskset,
        part=search.part("search"),
        staging=staging,
        cases=search.cases,
    )


def tryouts_on_run(layout: Layout, *, calls: int | None = None) -> Tryouts:
    """Tryouts for a person, outside any session. What they spend counts as the run's, under its limits.

    calls: the quota of new judge calls; by default that of a session. Raises UsageError under a learned objective.
    """
    config = load_run_config(layout.config)
    if config.objective.spec != OFFICIAL:
        raise UsageError("drafts cannot be tried under a learned objective", hint="`meta-reward add` scores a program")
    if calls is not None:
        config = replace(config, proposer=replace(config.proposer, try_calls=calls))
    taskset = load_any_task_set(layout.taskset)
    made = make_tryouts(
        HistoryLayout(layout.history),
        config,
        _gateway_of(layout, config),
        taskset=taskset,
        part=kind_of(taskset).part(taskset, taskset.tasks),
        staging=layout.history,
        cases=run_cases(layout, taskset, tuple(taskset.tasks)),
    )
    return replace(made, detailed=True)


def _gateway_of(layout: Layout, config: RunConfig) -> Gateway:
    """A gateway with a run's limits. It writes to the run's billing log even while a search is using the run.

    If the run is read-only, nothing is recorded.
    """
    try:
        with locked(layout):
            gateway = open_run_gateway(config, layout)
    except UsageError as error:
        billing = BillingLog(layout.account if isinstance(error, RunInUse) else None)
        gateway = open_gateway(config, open_backend(config), billing=billing, spent=spent_on_disk(layout))
    sessions_usd = proposer_usd(layout)
    gateway.limit(limit_check(config.limits), elsewhere_usd=lambda: sessions_usd)
    return gateway


def make_tryouts(
    history: HistoryLayout,
    config: RunConfig,
    gateway: Gateway,
    *,
    taskset: AnyTaskSet,
    part: Part,
    staging: Path,
    cases: Cases,
) -> Tryouts:
    """Tryouts that spend through this gateway. part: the search split of the task set."""
    quota = Quota(config.proposer.try_calls)
    detailed = config.proposer.history == "full"
    limited = gateway.with_quota(quota)
    return Tryouts(history, staging, taskset, part, config, limited, quota, cases, detailed=detailed)
