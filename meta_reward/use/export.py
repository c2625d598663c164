"""An export: everything that someone needs to use the chosen harness of a run without the run.

    FOLDER/
      README.md        what this is, and how to use it
      harness.py       the program
      reward.toml      judge, budget and packages, as tables of run.toml
      policy.md tools.json   what the agents worked under
      record.json      dated: data, judge, decision, sealed numbers with intervals, weak categories
      runtime/         `meta_reward.harness` and its `audit`, which the program imports: standard library only

It holds no trajectory and no key. Of validation and test it holds only numbers.
"""

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from meta_reward import __version__, files, folders
from meta_reward.models.registry import make_backend
from meta_reward.run.config import load_run_config
from meta_reward.run.evaluations import load_scores
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.settings import JudgeSettings, RunConfig
from meta_reward.use.evidence import UNTESTED, Evidence, Measured, measured_on
from meta_reward.use.loaded import HARNESS, POLICY, RECORD, SETTINGS, TOOLS, chosen_in

SCHEMA = 1
_PACKAGE = Path(__file__).parents[1]
_AUDIT = ("__init__", "build", "calls", "compare", "ledger", "records", "rules", "run", "speech", "values")
_RUNTIME = (
    *("__init__.py", "trajectory.py", "harness/__init__.py", "harness/runtime.py"),
    *(f"harness/audit/{name}.py" for name in _AUDIT),
)
_FEWEST_PAIRS = 5
_WEAK_BY = 0.05
_SIMULATED = "The judge is simulated: the numbers say nothing about any real model.\n\n"
_SPLITS = ("search", "validation", "test")


