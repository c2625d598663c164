"""The settings of a run: each dataclass is a table of `run.toml`, each field a key (`config.py` reads them)."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from meta_reward.harness.budget import Budget
from meta_reward.harness.level import AUTO, CHOICES
from meta_reward.settings import BadSetting, setting
from meta_reward.tasks.divide import SplitShares

SCHEMA = 2
MODEL_SUMMARIES = "model-summaries"
HISTORY_LEVELS = ("full", "scores", "summaries", MODEL_SUMMARIES, "none")
WRITING = ("gepa", "openevolve", "writer")
"""The proposers that are code around a model that writes programs, not agents."""
LIBRARY = "library"
"""The proposer `library:MODEL`, also code around a model, which edits the entries of a library."""
META = "meta"
"""The proposer that refines a reward's rubric according to what a policy does with it; also code around a model."""
_EFFORTS = ("", "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """The table `[judge.roles]`: other models for questions that a harness asks in a role."""

    router: str = ""
    """Kind and model that chooses entries of a library; empty for the judge itself."""
    router_settings: dict[str, Any] = field(default_factory=dict)
    """The settings of that model."""


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """The table `[judge]`."""

    spec: str = ""
    """Kind and model, such as `simulated` or `anthropic:MODEL`."""
    concurrency: int = setting(16, least=1)
    """How many trajectories are scored, and calls sent, at a time."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings that this kind of judge accepts; the keys are in `models/settings.py`."""
    requests_per_minute: int = 0
    """0 for no limit."""
    tokens_per_minute: int = 0
    """0 for no limit."""
    retries: int = 12
    """How often a failed call is retried."""
    retry_after_s: float = 120.0
    """The longest wait in seconds that an endpoint may ask for. If it asks for more, the search stops."""
    roles: RoleSettings = field(default_factory=RoleSettings)


def _check_minutes(minutes: float) -> None:
    if minutes == 0:
        raise BadSetting(f"is {minutes!r}, which leaves a session no time", hint="say how many it may take")


@dataclass(frozen=True, slots=True)
class ProposerSettings:
    """The table `[proposer]`."""

    spec: str = "catalog"
    """`catalog`, `claude:MODEL`, `gepa`, `openevolve`, `writer`, `library:MODEL` or `command:PROGRAM ...`."""
    candidates: int = setting(2, least=1)
    """The most candidates per iteration."""
    minutes: float = setting(60.0, check=_check_minutes)
    """How many minutes a session may take."""
    jail: str = setting("", choices=("", "none"))
    """Empty runs a command in a jail; `none` runs it with the user's own rights."""
    history: str = setting("full", choices=HISTORY_LEVELS)
    """How much of the history a session is shown."""
    try_calls: int = 100
    """New judge calls that a session may make to try drafts; 0 to forbid trying drafts."""
    turns: int = 200
    """The most turns of a session of claude; 0 for no limit."""
    max_usd: float = 10.0
    """What a session of claude, or of the writing model, may cost in US dollars; 0 for no limit."""
    effort: str = setting("", choices=_EFFORTS)
    """How hard claude thinks; empty for claude's own default."""
    tools: tuple[str, ...] = ()
    """The tools that claude may use. Empty: a shell if this machine can confine one, else file tools."""
    bind: tuple[str, ...] = ()
    """Further paths that are visible in a command's jail; with `PATH:rw` also writable."""
    env: tuple[str, ...] = ()
    """Names of environment variables that are passed to the proposer."""
    net: str = setting("", choices=("", "none"))
    """`none` runs a command's jail without a network."""
    writer: str = ""
    """Kind and model that writes programs for `gepa`, `openevolve` and `writer`, and summaries; any judge's."""
    writer_settings: dict[str, Any] = field(default_factory=dict)
    """The settings of the writing model, the same as a judge of its kind accepts."""
    model: str = ""
    """Claude's model if `spec` is just `claude`; in a stored run it is part of `spec`."""

    @property
    def kind(self) -> str:
        """The part of `spec` before the colon."""
        return self.spec.partition(":")[0]

    @property
    def writing_model(self) -> str:
        """The model that writes, "" for proposers without one."""
        named = self.spec.partition(":")[2] if self.kind == LIBRARY else self.writer
        return "simulated:orchestrator" if self.kind == LIBRARY and named == "simulated" else named


OFFICIAL, LEARNED = "official", "learned:"


def _check_objective(spec: str) -> None:
    if spec != OFFICIAL and not (spec.startswith(LEARNED) and spec != LEARNED):
        raise BadSetting(
            f"is {spec!r}", hint="it is official, or learned: with a run, an export or a harness behind it"
        )


@dataclass(frozen=True, slots=True)
class ObjectiveSettings:
    """The table `[objective]`: what scores search and validation. The test always uses trusted outcomes."""

    spec: str = setting(OFFICIAL, check=_check_objective)
    """`official`, or `learned:` and the path of a reward."""
    candidate: str = ""
    """The candidate to use from a learned reward's run; empty for the run's chosen one."""
    chosen: str = ""
    """The candidate that was chosen in the reward's run when this run was created; empty if the reward is not a run."""
    judge: str = ""
    """Kind and model of the reward's judge, instead of the one that the reward was found with. A bare harness has no
    judge of its own, so it needs one here."""
    digest: str = ""
    """Digest of the reward when this run was created: its program, its judge and their settings."""
    validate_on: str = setting("", choices=("", OFFICIAL))
    """`official` scores validation by the trusted outcomes; empty scores it like search."""
    max_usd: float = 0.0
    """What the reward's judge may cost in this run in US dollars, over all starts; 0 for the reward's own limit."""
    traces: str = ""
    """Path of a task set of trajectories that the proposer sees as evidence; empty for none."""
    traces_digest: str = ""
    """Digest of that task set's content."""


PAIRS, NO_GATE = "pairs", "none"


@dataclass(frozen=True, slots=True)
class MpoSettings:
    """The table `[mpo]`: the training of a policy whose reward is refined. A search has none."""

    policy: str = ""
    """Kind and model of the policy; empty in a search."""
    policy_settings: dict[str, Any] = field(default_factory=dict)
    """Settings that this kind of policy accepts."""
    steps: int = setting(200, least=1)
    """Number of updates of the policy."""
    every: int = setting(20, least=1)
    """Steps between refinements of the reward."""
    tasks: int = setting(8, least=1)
    """Tasks per step; each gets a group of samples."""
    group: int = setting(4, least=2)
    """Samples per task in a step."""
    samples: int = setting(20, least=1)
    """Samples that a refinement looks at."""
    gate: str = setting(PAIRS, choices=(PAIRS, NO_GATE))
    """`pairs` keeps a refinement only if it is not worse on the trusted pairs of search; `none` keeps all of them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The table `[limits]`: when a search stops. 0 means no limit, except for iterations."""

    iterations: int = 8
    """Iterations after the seeds; 0 scores only the seeds."""
    patience: int = 10
    """Iterations in a row without a new best on search."""
    max_calls: int = 0
    """Judge calls, counted as if nothing had been cached."""
    max_tokens: int = 0
    """Judge tokens, counted as if nothing had been cached."""
    max_usd: float = 0.0
    """US dollars that were really spent."""
    max_hours: float = 0.0
    """Hours since this process began."""


def _check_packages(packages: Sequence[str]) -> None:
    for name in packages:
        if not name.isidentifier() or name in sys.stdlib_module_names or name == "meta_reward":
            what = f"holds {name!r}, which is not the name of an installed package"
            raise BadSetting(what, hint='write what follows `import`, such as packages = ["numpy"]')


@dataclass(frozen=True, slots=True)
class RunConfig:
    """All settings of a run: the top-level keys of `run.toml`, and its tables."""

    schema: int = setting(SCHEMA, choices=(SCHEMA,))
    kind: str = "reward"
    """The kind of programs."""
    taskset: str = ""
    """Path of the task set."""
    digest: str = ""
    """Digest of the task set's content."""
    baseline: str = ""
    """Name and digest of the first candidate."""
    seed: int = 0
    """Random seed of the simulated judge, the proposer and all shuffling."""
    sandbox: str = setting(AUTO, choices=CHOICES)
    """How candidates are confined. A new run stores in place of `auto` the level that it found."""
    packages: tuple[str, ...] = setting((), check=_check_packages)
    """Installed packages that candidates may import in addition to the standard library."""
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    proposer: ProposerSettings = field(default_factory=ProposerSettings)
    objective: ObjectiveSettings = field(default_factory=ObjectiveSettings)
    mpo: MpoSettings = field(default_factory=MpoSettings)
    limits: Limits = field(default_factory=Limits)
    splits: SplitShares = field(default_factory=SplitShares)
    """How to divide a task set that is not divided yet."""
    budget: Budget = field(default_factory=Budget)
    """What a candidate may use on one trajectory."""
