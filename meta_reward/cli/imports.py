"""`meta-reward import`: a task set from files of trajectories or, for other kinds, of texts, problems or tasks.

Trajectories are imported here; each other kind has a module of its own, named in `_OTHER_KINDS`.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.common import finite, json_option, print_json
from meta_reward.cli.find import TASKS, new_task_set_path
from meta_reward.tasks.importers.registry import FORMATS

if TYPE_CHECKING:
    from meta_reward.cli.import_texts import Told
    from meta_reward.tasks.about import About
    from meta_reward.tasks.annotations import Annotations
    from meta_reward.tasks.importers.assemble import Assembled, Settings
    from meta_reward.tasks.importers.collect import Collected
    from meta_reward.tasks.taskset import TaskSet

_PATH = click.Path(path_type=Path)
_OTHER_KINDS = {
    "classify": "meta_reward.cli.import_texts",
    "solve": "meta_reward.cli.import_problems",
    "agent": "meta_reward.cli.import_agents",
}
"""By kind, the module whose `run(paths, path, flags, dry_run=...)` returns what is printed, as lines and as data."""
_KINDS = ("reward", *_OTHER_KINDS)
_ANY = ("name", "kind", "source", "licence", "force", "dry_run", "as_json", "seed", "skip_errors", "paths")
_TAKEN_BY = {
    **dict.fromkeys(("text_key", "class_key", "dataset_key", "split_key"), ("classify",)),
    **dict.fromkeys(("corpus", "problem_key", "answer_key", "solution_key"), ("solve",)),
    **dict.fromkeys(("policy", "tools"), ("reward", "agent")),
}
"""The kinds that take an option. Every kind takes those in `_ANY`; only the reward takes options named in neither."""


@click.command("import")
@click.argument("paths", metavar="FILES...", nargs=-1, required=True, type=_PATH)
@click.option("--name", required=True, help="Name of the task set.")
@click.option("--kind", default="reward", show_default=True, help=f"Kind of the programs: {', '.join(_KINDS)}.")
@click.option("--format", "format_", type=click.Choice(sorted(FORMATS)), help="Detected where it is left out.")
@click.option("--policy", type=_PATH, help="A file with the policy, in place of what the rows say.")
@click.option("--tools", type=_PATH, help="A JSON list of the tools, in place of what the rows say.")
@click.option("--labels", type=_PATH, help="A file with rows of id, label and maybe task, for trajectories with an id.")
@click.option("--unlabelled", is_flag=True, help="Take no labels: traces, as evidence for `search --traces`.")
@click.option("--task-key", metavar="KEY", help="The field that names the task; a.b is field b of field a.")
@click.option("--label-key", metavar="KEY", help="The field that holds the label.")
@click.option(
    "--min-gap",
    type=click.FloatRange(min=0),
    default=0.0,
    callback=finite,
    help="Labels must differ by more than this to make a pair.",
)
@click.option(
    "--pairs-per-task", type=click.IntRange(min=1), default=10, show_default=True, help="Most pairs made from labels."
)
@click.option("--text", "text_key", metavar="KEY", help="classify: the field with the text. Guessed.")
@click.option("--label", "class_key", metavar="KEY", help="classify: the field with its label. Guessed.")
@click.option("--dataset", "dataset_key", metavar="KEY", help="classify: the field that names the data set.")
@click.option("--split", "split_key", metavar="KEY", help="classify: the field that says train, validation, test.")
@click.option("--corpus", multiple=True, type=_PATH, help="solve: worked problems to search. Repeatable.")
@click.option("--problem", "problem_key", metavar="KEY", help="solve: the field with the problem. Guessed.")
@click.option("--answer", "answer_key", metavar="KEY", help="solve: the field with its answer. Guessed.")
@click.option("--solution", "solution_key", metavar="KEY", help="solve: the field with its solution. Guessed.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of all random draws.")
@click.option("--source", default="", help="Where the trajectories come from, for the record.")
@click.option("--licence", default="", help="The licence of the trajectories, for the record.")
@click.option("--append", is_flag=True, help="Add to the task set of this name; nothing in it moves.")
@click.option("--force", is_flag=True, help="Replace a task set of this name.")
@click.option("--skip-errors", is_flag=True, help="Leave out rows with an error, and count them.")
@click.option("--dry-run", is_flag=True, help="Say what would be imported, and write nothing.")
@json_option
def command(paths: tuple[Path, ...], name: str, as_json: bool, dry_run: bool, append: bool, **flags: Any) -> None:
    """Make a task set in ./tasks from trajectories in another format.

    \b
    meta-reward import runs.jsonl --name billing
    meta-reward import results/*.json --name airline --format tau2-bench --dry-run
    meta-reward import more.jsonl --name billing --append
    meta-reward import train.jsonl val.jsonl --name mail --kind classify --text body --label topic
    meta-reward import problems.jsonl --name math --kind solve --corpus solved.jsonl
    meta-reward import tasks.jsonl --name shop --kind agent --policy policy.md --tools tools.json

    \b
    labelled         rows of task, messages and label, as JSON lines, CSV or a JSON list
    pairs            rows of chosen and rejected, with or without a task
    tau-bench, tau2-bench, plan-rewardbench   files of these benchmarks
    inspect          logs of Inspect AI, as JSON or .eval
    claude-code      sessions of Claude Code
    atif             trajectories of Harbor, in their trials
    verifiers        results of vf-eval
    mlflow           traces with assessments
    """
    _check_kind(flags["kind"])
    run = _trajectories if flags["kind"] == "reward" else _other_kind
    run(paths, name, flags, as_json=as_json, dry_run=dry_run, append=append)


def _trajectories(
    paths: tuple[Path, ...], name: str, flags: Mapping[str, Any], *, as_json: bool, dry_run: bool, append: bool
) -> None:
    """Import trajectories with pairs or labels."""
    from meta_reward.files import as_dict, printable
    from meta_reward.report.imported import imported, render_check, render_import
    from meta_reward.tasks.annotations import Annotations, load_annotations
    from meta_reward.tasks.check import check_task_set
    from meta_reward.tasks.importers.collect import check_not_empty
    from meta_reward.tasks.lock import locked
    from meta_reward.tasks.taskset import load_task_set

    path = _target(name, append=append, force=flags["force"])
    found = _collect(paths, flags)
    check_not_empty(found, paths[0])
    settings = _settings(flags)
    with locked(path) if append else nullcontext():
        before, annotations = (load_task_set(path), load_annotations(path)) if append else (None, Annotations())
        made = _assemble(found, settings, before, annotations, unlabelled=flags["unlabelled"])
        taskset = _task_set(path, _about(path, paths, found, before, flags), made)
        if not dry_run:
            _save(taskset, made, before, replace=flags["force"])
    check = check_task_set(taskset, made.annotations)
    if as_json:
        about = {"name": path.name, "dry_run": dry_run}
        print_json({**about, **as_dict(imported(found, made, taskset)), **as_dict(check)})
        return
    lines = [*render_import(found, made, taskset, grown=append), *render_check(check)]
    lines.append(_written(path, dry_run))
    click.echo(printable("\n".join(lines)))


def _written(path: Path, dry_run: bool) -> str:
    return f"nothing was written to {path}: a dry run" if dry_run else f"written to {path}"


def _check_kind(kind: str) -> None:
    """Raise UsageError for an unknown kind, and for an option that this one would ignore."""
    from meta_reward.errors import UsageError

    if kind not in _KINDS:
        raise UsageError(f"unknown kind {kind!r}", hint=f"known: {', '.join(_KINDS)}")
    ctx = click.get_current_context()
    for option in ctx.command.params:
        name = option.name or ""
        given = ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
        takes = _TAKEN_BY.get(name, ("reward",))
        if given and name not in _ANY and kind not in takes:
            hint = f"it is for --kind {' and '.join(takes)}; leave it out"
            raise UsageError(f"{option.opts[-1]} means nothing to --kind {kind}", hint=hint)


def _other_kind(
    paths: tuple[Path, ...], name: str, flags: Mapping[str, Any], *, as_json: bool, dry_run: bool, append: bool
) -> None:
    """Import for programs of another kind than the reward, which `_check_kind` has refused to `append` to."""
    from importlib import import_module

    from meta_reward.files import as_dict, printable

    path = new_task_set_path(name, force=flags["force"])
    told: Told = import_module(_OTHER_KINDS[flags["kind"]]).run(paths, path, flags, dry_run=dry_run)
    if as_json:
        print_json({"name": name, "dry_run": dry_run, **as_dict(told.data)})
    else:
        click.echo(printable("\n".join([*told.lines, _written(TASKS / name, dry_run)])))


def _target(name: str, *, append: bool, force: bool) -> Path:
    """Where the task set goes."""
    from meta_reward.errors import UsageError

    if append and force:
        raise UsageError("--append adds to a task set and --force replaces it", hint="pass one of them")
    path = new_task_set_path(name, force=force or append)
    if append and not (path / "taskset.json").exists():
        known = sorted(p.parent.name for p in TASKS.glob("*/taskset.json"))
        hint = f"known: {', '.join(known)}" if known else "leave --append out to make it"
        raise UsageError(f"there is no task set {name!r} to append to", hint=hint)
    return path


