"""A harness ready to score, with its judge, settings, policy and evidence, from a run, an export or a single file.

A run gives the harness that its last decision chose; a run without a decision cannot be used. Settings of the caller
override those of the run or export; measured numbers that do not hold for them are then not reported.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError, UsageError
from meta_reward.harness.validate import REWARD as PROGRAM
from meta_reward.harness.validate import inspect_source
from meta_reward.kinds.registry import kind_of_source
from meta_reward.models.secrets import refuse_secrets
from meta_reward.run.config import load_run_config, load_user_config, new_config, overlay
from meta_reward.run.decisions import last_decision
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.settings import Limits, RunConfig
from meta_reward.tasks.about import REWARDS
from meta_reward.tasks.records import parse_tools
from meta_reward.use.evidence import NO_RUN, UNTESTED, Evidence, Measured, evidence_of, what_differs
from meta_reward.use.trajectories import Shared, trajectory_of

SETTINGS, RECORD, HARNESS = "reward.toml", "record.json", "harness.py"
"""The files of an export."""
POLICY, TOOLS = "policy.md", "tools.json"
_SPENDING = ("max_calls", "max_tokens", "max_usd")
_RUNS = Path("runs")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller asks for."""

    judge: str | None = None
    settings: Mapping[str, Any] | Path | None = None
    """Tables as in run.toml, or a file with them."""
    max_usd: float | None = None
    """0 for no limit."""
    shared: Shared | None = None
    """The policy and tools for trajectories that don't name theirs."""
    candidate: str = ""
    """The id of a candidate of a run; empty for the chosen one."""
    kinds: Collection[str] = REWARDS
    """Kinds of program that are accepted."""

    def tables(self) -> dict[str, Any]:
        """Settings, judge and max_usd as tables of run.toml."""
        given = load_user_config(self.settings) if isinstance(self.settings, Path) else dict(self.settings or {})
        return overlay(given, {"judge.spec": self.judge, "limits.max_usd": self.max_usd})


@dataclass(frozen=True, slots=True)
class Loaded:
    """A harness with everything that it needs to score a trajectory."""

    name: str
    """Such as `c0009 of run night-1`."""
    source: str
    """The source of the program."""
    config: RunConfig
    limits: Mapping[str, Any]
    """The limits on spending that the run or the caller has set, by name; 0 for no limit."""
    shared: Shared = field(default_factory=Shared)
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def spending(self) -> Limits:
        """The limits on what may be spent."""
        return Limits(**dict(self.limits))

    @property
    def digest(self) -> str:
        """The digest of everything besides the trajectory that a score depends on."""
        parts = {
            "harness": self.source,
            "judge": [self.config.judge.spec, self.config.judge.settings],
            "seed": self.config.seed,
            "budget": asdict(self.config.budget),
            "packages": self.config.packages,
        }
        return files.digest(parts)[:16]

    def about(self) -> list[str]:
        """A few lines that say what this is, and how far to trust it."""
        chosen = [f"decision: {self.evidence.decision}"] if self.evidence.decision else []
        if self.evidence.untested:
            chosen.append(f"{self.evidence.untested} is untested, so it is not what scores here")
        return [f"harness {self.name}, judge {self.config.judge.spec}", *chosen, self.evidence.sealed()]


def load(path: Path, wanted: Wanted) -> Loaded:
    """Load the run, export or harness at a path. Raises UsageError and DataError."""
    found = next((p for p in (path, _RUNS / path) if p.exists()), None)
    if found is None:
        what = f"there is no {path}"
        raise UsageError(what, hint="name the folder of a run or of an export, or the file of a harness")
    if found.is_file():
        return _load_harness(found, wanted)
    if (found / SETTINGS).exists():
        return _load_export(found, wanted)
    if (found / "run.toml").exists():
        return _load_run(Layout(found), wanted)
    raise UsageError(f"{found} is neither a run nor an export: it has no run.toml and no {SETTINGS}")


def chosen_in(layout: Layout, candidate: str = "", *, kinds: Collection[str] = REWARDS) -> tuple[Row, Evidence]:
    """The candidate that the last decision on a run chose, or the one with a given id, and its evidence.

    Raises UsageError if there is no decision yet, no such candidate, or if the run is not of one of these kinds.
    """
    check_rewards(layout, kinds)
    run, decision = layout.root.resolve().name, last_decision(layout)
    if decision is None:
        hint = f"finish the search, or choose one yourself with `meta-reward choose {run} CANDIDATE`"
        raise UsageError(f"run {run} has no decision yet, so no harness of it is chosen", hint=hint)
    rows = {row.id: row for row in load_ledger(layout.ledger)}
    if candidate and (candidate not in rows or rows[candidate].score is None):
        scored = " ".join(row.id for row in rows.values() if row.score is not None)
        raise UsageError(f"run {run} has no candidate {candidate} with a score", hint=f"those are: {scored}")
    row = rows.get(candidate or decision.chosen)
    if row is None:
        raise DataError(layout.ledger, f"has no candidate {decision.chosen}, which was chosen")
    return row, evidence_of(layout, decision, row)


