"""`meta-reward import`: task sets from trajectories in other formats."""

from pathlib import Path

import click


@click.group("import")
def command() -> None:
    """Make a task set in ./tasks from trajectories in another format.

    \b
    meta-reward import tau-bench gpt-4o-airline.json --policy policy.md --name tau-airline
    """


@command.command("tau-bench")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Name of the task set.")
@click.option("--policy", type=click.Path(path_type=Path), help="File with the policy. Default: the system messages.")
@click.option("--tools", type=click.Path(path_type=Path), help="JSON file with the list of tools that the agents had.")
@click.option("--pairs-per-task", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the choice of pairs.")
@click.option("--source", default="", help="Where the trajectories come from; kept with the task set.")
@click.option("--licence", default="", help="Their licence; kept with the task set.")
@click.option("--force", is_flag=True, help="Replace a task set with this name.")
def tau_bench(
    results: Path,
    name: str,
    policy: Path | None,
    tools: Path | None,
    pairs_per_task: int,
    seed: int,
    source: str,
    licence: str,
    force: bool,
) -> None:
    """Import a results file of τ-bench (v1): a success and a failure of the same task make a pair.

    \b
    meta-reward import tau-bench gpt-4o-airline.json --policy policy.md --name tau-airline
    """
    from meta_reward import files
    from meta_reward.cli.find import new_task_set_path
    from meta_reward.errors import DataError
    from meta_reward.tasks.pairs import pairs_from_labels
    from meta_reward.tasks.splits import division_of_new
    from meta_reward.tasks.taskset import About, save_task_set
    from meta_reward.tasks.taubench import load_results, load_tools

    path = new_task_set_path(name, force=force)
    offered = load_tools(tools) if tools else []
    imported = load_results(results, policy=files.read_text(policy) if policy else None, tools=offered)
    pairs = pairs_from_labels(imported.rollouts, per_task=pairs_per_task, seed=seed)
    if not pairs:
        raise DataError(results, "no task has both a success and a failure", hint="pairs need several trials a task")
    about = About(path.name, source=source or f"τ-bench results, {results.name}", licence=licence)
    save_task_set(
        path,
        about,
        policy=imported.policy,
        tools=offered,
        rollouts=imported.rollouts,
        pairs=pairs,
        division=division_of_new(path, path.name, imported.rollouts, pairs),
        replace=force,
    )
    with_pairs = len({pair.task for pair in pairs})
    skipped = f"; {imported.skipped} without messages left out" if imported.skipped else ""
    click.echo(f"{path}: {len(imported.rollouts)} trajectories, {len(pairs)} pairs in {with_pairs} tasks{skipped}")
