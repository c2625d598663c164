"""The status of a run, read only from its files; also while a search works on it."""

import time
from dataclasses import dataclass

from meta_reward.files import read_bytes
from meta_reward.models.billing import load_bill
from meta_reward.propose.session_cost import proposer_usd
from meta_reward.report.pace import LimitUse, Outage, Pace, Work, at_end, limits_used, outage_under_way, pace_of, told
from meta_reward.report.training import Block, training_blocks
from meta_reward.run.config import load_run_config
from meta_reward.run.decisions import Decision, last_decision
from meta_reward.run.evaluations import journals_under_way, load_scores
from meta_reward.run.events import EVALUATION, ITERATION, Event, load_events
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, frontier_on_search, leader_of
from meta_reward.run.lock import is_locked
from meta_reward.run.record import iterations_done, load_iterations
from meta_reward.run.settings import RunConfig
from meta_reward.run.stop_reason import RUNNING, Stop, load_stop
from meta_reward.run.under_way import rows_so_far, session_under_way
from meta_reward.run.usage import spent_on_disk

_LAST_EVENTS = 5
_DULL = (EVALUATION, ITERATION)
"""Events that are not shown, since the status says the same."""


@dataclass(frozen=True, slots=True)
class Iterations:
    """The iterations of a search; its seeds do not count as one."""

    done: int
    limit: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on a split with its 95% interval; all None if the candidate was not scored there."""

    score: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class CandidateStatus:
    """A candidate that is scored, rejected or failed."""

    id: str
    name: str
    parents: tuple[str, ...]
    status: str
    """`scored`, `rejected` by the validator, or `failed` in evaluation."""
    search: Agreement
    validation: Agreement
    judge_tokens: int
    """Tokens on the search split, counted as if nothing had been cached."""
    context_chars: int | None
    """Mean characters that the model is shown for one item; None for rewards."""
    hypothesis: str
    reason: str
    """Why it was rejected or failed."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An evaluation in progress."""

    candidate: str
    """The candidate's folder, such as `c0007-policy-check`."""
    split: str
    done: int
    """Trajectories with a result."""
    total: int | None
    """All trajectories of the split; None if no event of the search has their number."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What a run has spent so far."""

    judge_calls: int
    """Calls for finished trajectories, counted as if nothing had been cached; `judge_tokens` likewise."""
    judge_tokens: int
    cut_off_calls: int
    """Calls for trajectories that a limit cut off; `cut_off_tokens` likewise."""
    cut_off_tokens: int
    calls_made: int
    """Calls that were sent, because the cache had no reply."""
    cost_usd: float | None
    """US dollars for the calls that were sent; None if no price is known."""
    unpriced_calls: int
    """Sent calls whose price is not known."""
    proposer_usd: float
    """US dollars for the sessions of the proposer."""
    reward_calls: int
    """Calls that were sent to the judge of the learned reward, if the run is scored by one; `reward_usd` likewise."""
    reward_usd: float


@dataclass(frozen=True, slots=True)
class Status:
    """Where a run stands."""

    run: str
    state: str
    """`running`, `finished`, `stopped` or `interrupted`."""
    reason: str
    """Why it is not running; empty while it is."""
    kind: str
    """The kind of the programs."""
    objective: str
    """What scores the search split: `official`, or a learned reward."""
    validated_by: str
    """What scores the validation split, likewise."""
    judge: str
    proposer: str
    sandbox: str
    simulated: bool
    """Whether the judge is simulated; the numbers then say nothing about a real model."""
    iterations: Iterations
    leader: str | None
    """Id of the best candidate on search so far."""
    candidates: list[CandidateStatus]
    training: tuple[Block, ...]
    """For the training of a policy, the steps between refinements; empty for a search."""
    frontier: list[str]
    """Ids of the candidates that no other beats on both score and cost, cheapest first."""
    decision: Decision | None
    """Which candidate is chosen, and why; None until there is a decision."""
    under_way: list[UnderWay]
    proposing: int | None
    """The iteration whose proposer is at work, or was when its search ended; None if there is none."""
    sealed: str
    """The folder of validation and test results, not to be shown to a proposer."""
    set_aside: list[str]
    """Paths of files that were changed by hand and then set aside."""
    spent: Spending
    limits: list[LimitUse]
    """The use of the limits that are set, except iterations."""
    pace: Pace | None
    """None if it is not running."""
    outage: Outage | None
    """The judge does not answer at the moment; None if it does, or if the run is not running."""
    events: list[Event]
    """The latest events, in order of time."""


