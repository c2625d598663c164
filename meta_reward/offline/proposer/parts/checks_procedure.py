"""Code verifies that each change was prepared: its record looked up, and nothing changed twice.

Changing a record unseen is how the wrong one is changed; and order is what code sees best.

Risk: a record that needs no lookup counts as unprepared.
"""

from meta_reward.harness import Trajectory
from meta_reward.offline.proposer.parts.helpers import agent_steps, values_of

ANSWERS = ("procedure", "same-changes", "more-changes")


def checks(trajectory: Trajectory) -> dict[str, bool]:
    """What code verifies, as statements that hold or not: a lookup before each change, no change twice."""
    facts, looked_up = {}, ""
    made: list[tuple[str, dict[str, object]]] = []
    for step in (step for step in agent_steps(trajectory) if step.worked):
        values = values_of(step.call.arguments)
        if step.changes:
            names = [value for value in values if any(c.isdigit() or c == "_" for c in value)]
            prepared = not names or any(value in looked_up for value in names)
            facts[f"a record of [{step.number}] {step.call.name} had been looked up"] = prepared
            again = (step.call.name, step.call.arguments) in made
            facts[f"[{step.number}] {step.call.name} had not been made before"] = not again
            made.append((step.call.name, step.call.arguments))
        looked_up += f" {' '.join(values)} {step.result}"
    return facts
