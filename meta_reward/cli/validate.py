"""`meta-reward validate`: whether a program is a harness, and holds no answers to single cases."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meta_reward.cli.common import json_option, print_json, sandbox_option
from meta_reward.cli.find import find_task_set

if TYPE_CHECKING:
    from meta_reward.harness.validate import Cases, Report
    from meta_reward.kinds.base import Kind
    from meta_reward.run.settings import RunConfig
    from meta_reward.tasks.base import AnyTaskSet


@click.command("validate")
@click.argument("harness", type=click.Path(path_type=Path))
@click.option("--tasks", metavar="TASKSET", help="Also look for answers copied from its search split.")
@click.option("--config", type=click.Path(path_type=Path), help="File such as a run.toml: packages, budget, splits.")
@sandbox_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, harness: Path, tasks: str | None, config: Path | None, sandbox: str | None, as_json: bool
) -> None:
    """Check a program, and say what is wrong and how to fix it.

    \b
    meta-reward validate my_harness.py
    meta-reward validate my_harness.py --tasks tasks/skyways

    Its source is checked first. Then it runs in the sandbox on made-up trajectories, against judges that echo,
    refuse, or answer nonsense, nothing or too much; no call costs anything. With --tasks it is refused if it contains
    names, identifiers, amounts or long phrases of single trajectories of the search split, or if a reward depends on
    which trajectory was scored before. TASKSET may be the history/taskset of a run. Exits with 1 if something is wrong.
    """
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.files import printable, read_text
    from meta_reward.harness.levels import UNCONFINED_WARNING
    from meta_reward.harness.validate import report_to_json, validate
    from meta_reward.kinds.registry import for_source, kind_of, kind_of_source, load_any_task_set
    from meta_reward.run.config import load_user_config, new_config, overlay
    from meta_reward.search.open import open_sandbox

    settings = new_config(overlay(load_user_config(config), {"sandbox": sandbox}))
    source = read_text(harness)
    taskset = for_source(load_any_task_set(find_task_set(tasks)), source) if tasks else None
    cases = _cases(taskset, settings) if taskset else None
    kind = kind_of(taskset) if taskset else kind_of_source(source)

    async def look() -> "Report":
        async with await open_sandbox(settings) as opened:
            return await validate(source, sandbox=opened, packages=settings.packages, cases=cases, program=kind.program)

    if settings.sandbox == "none":
        click.echo(UNCONFINED_WARNING, err=True)
    report = run_interruptible(look())
    if as_json:
        print_json({**report_to_json(report), "seconds": report.seconds})
    else:
        for line in _lines(report, kind):
            click.echo(printable(f"{harness}: {line}"))
    ctx.exit(0 if report.ok else 1)


def _cases(taskset: "AnyTaskSet", settings: "RunConfig") -> "Cases":
    from meta_reward.run.layout import Layout
    from meta_reward.search.context import search_cases
    from meta_reward.search.open import divided

    path = taskset.path
    is_search_split = Layout(path.resolve().parent.parent).taskset == path.resolve()  # a run shows its proposer no more
    return search_cases(taskset, taskset.tasks_with_items if is_search_split else divided(taskset, settings)["search"])


def _lines(report: "Report", kind: "Kind") -> list[str]:
    lines = [str(finding) for finding in report.findings] + [f"note: {note}" for note in report.notes]
    if report.ok:
        parts = f"parts: {', '.join(report.parts) or 'none'}" if kind.program.has_parts else f"kind {kind.name}"
        lines.append(f"ok ({parts})")
    if report.seconds is not None:
        lines.append(f"the longest run took {report.seconds:.2f} s")
    return lines
