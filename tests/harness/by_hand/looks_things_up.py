"""The judge gets tools to look into the records the agent saw, instead of all of them at once."""

import json
import re

from meta_reward.harness import Judge, Reward, Trajectory


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    results = [(call, message) for call, message in trajectory.calls() if message is not None]

    def records(kind: str) -> str:
        """The records the agent read. kind: customer, reservation, flight, charges, or any word in them."""
        found = [f"{call.name} {json.dumps(call.arguments)}: {m.content}" for call, m in results if kind in call.name]
        return "\n".join(found)[:6000] or "nothing of that kind was read"

    def rule(number: int) -> str:
        """A rule of the policy by its number, 1 to 19."""
        found = re.search(rf"(?m)^{int(number)}\. .*$", trajectory.policy)
        return found[0] if found else "no such rule"

    words = [
        f"[{i}] {m.role}: {m.content}" for i, m in enumerate(trajectory.messages, 1) if m.role != "tool" and m.content
    ]
    reply = await judge.ask(
        "Judge the desk agent. Look up the records and rules you need before you decide; for instance "
        "`rule(15)` before a voucher, `records('flight')` before a change.\n\n"
        + "\n".join(words)
        + "\n\nScore: <0-100>",
        tools=[records, rule],
    )
    match = re.findall(r"(?i)\bscore\b\D{0,3}(\d{1,3}(?:\.\d)?)", reply.text)
    if not match or float(match[-1]) > 100:
        raise ValueError("no score")
    return Reward(float(match[-1]), findings={"used": list(reply.tools_called)})