@dataclass(frozen=True, slots=True)
class Weakness:
    """A failure category on which a harness does worse than overall."""

    category: str
    split: str
    pairs: int
    agreement: float


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported, to be reported."""

    folder: Path
    harness: str
    judge: str
    simulated: bool
    evidence: Evidence
    weak: tuple[Weakness, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """The judge in a record."""

    spec: str
    settings: Mapping[str, Any]
    """As in cache keys."""
    simulated: bool


@dataclass(frozen=True, slots=True)
class Data:
    """The task set in a record."""

    taskset: str
    digest: str
    source: str
    licence: str
    simulated: bool
    tasks: dict[str, int]
    """Number of tasks by split."""


@dataclass(frozen=True, slots=True)
class Record:
    """The content of `record.json`."""

    schema: int
    exported: str
    """The day, in ISO 8601."""
    meta_reward: str
    run: str
    harness: dict[str, str]
    """Id, name, digest and hypothesis."""
    scale: str
    decision: str
    untested: str | None
    data: Data
    judge: Judged
    numbers: dict[str, Measured | None]
    """By split."""
    baseline: dict[str, object]
    """Id and numbers."""
    weak_categories: tuple[Weakness, ...]


def export(layout: Layout, folder: Path, *, today: datetime.date) -> Exported:
    """Write the chosen harness of a run into a new folder. Raises UsageError if nothing is chosen yet."""
    config = load_run_config(layout.config)
    row, evidence = chosen_in(layout)
    source = files.read_text(layout.candidate(row.folder) / "harness.py")
    record = _record(layout, config, row, evidence, source, today)
    with folders.new_folder(folder) as new:
        files.write_bytes(new / HARNESS, source.encode())
        files.write_bytes(new / SETTINGS, _settings(config))
        files.write_json(new / RECORD, record)
        for name in (POLICY, TOOLS):
            files.write_bytes(new / name, files.read_bytes(layout.taskset / name))
        for name in _RUNTIME:
            files.write_bytes(new / "runtime" / "meta_reward" / name, files.read_bytes(_PACKAGE / name))
        files.write_bytes(new / "README.md", _readme(record, folder.name).encode())
    return Exported(folder, row.id, config.judge.spec, record.judge.simulated, evidence, record.weak_categories)


def weaknesses(layout: Layout, row: Row) -> tuple[Weakness, ...]:
    """The categories on which a candidate does clearly worse, worst first, on the last split where it was measured."""
    for split in reversed(_SPLITS):
        if (scores := load_scores(layout.evaluation(split, row.folder))) is not None:
            metrics = scores.metrics
            found = [Weakness(name, split, of.items, of.score) for name, of in metrics.by_category.items()]
            bar = metrics.score - _WEAK_BY
            weak = [one for one in found if one.pairs >= _FEWEST_PAIRS and one.agreement < bar]
            return tuple(sorted(weak, key=lambda one: (one.agreement, one.category)))
    return ()


def _record(
    layout: Layout,
    config: RunConfig,
    row: Row,
    evidence: Evidence,
    source: str,
    today: datetime.date,
) -> Record:
    baseline = load_ledger(layout.ledger)[0]
    about = files.load_json(layout.taskset / "taskset.json")
    backend = make_backend(config.judge.spec, config.judge.settings, seed=config.seed)
    digest = files.digest_of_text(source)
    return Record(
        schema=SCHEMA,
        exported=today.isoformat(),
        meta_reward=__version__,
        run=layout.root.resolve().name,
        harness={"id": row.id, "name": row.name, "digest": digest, "hypothesis": row.hypothesis},
        scale="scores run from 0 to 100",
        decision=evidence.decision,
        untested=evidence.untested,
        data=Data(
            taskset=about["name"],
            digest=config.digest,
            source=about.get("source", ""),
            licence=about.get("licence", ""),
            simulated=about.get("simulated") is True,
            tasks=_tasks_by_split(layout),
        ),
        judge=Judged(config.judge.spec, dict(backend.settings), backend.simulated),
        numbers=_numbers(layout, row),
        baseline={"id": baseline.id, "numbers": _numbers(layout, baseline)},
        weak_categories=weaknesses(layout, row),
    )


def _numbers(layout: Layout, row: Row) -> dict[str, Measured | None]:
    return {split: measured_on(layout, row, split) for split in _SPLITS}


def _tasks_by_split(layout: Layout) -> dict[str, int]:
    """The number of tasks of each split, but not their ids."""
    if not layout.sealed_taskset.exists():
        return {}
    data = files.load_json(layout.sealed_taskset)
    with files.reading(layout.sealed_taskset):
        tasks: Mapping[str, str] = data["tasks"]
        return {split: sum(of == split for of in tasks.values()) for split in _SPLITS}


def _settings(config: RunConfig) -> bytes:
    """Settings that determine a score, as tables of run.toml. Sandbox and limits are left to the user."""
    import tomli_w

    judge = {name: value for name, value in asdict(config.judge).items() if value != getattr(JudgeSettings(), name)}
    tables = {
        "seed": config.seed,
        "packages": list(config.packages),
        "judge": judge,
        "budget": asdict(config.budget),
    }
    return tomli_w.dumps(tables).encode()


def _readme(record: Record, name: str) -> str:
    judge = record.judge
    evidence = Evidence(test=record.numbers["test"], why_no_test=UNTESTED)
    weak = [f"- {one.category}: {one.agreement:.1%} of {one.pairs} pairs" for one in record.weak_categories]
    simulated = _SIMULATED if judge.simulated else ""
    return files.printable(
        f"""# {name}

A reward for trajectories of agents, from 0 to 100: harness {record.harness["id"]} of run {record.run}, exported
{record.exported}. It was made for judge `{judge.spec}`, and its numbers hold for that judge and for data like
`{record.data.taskset}`.

{simulated}Sealed: {evidence.sealed()}.

Decision: {record.decision}.

{"Weak categories:" if weak else "No failure category stands out as weak."}
{chr(10).join(weak)}

```python
from meta_reward import load_reward

with load_reward("{name}", max_usd=5) as reward:
    print(reward.score(messages).score)
```

`meta-reward score {name} FILE` scores files. Without meta-reward, put `runtime/` on your path, import `harness.py`,
and call `reward(trajectory, judge)` with a judge of your own; nothing then confines the program.
"""
    )