def _collect(paths: tuple[Path, ...], flags: Mapping[str, Any]) -> "Collected":
    from meta_reward.errors import UsageError
    from meta_reward.tasks.importers.collect import collect
    from meta_reward.tasks.importers.record import Options

    first = str(paths[0])
    if first in FORMATS and not paths[0].exists():
        raise UsageError(f"{first} is a format, not a file", hint=f"write --format {first}, or leave it out")
    options = Options(flags["task_key"], flags["label_key"])
    named = {"--labels": flags["labels"], "--label-key": flags["label_key"]}
    if flags["unlabelled"] and (given := next((name for name, value in named.items() if value), None)):
        raise UsageError(f"{given} names labels, and --unlabelled takes none", hint="leave out one of them")
    return collect(
        paths,
        options,
        format=flags["format_"],
        labels=flags["labels"],
        skip_errors=flags["skip_errors"],
        unlabelled=flags["unlabelled"],
    )


def _settings(flags: Mapping[str, Any]) -> "Settings":
    from meta_reward import files
    from meta_reward.tasks.importers.assemble import Settings
    from meta_reward.tasks.importers.messages import clean
    from meta_reward.tasks.importers.tools import load_tools

    return Settings(
        policy=clean(files.read_text(flags["policy"])) if flags["policy"] else None,
        tools=load_tools(flags["tools"]) if flags["tools"] else None,
        per_task=flags["pairs_per_task"],
        min_gap=flags["min_gap"],
        seed=flags["seed"],
    )


