"""The judge reads the evidence first: each change with the words just before it, then the closing claims.

What decides most cases is whether a change was warranted, and whether what the agent said in the
end is true. Here both stand beside what they rest on instead of pages apart.

Risk: a condition mentioned early and never repeated is seen only among the user's words.
"""

from meta_reward.harness import Trajectory, render_call
from meta_reward.offline.proposer.parts.helpers import agent_steps, clip

ANSWERS = ("long-prompts", "more-changes", "same-changes", "unbacked-claims")


def view(trajectory: Trajectory) -> str:
    """What the judge sees of the run: requests, lookups in short, each change in its setting, the last words."""
    said = [(n, m) for n, m in enumerate(trajectory.messages, 1) if m.role in ("user", "assistant") and m.content]
    steps = agent_steps(trajectory)
    asked = [f"[{n}] {clip(m.content, 300)}" for n, m in said if m.role == "user"]
    looked = [f"[{s.number}] {render_call(s.call)} -> {clip(s.result, 200)}" for s in steps if not s.changes]
    changed = []
    for step in (step for step in steps if step.changes):
        before = [f"[{n}] {m.role}: {clip(m.content, 400)}" for n, m in said if n < step.number][-2:]
        outcome = "" if step.worked else "FAILED: "
        changed.append("\n".join([*before, f"[{step.number}] CHANGE: {render_call(step.call)}"]))
        changed.append(f"    result: {outcome}{clip(step.result, 300)}")
    last = [f"[{n}] {clip(m.content, 800)}" for n, m in said if m.role == "assistant"][-2:]
    sections = {
        "What the user said": asked,
        "What the agent looked up": looked,
        "What the agent changed, each time with the words just before": changed or ["nothing"],
        "What the agent said last": last,
    }
    return "\n\n".join("\n".join([f"### {title}", *lines]) for title, lines in sections.items())