def check_rewards(layout: Layout, kinds: Collection[str] = REWARDS) -> None:
    """Raise UsageError for a run of programs that do not give rewards. kinds: those that are accepted."""
    kind = load_run_config(layout.config).kind
    if kind not in kinds:
        what = f"run {layout.root.resolve().name} is of kind {kind}, and this needs rewards"
        raise UsageError(what, hint=f"its program is {layout.best}; `meta-reward evaluate` runs it on a task set")


def _load_run(layout: Layout, wanted: Wanted) -> Loaded:
    row, evidence = chosen_in(layout, wanted.candidate, kinds=wanted.kinds)
    stored, tables = load_run_config(layout.config), wanted.tables()
    set_by_run = {name: value for name in _SPENDING if (value := getattr(stored.limits, name))}
    return _loaded(
        f"{row.id} of run {layout.root.resolve().name}",
        files.read_text(layout.candidate(row.folder) / "harness.py"),
        stored,
        tables,
        limits={**set_by_run, **_spending(tables)},
        shared=wanted.shared or shared_in(layout.taskset),
        evidence=evidence,
    )


def _load_harness(path: Path, wanted: Wanted) -> Loaded:
    tables = wanted.tables()
    if not tables.get("judge", {}).get("spec"):
        hint = "say which one: --judge openai:gpt-5-mini, or judge=... in Python"
        raise UsageError(f"{path} names no judge", hint=hint)
    evidence = Evidence(why_no_test=NO_RUN)
    loaded = _loaded(
        str(path), files.read_text(path), RunConfig(), tables, _spending(tables), wanted.shared or Shared(), evidence
    )
    return _inspected(loaded, path, wanted)


def _load_export(folder: Path, wanted: Wanted) -> Loaded:
    """Load an export without its sandbox and limits: it may come from someone else, so the caller decides on these."""
    stored = load_user_config(folder / SETTINGS)
    stored = {name: table for name, table in stored.items() if name not in ("sandbox", "limits")}
    record, tables = _load_record(folder / RECORD), wanted.tables()
    source = files.read_text(folder / HARNESS)
    evidence = record[1]
    if files.digest_of_text(source) != record[0]:
        evidence = replace(evidence, test=None, why_no_test=f"{HARNESS} has changed since it was exported")
    shared = wanted.shared or shared_in(folder)
    loaded = _loaded(str(folder), source, new_config(stored), tables, _spending(tables), shared, evidence)
    return _inspected(loaded, folder / HARNESS, wanted)


def shared_in(folder: Path) -> Shared:
    """The policy and tools in a folder that holds them, such as a task set or an export."""
    tools = parse_tools(files.load_json(folder / TOOLS), folder / TOOLS)
    return Shared(files.read_text(folder / POLICY), tools)


def shared_of(policy: str | None, tools: Any, shared: Shared) -> Shared:
    """A policy and tools given by a caller; what is None is taken from `shared`. Raises UsageError."""
    fields = {"messages": [{"role": "user", "content": "."}]} | ({} if policy is None else {"policy": policy})
    fields |= {} if tools is None else {"tools": tools}
    try:
        read = trajectory_of(fields, shared)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return Shared(read.policy, read.tools)


def _loaded(
    name: str,
    source: str,
    stored: RunConfig,
    tables: Mapping[str, Any],
    limits: Mapping[str, Any],
    shared: Shared,
    evidence: Evidence,
) -> Loaded:
    base = asdict(stored)
    if tables.get("judge", {}).get("spec", stored.judge.spec) != stored.judge.spec:
        base["judge"]["settings"] = {}  # they are another judge's
    config = new_config(_over(base, tables))
    refuse_secrets(config.judge.settings)
    if evidence.test is not None and (difference := what_differs(stored, config)):
        evidence = replace(evidence, test=None, why_no_test=difference)
    return Loaded(name, source, config, limits, shared, evidence)


def _inspected(loaded: Loaded, path: Path, wanted: Wanted) -> Loaded:
    kind = kind_of_source(loaded.source)
    program = kind.program if kind.name in wanted.kinds else PROGRAM
    report = inspect_source(loaded.source, packages=loaded.config.packages, program=program)
    if not report.ok:
        raise UsageError(f"{path} is not a valid harness: {report.findings[0]}")
    return loaded


def _spending(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in tables.get("limits", {}).items() if name in _SPENDING}


def _over(base: Mapping[str, Any], tables: Mapping[str, Any]) -> dict[str, Any]:
    """Tables merged with others, which win, key by key."""
    merged = dict(base)
    for key, value in tables.items():
        under = merged.get(key)
        merged[key] = _over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def _load_record(path: Path) -> tuple[str, Evidence]:
    """The digest of the exported harness, and its evidence at that time."""
    record = files.load_json(path)
    try:
        test = record["numbers"]["test"]
        evidence = Evidence(
            record["decision"],
            record["untested"],
            None if test is None else Measured(**test),
            ""
            if test
            else f"{UNTESTED}; `meta-reward test {record['run']}` opens it, and a new export brings the result",
        )
        return record["harness"]["digest"], evidence
    except (KeyError, TypeError):
        raise DataError(path, "is not the record of an export") from None
