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
"""The proposers that are no agents: code around a model that writes programs."""
LIBRARY = "library"
"""One more, `library:MODEL`, whose model edits the entries of a library."""
META = "meta"
"""The proposer that refines the rubric of a reward by what a policy makes of it; also code around a model."""
_EFFORTS = ("", "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """The table `[judge.roles]`: models for questions that a harness asks in a role."""

    router: str = ""
    """Kind and model of what chooses entries of a library; empty for the judge itself."""
    router_settings: dict[str, Any] = field(default_factory=dict)
    """What this kind of judge takes."""


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """The table `[judge]`."""

    spec: str = ""
    """Kind and model, such as `simulated` or `anthropic:MODEL`."""
    concurrency: int = setting(16, least=1)
    """Trajectories and calls at a time."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What this kind of judge takes: the keys of `models/settings.py`."""
    requests_per_minute: int = 0
    """0 for no bound."""
    tokens_per_minute: int = 0
    """0 for no bound."""
    retries: int = 12
    """How often a call that failed is tried again."""
    retry_after_s: float = 120.0
    """The longest wait that an endpoint may ask for. If it asks for more, the search stops."""
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
    """The most that an iteration may bring."""
    minutes: float = setting(60.0, check=_check_minutes)
    """How long a session may take."""
    jail: str = setting("", choices=("", "none"))
    """`none` runs a command with the user's own rights; empty in a jail."""
    history: str = setting("full", choices=HISTORY_LEVELS)
    """How much of the history a session is shown."""
    try_calls: int = 100
    """New judge calls that a session may make to try drafts. 0: it may not try any."""
    turns: int = 200
    """Turns of a session of claude; 0 for no bound."""
    max_usd: float = 10.0
    """What a session of claude, or its writing model, may cost; 0 for no bound."""
    effort: str = setting("", choices=_EFFORTS)
    """How hard claude thinks; empty leaves it to its default."""
    tools: tuple[str, ...] = ()
    """What claude may use. Empty: a shell if this machine can confine one, else file tools."""
    bind: tuple[str, ...] = ()
    """Paths that a command's jail shows too; `PATH:rw` may be written to."""
    env: tuple[str, ...] = ()
    """Names of environment variables that the proposer is given."""
    net: str = setting("", choices=("", "none"))
    """`none` leaves a command's jail without a network."""
    writer: str = ""
    """The model that writes for `gepa`, `openevolve` and `writer`, and summaries: any judge's kind and model."""
    writer_settings: dict[str, Any] = field(default_factory=dict)
    """What this kind of judge takes, for the writing model."""
    model: str = ""
    """Claude's model if `spec` is just `claude`. A stored run has it in `spec`."""

    @property
    def kind(self) -> str:
        """What stands before the colon of `spec`."""
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
    """The table `[objective]`: what search and validation are scored by. The test is always official."""

    spec: str = setting(OFFICIAL, check=_check_objective)
    """`official`, or `learned:` and the path of a reward."""
    candidate: str = ""
    """A candidate of that run in place of the chosen one."""
    chosen: str = ""
    """The candidate that was the chosen one when this run was made; empty for what is no run."""
    judge: str = ""
    """Kind and model of the reward's judge, in place of the one it was found with; a harness by itself names none."""
    digest: str = ""
    """Of the reward as it was when this run was made: its program, its judge and their settings."""
    validate_on: str = setting("", choices=("", OFFICIAL))
    """`official` leaves validation to the trusted outcomes; empty for the same as search."""
    max_usd: float = 0.0
    """What the reward's judge may cost in this run, over all its starts; 0 where the reward sets its own limit."""
    traces: str = ""
    """Path of a task set of trajectories that are evidence for the proposer; empty for none."""
    traces_digest: str = ""
    """Of its content."""


PAIRS, NO_GATE = "pairs", "none"


@dataclass(frozen=True, slots=True)
class MpoSettings:
    """The table `[mpo]`: the training of a policy whose reward is refined. A search has none."""

    policy: str = ""
    """Kind and model of the policy; empty in a search."""
    policy_settings: dict[str, Any] = field(default_factory=dict)
    """What this kind of policy takes."""
    steps: int = setting(200, least=1)
    """Updates of the policy."""
    every: int = setting(20, least=1)
    """Steps between refinements of the reward."""
    tasks: int = setting(8, least=1)
    """Tasks of a step, each with a group of samples."""
    group: int = setting(4, least=2)
    """Samples of a task in a step."""
    samples: int = setting(20, least=1)
    """Samples that a refinement looks at."""
    gate: str = setting(PAIRS, choices=(PAIRS, NO_GATE))
    """`pairs` keeps a refinement only where it does no worse on the trusted pairs of search; `none` keeps every one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The table `[limits]`: when a search stops. 0 means no limit, but for iterations."""

    iterations: int = 8
    """After the seeds. 0: only the seeds are scored."""
    patience: int = 10
    """Iterations in a row without a new best on search."""
    max_calls: int = 0
    """Judge calls, counted as if nothing had been cached."""
    max_tokens: int = 0
    """Judge tokens, counted as if nothing had been cached."""
    max_usd: float = 0.0
    """Dollars that were really spent."""
    max_hours: float = 0.0
    """Hours since this process began."""


def _check_packages(packages: Sequence[str]) -> None:
    for name in packages:
        if not name.isidentifier() or name in sys.stdlib_module_names or name == "meta_reward":
            what = f"holds {name!r}, which is not the name of an installed package"
            raise BadSetting(what, hint='write what follows `import`, such as packages = ["numpy"]')


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that fixes a run: the keys of `run.toml` outside any table, and its tables."""

    schema: int = setting(SCHEMA, choices=(SCHEMA,))
    kind: str = "reward"
    """Of the programs."""
    taskset: str = ""
    """Path of the task set."""
    digest: str = ""
    """Of the content of the task set."""
    baseline: str = ""
    """Name and digest of the first candidate."""
    seed: int = 0
    """Of the simulated judge, the proposer and all orders."""
    sandbox: str = setting(AUTO, choices=CHOICES)
    """How candidates are confined. `auto` becomes the level that was found when the run was made."""
    packages: tuple[str, ...] = setting((), check=_check_packages)
    """Installed packages that candidates may import beside the standard library."""
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    proposer: ProposerSettings = field(default_factory=ProposerSettings)
    objective: ObjectiveSettings = field(default_factory=ObjectiveSettings)
    mpo: MpoSettings = field(default_factory=MpoSettings)
    limits: Limits = field(default_factory=Limits)
    splits: SplitShares = field(default_factory=SplitShares)
    """How a task set that is not divided yet is divided."""
    budget: Budget = field(default_factory=Budget)
    """What a candidate may use on one trajectory."""
