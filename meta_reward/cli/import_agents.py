"""`meta-reward import --kind agent`: rows of tasks, and the programs of their worlds, as a task set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meta_reward.cli.import_texts import Told
from meta_reward.files import printable


def run(paths: tuple[Path, ...], path: Path, flags: Mapping[str, Any], *, dry_run: bool) -> Told:
    """Import tasks to `path`, unless it is a dry run."""
    from meta_reward import files
    from meta_reward.report.imported_agents import imported_agents, render_agents
    from meta_reward.tasks.about import About
    from meta_reward.tasks.agents import KIND, AgentSet, save_agent_set
    from meta_reward.tasks.importers.agents import Shared, make_agents, read_agent_rows
    from meta_reward.tasks.importers.messages import clean
    from meta_reward.tasks.importers.tools import load_tools

    given = Shared(
        clean(files.read_text(flags["policy"])) if flags["policy"] else None,
        load_tools(flags["tools"]) if flags["tools"] else None,
    )
    found = read_agent_rows(paths, given, skip_errors=flags["skip_errors"])
    made = make_agents(found.tasks, path, paths)
    policy, tools = found.shared.policy or "", found.shared.tools or ()
    source = flags["source"] or printable(", ".join(str(Path(p.parent.name, p.name)) for p in paths[:5]))
    about = About(path.name, source=source, licence=flags["licence"], kind=KIND)
    taskset = AgentSet(path, about, policy, tools, found.tasks, made.division, "", tuple(made.programs))
    if not dry_run:
        save_agent_set(
            path,
            about,
            policy=policy,
            tools=tools,
            tasks=found.tasks,
            programs=made.programs,
            division=made.division,
            replace=flags["force"],
        )
    told = imported_agents(taskset, found.skipped, found.ignored)
    return Told(render_agents(told, found.skipped, taskset), told)