def status_of(layout: Layout) -> Status:
    """The status of a run."""
    config = load_run_config(layout.config)
    rows = rows_so_far(layout, config.judge.spec)
    stop = RUNNING if is_locked(layout) else load_stop(layout)
    running, events, spent = stop.state == RUNNING.state, load_events(layout.events), _spending(layout, stop)
    iterations, proposing, under_way = load_iterations(layout), session_under_way(layout), _under_way(layout, events)
    done = iterations_done(iterations)
    work = _work(config, under_way, proposing, done, seeded=bool(iterations))
    pace = told(lambda: pace_of(events, work, time.time())) if running else None
    forecast = told(lambda: at_end(events, work)) if running else None
    return Status(
        run=layout.root.name,
        state=stop.state,
        reason=stop.reason,
        kind=config.kind,
        objective=config.objective.spec,
        validated_by=config.objective.validate_on or config.objective.spec,
        judge=config.judge.spec,
        proposer=config.proposer.spec,
        sandbox=config.sandbox,
        simulated=config.judge.spec.partition(":")[0] == "simulated",
        iterations=Iterations(done, config.limits.iterations),
        leader=leader_of(rows).id if rows else None,
        candidates=[_candidate(layout, row) for row in rows],
        training=training_blocks(layout, config.mpo),
        frontier=[row.id for row in frontier_on_search(rows)],
        decision=last_decision(layout),
        under_way=under_way,
        proposing=proposing,
        sealed=str(layout.sealed),
        set_aside=[str(path) for path in sorted(layout.set_aside.glob("*"))],
        spent=spent,
        limits=limits_used(config.limits, _amounts(spent, pace), forecast, pace),
        pace=pace,
        outage=outage_under_way(events) if running else None,
        events=[event for event in events if event.event not in _DULL][-_LAST_EVENTS:],
    )


def _amounts(spent: Spending, pace: Pace | None) -> dict[str, float]:
    """The amounts used, by the names of the limits."""
    return {
        "max_calls": spent.judge_calls + spent.cut_off_calls,
        "max_tokens": spent.judge_tokens + spent.cut_off_tokens,
        "max_usd": (spent.cost_usd or 0.0) + spent.proposer_usd + spent.reward_usd,
        "max_hours": pace.elapsed_s / 3600 if pace else 0.0,
    }


def _work(config: RunConfig, under_way: list[UnderWay], proposing: int | None, done: int, *, seeded: bool) -> Work:
    """The remaining work of a search, to estimate times from. seeded: whether its seeds are on record."""
    waiting = sum((one.total or one.done) - one.done for one in under_way)
    validating = any(one.split != "search" for one in under_way)
    begun = proposing is not None or (bool(under_way) and not validating and seeded)
    to_come = 0 if validating else max(0, config.limits.iterations - done - begun)
    return Work(proposing is not None, waiting, validating, to_come, config.proposer.candidates)


def _candidate(layout: Layout, row: Row) -> CandidateStatus:
    sealed = load_scores(layout.sealed_evaluation("validation", row.folder))
    return CandidateStatus(
        id=row.id,
        name=row.name,
        parents=row.parents,
        status=row.status,
        search=Agreement(row.score, row.low, row.high),
        validation=Agreement(*((m := sealed.metrics).score, m.low, m.high) if sealed else (None, None, None)),
        judge_tokens=row.judge_tokens,
        context_chars=row.context_chars,
        hypothesis=row.hypothesis,
        reason=row.reason,
    )


def _under_way(layout: Layout, events: list[Event]) -> list[UnderWay]:
    # Compared as texts, since the file of events may contain anything.
    totals = {f"{e.facts.get('candidate')} {e.facts.get('split')}": e.facts.get("trajectories") for e in events}
    whole = {about: total for about, total in totals.items() if isinstance(total, int)}
    return [
        UnderWay(folder, split, read_bytes(path).count(b"\n"), whole.get(f"{folder} {split}"))
        for path, folder, split in journals_under_way(layout)
    ]


def _spending(layout: Layout, stop: Stop) -> Spending:
    spent, reward = spent_on_disk(layout), load_bill(layout.objective_account).spent
    return Spending(
        judge_calls=spent.calls,
        judge_tokens=spent.tokens,
        cut_off_calls=stop.cut_off_calls,
        cut_off_tokens=stop.cut_off_tokens,
        calls_made=spent.misses,
        cost_usd=spent.usd,
        unpriced_calls=spent.unpriced,
        proposer_usd=proposer_usd(layout),
        reward_calls=reward.misses,
        reward_usd=reward.cost_usd,
    )
