"""The settings of a run: small dataclasses, each field a key of `run.toml` (`config.py` reads and checks them)."""

from dataclasses import dataclass, field
from typing import Any

from meta_reward.harness.budget import Budget
from meta_reward.harness.levels import AUTO
from meta_reward.tasks.divide import SplitShares

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """spec: kind and model, such as `simulated`. settings: what that kind of judge takes.

    requests_per_minute, tokens_per_minute: 0 for no bound. retries: of a call that failed.
    retry_after_s: the longest wait that an endpoint may ask for; beyond it the search stops.
    """

    spec: str = ""
    concurrency: int = 16
    settings: dict[str, Any] = field(default_factory=dict)
    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    retries: int = 12
    retry_after_s: float = 120.0


@dataclass(frozen=True, slots=True)
class ProposerSettings:
    """spec: `catalog`, `claude:MODEL` or `command:...`. model: of claude, where spec is `claude`; a run has it in spec.
    candidates: at most so many an iteration.

    minutes, turns, max_usd: what a session may take; turns, max_usd, effort and tools are for claude.
    jail: `none` runs a command with the user's own rights. bind, env, net: what a jail shows beyond what
    every one does: paths (`PATH:rw` to be written to), names of variables, and `none` for no network.
    history: how much of it a session is shown. try_calls: new judge calls that a session may make to try drafts.
    """

    spec: str = "catalog"
    candidates: int = 2
    minutes: float = 60.0
    jail: str = ""
    history: str = "full"
    try_calls: int = 100
    turns: int = 200
    max_usd: float = 10.0
    effort: str = ""
    tools: tuple[str, ...] = ()
    bind: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    net: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a search stops. max_calls and max_tokens count nominally, as if nothing were cached;
    max_usd counts what was spent, 0 where its user lifted it; max_hours the time of this process. patience: iterations
    without a new best on search and without an accepted candidate. Zero means no limit, except for
    iterations, where it means the seeds alone."""

    iterations: int = 8
    patience: int = 10
    max_calls: int = 0
    max_tokens: int = 0
    max_usd: float = 0.0
    max_hours: float = 0.0


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that fixes a run. taskset: path; digest: of its content; baseline: name and digest of the
    first candidate. sandbox: the level found when the run was made. packages: installed packages that
    candidates may import beside the standard library."""

    schema: int = SCHEMA
    taskset: str = ""
    digest: str = ""
    baseline: str = ""
    seed: int = 0
    sandbox: str = AUTO
    packages: tuple[str, ...] = ()
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    proposer: ProposerSettings = field(default_factory=ProposerSettings)
    limits: Limits = field(default_factory=Limits)
    splits: SplitShares = field(default_factory=SplitShares)
    budget: Budget = field(default_factory=Budget)
