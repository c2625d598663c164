"""Make a new run from seeds, or change the limits, sandbox level or instructions of an existing one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import GitError, UsageError
from meta_reward.harness.levels import choose_level
from meta_reward.harness.validate import Cases, Program, fingerprints, validate
from meta_reward.kinds.base import Kind
from meta_reward.kinds.registry import kind_of
from meta_reward.propose.base import slug
from meta_reward.propose.prompt import default_instructions, load_instructions
from meta_reward.propose.registry import make_proposer
from meta_reward.propose.views import check_history_level
from meta_reward.propose.writer import make_writer
from meta_reward.run import git
from meta_reward.run.config import load_run_config, new_config, overlay, raised, render_config
from meta_reward.run.create import Seed, create_run
from meta_reward.run.layout import Layout
from meta_reward.run.record import commit_paths
from meta_reward.run.set_aside import write_over
from meta_reward.run.settings import LIBRARY, RunConfig
from meta_reward.search.context import search_cases
from meta_reward.search.limits import require_limit, require_usd_limit
from meta_reward.search.open import divided, open_backend, open_roles, open_sandbox
from meta_reward.tasks.base import AnyTaskSet


async def create(
    layout: Layout,
    requested: Mapping[str, Any],
    taskset: AnyTaskSet,
    *,
    judge: str,
    seeds: Sequence[Seed],
    instructions: str | None = None,
) -> None:
    """Make a new run. Everything is checked before anything is written.

    requested: settings as in `run.toml`, those that the user gave. judge: its spec. seeds: the baseline first.
    instructions: for the proposer, in place of the package's own. Raises UsageError for anything that does not fit, and
    JudgeMisconfigured if the judge's key is missing.
    """
    baseline, kind = baseline_key(seeds[0]), kind_of(taskset)
    facts = {
        "kind": kind.name,
        "proposer.spec": requested.get("proposer", {}).get("spec", kind.proposer),
        "taskset": str(taskset.path.resolve()),
        "digest": taskset.digest,
        "baseline": baseline,
    }
    requested = {**requested, "budget": {**asdict(kind.budget), **requested.get("budget", {})}}
    level = await choose_level(new_config(requested).sandbox)
    config = new_config(overlay(requested, {**facts, "judge.spec": judge, "sandbox": level}))
    others = [(config.judge.roles.router, model) for model, _ in open_roles(config).values()]
    for name, model in [(judge, open_backend(config)), *others]:
        require_limit(model, name, requested.get("limits", {}))
        model.check()
    if spec := config.proposer.writing_model:
        require_usd_limit(make_writer(spec, config.proposer.writer_settings), spec, requested.get("limits", {}))
    make_proposer(config.proposer).check()
    if config.proposer.kind == LIBRARY and kind.name != "reward":
        raise UsageError(f"proposer library edits reward harnesses, and this task set is of kind {kind.name}")
    check_history_level(config.proposer)
    splits = divided(taskset, config)
    await _check_seeds(
        seeds,
        config,
        search_cases(taskset, splits["search"], [seed.source for seed in seeds]),
        kind_of(taskset).program,
    )
    text = default_instructions(kind, config.proposer.spec) if instructions is None else instructions
    create_run(layout, config, taskset, splits, seeds, instructions=text)


def raise_limits(
    layout: Layout, requested: Mapping[str, Any], *, notice: Callable[[str], None] = lambda note: None
) -> None:
    """Write raised limits or another sandbox level to a run's settings. Raises UsageError for any other change.

    notice: called with a line if the user has edited the file, which is then set aside.
    """
    stored = load_run_config(layout.config)
    config = raised(stored, requested, layout.root.name)
    if config != stored:
        for note in write_over(layout, {layout.config: render_config(config)}):
            notice(note)
        moved = stored.sandbox != config.sandbox
        why = f"Sandbox level {config.sandbox}, which was {stored.sandbox}" if moved else "Raise limits"
        commit_paths(layout, why, [layout.config])


def keep_instructions(
    layout: Layout, kind: Kind, told: str | None, *, notice: Callable[[str], None] = lambda note: None
) -> None:
    """Record the instructions that agents get from now on: a new text, or the run's file with the user's edits.

    told: the new text; None keeps the file, or makes it from the package's own. notice: called with a line if the user
    has edited the file and it is set aside.
    """
    if told is not None or not layout.instructions.exists():
        text = default_instructions(kind, load_run_config(layout.config).proposer.spec) if told is None else told
        for note in write_over(layout, {layout.instructions: text.encode()}):
            notice(note)
    load_instructions(layout.instructions)
    if not _is_committed(layout, layout.instructions):
        commit_paths(layout, "Change the instructions", [layout.instructions])


def _is_committed(layout: Layout, path: Path) -> bool:
    try:
        return git.read(layout.root, path.name) == files.read_bytes(path)
    except GitError:
        return False


def load_seeds(folder: Path, baseline: Path | None) -> list[Seed]:
    """The harnesses in a folder, baseline first: the given file, else `baseline.py`, else the first by name.

    Raises UsageError if there is none.
    """
    seeds = [_load_seed(path) for path in sorted(folder.glob("*.py"))]
    if baseline is not None:
        first = _load_seed(baseline)
        return [first, *(seed for seed in seeds if seed.name != first.name and seed.source != first.source)]
    if not seeds:
        raise UsageError(f"{folder} holds no seed harness", hint="pass --seeds FOLDER or --baseline FILE")
    return sorted(seeds, key=lambda seed: seed.name != "baseline")


def baseline_key(seed: Seed) -> str:
    """The baseline as `run.toml` stores it: its name and the digest of its source."""
    return f"{seed.name} {files.digest_of_text(seed.source)}"


def _load_seed(path: Path) -> Seed:
    return Seed(slug(path.stem), files.read_text(path))


async def _check_seeds(seeds: Sequence[Seed], config: RunConfig, cases: Cases, program: Program) -> None:
    """Raise UsageError for the first seed that is not a valid harness."""
    known: dict[str, str] = {}
    async with await open_sandbox(config) as sandbox:
        for seed in seeds:
            report = await validate(
                seed.source, sandbox=sandbox, known=known, packages=config.packages, cases=cases, program=program
            )
            if not report.ok:
                raise UsageError(f"seed {seed.name} does not validate: {report.findings[0]}")
            known |= fingerprints([(seed.source, f"seed {seed.name}")])
