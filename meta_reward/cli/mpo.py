"""`meta-reward mpo`: train a policy while its reward is refined."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.common import STOPPED, default_judge, judge_option, limit_options, limits_given, sandbox_option
from meta_reward.cli.find import open_task_set, seed_folder
from meta_reward.errors import UsageError

if TYPE_CHECKING:
    from meta_reward.run.layout import Layout
    from meta_reward.tasks.base import AnyTaskSet

_META = "simulated:meta"
_RUBRIC = "rubric"


@click.command("mpo")
@click.argument("taskset")
@click.option("--run", "name", help="Name or path of the run. Default: the task set's name and -mpo.")
@click.option(
    "--harness", type=click.Path(path_type=Path), help="The reward at the beginning. Default: the seed `baseline`."
)
@click.option(
    "--policy",
    "--policy-model",
    "policy",
    metavar="KIND",
    help="What is trained: desk (default for skyways), text, solve or trl.",
)
@click.option("--meta", metavar="KIND", help="The model that refines the rubric; any that --judge takes.")
@judge_option
@click.option("--steps", type=click.IntRange(min=1), help="Updates of the policy. Default: 200.")
@click.option("--every", type=click.IntRange(min=1), help="Steps between refinements. Default: 20.")
@click.option("--samples", type=click.IntRange(min=1), help="Samples that a refinement looks at. Default: 20.")
@click.option("--tasks", type=click.IntRange(min=1), help="Tasks per step. Default: 8.")
@click.option("--group", type=click.IntRange(min=2), help="Samples per task and step. Default: 4.")
@click.option(
    "--gate",
    type=click.Choice(["pairs", "none"]),
    help="pairs (default): keep a refinement only if it does no worse on the search split's pairs.",
)
@click.option(
    "--refine",
    type=click.Choice([_RUBRIC, "harness"]),
    help="rubric (default): the meta model changes the rubric alone; harness: a proposer changes any part.",
)
@click.option("--proposer", metavar="KIND", help="With --refine harness: who proposes, as in `search`.")
@limit_options
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the policy, the simulated judge and all orders.")
@click.option("--concurrency", type=click.IntRange(min=1), help="Trajectories and judge calls at a time. Default: 16.")
@sandbox_option
@click.option("--config", type=click.Path(path_type=Path), help="TOML file with the tables of run.toml; flags win.")
@click.pass_context
def command(
    ctx: click.Context, /, taskset: str, name: str | None, harness: Path | None, config: Path | None, **flags: object
) -> None:
    """Train a policy while a meta model refines its reward.

    \b
    meta-reward mpo skyways
    meta-reward mpo essays --policy text --judge simulated:texts --steps 60
    meta-reward mpo skyways-mpo

    This is Meta Policy Optimization: every few steps a meta model looks at what the policy does now, says what the
    rubric of the reward overlooks, and refines it; training continues under the new rubric. Each refinement is a
    candidate of the run. An existing run continues where it stopped, and can be given in place of TASKSET.

    Exit codes: those of `search`.
    """
    from meta_reward.cli.report import leave_report
    from meta_reward.cli.search import task_set_and_run
    from meta_reward.cli.search_process import Said, go_on
    from meta_reward.report.status import status_of
    from meta_reward.report.status_text import render_status
    from meta_reward.report.training import render_training, training_of
    from meta_reward.run.config import load_run_config, load_user_config, overlay
    from meta_reward.search.mpo.driver import run_training
    from meta_reward.search.mpo.policies import TRL

    tasks, layout = task_set_and_run(taskset, name, ending="-mpo")
    requested = overlay(load_user_config(config), _dotted(flags))
    if not layout.config.exists():
        tasks = _start(layout, requested, taskset, harness)
    elif harness is not None:
        raise UsageError(f"run {layout.root.name} has its harness already", hint="leave --harness out")
    if load_run_config(layout.config).mpo.policy == TRL:
        if layout.steps.exists():
            click.echo(render_training(training_of(layout)))
        click.echo(f'{layout.root} is trained with reward_funcs=RefinedReward("{layout.root}"), see docs/training.md')
        return
    ending = go_on(layout, requested, tasks, Said(None, None, None, None), run_training)
    leave_report(layout)
    click.echo(render_training(training_of(layout)))
    click.echo(render_status(status_of(layout)))
    ctx.exit(0 if ending.state == "finished" else STOPPED)


def _start(layout: "Layout", requested: Mapping[str, Any], taskset: str, harness: Path | None) -> Any:
    """Make a new run; the task set with its splits written down."""
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.run.config import new_config, overlay
    from meta_reward.search.create import load_seeds
    from meta_reward.search.mpo.create import create_training

    if layout.root.exists():
        raise UsageError(f"{layout.root} exists and is not a run", hint="choose another --run NAME")
    tasks = open_task_set(taskset, new_config(_with_proposer(requested, _META)).splits)
    requested = overlay(requested, {"mpo.policy": _policy_of(tasks, requested.get("mpo", {}).get("policy"))})
    judge = default_judge(tasks, requested.get("judge", {}).get("spec"))
    requested = _with_proposer(requested, _META if judge.startswith("simulated") else "")
    seed = load_seeds(seed_folder(tasks), harness)[0]
    run_interruptible(create_training(layout, requested, tasks, judge=judge, harness=seed))
    return tasks


def _policy_of(tasks: "AnyTaskSet", policy: str | None) -> str:
    """What is trained. Raises UsageError if nothing is named, and the task set is not the shipped desk."""
    from meta_reward import shipped

    if policy:
        return policy
    if tasks.about.simulated and tasks.name in shipped.TASK_SETS:
        return "desk"
    raise UsageError("no policy is named", hint="say which one is trained, such as --policy desk, text, solve or trl")


def _with_proposer(requested: Mapping[str, Any], meta: str) -> dict[str, Any]:
    """The settings, with a meta model unless they name a proposer. meta: the default model, "" for none.

    Raises UsageError if no meta model is named and there is no default.
    """
    from meta_reward.run.config import overlay
    from meta_reward.run.settings import META

    proposer = requested.get("proposer", {})
    if proposer.get("spec"):
        return dict(requested)
    if not (writer := proposer.get("writer") or meta):
        raise UsageError("no meta model is named", hint="say which one refines the rubric, such as --meta openai:MODEL")
    return overlay(requested, {"proposer.spec": META, "proposer.writer": writer})


def _dotted(flags: Mapping[str, object]) -> dict[str, object]:
    """Flags by their keys in run.toml."""
    refine, proposer = flags["refine"], flags["proposer"]
    if (refine == "harness") != (proposer is not None):
        hint = "name who proposes with --proposer, such as catalog" if proposer is None else "add --refine harness"
        raise UsageError("--refine harness and --proposer belong together", hint=hint)
    return {
        "judge.spec": flags["judge"],
        "judge.concurrency": flags["concurrency"],
        "proposer.spec": proposer,
        "proposer.writer": flags["meta"],
        "seed": flags["seed"],
        "sandbox": flags["sandbox"],
        **{f"mpo.{name}": flags[name] for name in ("policy", "steps", "every", "samples", "tasks", "group", "gate")},
        **limits_given(flags),
    }