def _assemble(
    found: "Collected",
    settings: "Settings",
    before: "TaskSet | None",
    annotations: "Annotations",
    *,
    unlabelled: bool,
) -> "Assembled":
    """What the task set will hold. Raises DataError where that has no pairs, and should have some."""
    from meta_reward.errors import DataError
    from meta_reward.report.tables import plural
    from meta_reward.tasks.importers.assemble import assemble

    made = assemble(found, settings, before=before, annotations=annotations)
    if not made.pairs and not unlabelled:
        labels = sum(record.label is not None for record in found.records)
        path = (found.records[0].place if found.records else found.pairs[0].place).path
        if found.records and not labels:
            hint = "name their field with --label-key, or a file with --labels; --unlabelled takes none"
            raise DataError(path, "has no labels, so no pairs", hint=hint)
        what = f"gives no pairs: no task has two runs with different labels ({plural(labels, 'label')}, "
        what += f"{plural(_tasks(found), 'task')})"
        raise DataError(path, what, hint="pairs need several runs of a task; name its field with --task-key")
    return made


def _tasks(found: "Collected") -> int:
    return len({record.task for record in found.records})


def _about(
    path: Path, paths: tuple[Path, ...], found: "Collected", before: "TaskSet | None", flags: Mapping[str, Any]
) -> "About":
    """What the task set says of itself; one that grows says where all of it comes from."""
    from dataclasses import replace

    from meta_reward.files import printable
    from meta_reward.tasks.about import About

    source = flags["source"] or f"{'/'.join(sorted(set(found.formats)))}: {', '.join(p.name for p in paths[:5])}"
    source = printable(source)
    if before is None:
        return About(path.name, source=source, licence=flags["licence"])
    sources = dict.fromkeys(filter(None, [before.about.source, source]))
    licences = dict.fromkeys(filter(None, [before.about.licence, flags["licence"]]))
    return replace(before.about, source="; ".join(sources), licence="; ".join(licences))


def _task_set(path: Path, about: "About", made: "Assembled") -> "TaskSet":
    """The task set in memory, divided; without a digest, since it is not on disk yet."""
    from meta_reward.tasks.splits import division_of_new
    from meta_reward.tasks.taskset import TaskSet

    rollouts = made.rollouts
    division = division_of_new(path, path.name, rollouts.values(), made.pairs) if made.pairs else None
    pairs, groups = tuple(made.pairs), tuple(made.groups)
    return TaskSet(path, about, made.policy, made.tools, rollouts, pairs, division, digest="", groups=groups)


def _save(taskset: "TaskSet", made: "Assembled", before: "TaskSet | None", *, replace: bool) -> None:
    from meta_reward.tasks.taskset import grow_task_set, save_task_set

    if before is not None:
        grow_task_set(before, taskset, made.annotations)
        return
    save_task_set(
        taskset.path,
        taskset.about,
        policy=taskset.policy,
        tools=taskset.tools,
        rollouts=taskset.rollouts.values(),
        pairs=taskset.pairs,
        groups=taskset.groups,
        division=taskset.division,
        annotations=made.annotations,
        replace=replace,
    )
