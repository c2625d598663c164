"""The front desk: customers of skyways for agents to serve, who are others than those of the task set `skyways`.

    from meta_reward.offline.frontdesk import build

    build(Path("tasks/frontdesk"))

Each task is a situation of the desk with records of its own; agents see the customer's first words, and the desk
answers all that they say and do. What is measured on it says nothing about any real agent or model.
"""

from pathlib import Path

from meta_reward.offline.skyways.build import situations
from meta_reward.offline.skyways.desk import POLICY, SPECS, Desk
from meta_reward.offline.skyways.situations import INTENTS
from meta_reward.tasks.about import About
from meta_reward.tasks.agents import KIND, AgentTask, save_agent_set
from meta_reward.tasks.splits import division_of_new

_FIRST_SEED = 1_000  # far from the seeds of skyways


def build(path: Path, *, name: str = "frontdesk", tasks: int = 60, seed: int = 0) -> None:
    """Write a simulated task set of this size to `path`, in place of what is there; another seed, other customers."""
    made = []
    intents = {situation: intent for intent, every in INTENTS.items() for situation in every}
    for number, situation in enumerate(situations(tasks, _FIRST_SEED + seed)):
        arguments = {"seed": _FIRST_SEED + seed, "number": number}
        opening = Desk.open(arguments, 0).opening
        made.append(AgentTask(f"f{number:03d}", opening, "skyways", arguments, categories=(intents[situation],)))
    about = About(
        name,
        source=f"customers of a simulated airline desk, seed {seed}, graded by replay",
        licence="Apache-2.0",
        simulated=True,
        category_notes={intent: f"customers who come for: {intent}" for intent in INTENTS},
        kind=KIND,
    )
    division = division_of_new(path, name, made, made)
    save_agent_set(path, about, policy=POLICY, tools=SPECS, tasks=made, division=division, replace=True)
