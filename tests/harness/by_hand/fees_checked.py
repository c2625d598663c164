"""Code works out which fees the policy allows and tells the judge of every charge that is none of them."""

import re

from meta_reward.harness import Judge, Reward, Trajectory

# EUR for each passenger or bag, from rules 9, 11, 14 and 16.
FEES = {"cancel_reservation": {70}, "change_flight": {0, 45}, "set_bags": {0, 40, 55}, "upgrade_cabin": {70, 140}}
MOST_PASSENGERS = 6


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    odd = [fact for call, _ in trajectory.calls() if (fact := odd_fee(call.name, call.arguments))]
    reply = await judge.ask(
        f"Policy:\n{trajectory.policy}\n\nRun:\n{trajectory.transcript()}\n\nCharges that no rule explains:\n"
        + ("\n".join(f"- {fact}" for fact in odd) or "- none")
        + "\n\nA wrong amount is a wrong booking. Think first, then end with `Score: <0 to 100>`."
    )
    found = re.findall(r"(?i)score\W+(\d+(?:\.\d+)?)", reply.text)
    if not found or float(found[-1]) > 100:
        raise ValueError("no score in the reply")
    return Reward(min(float(found[-1]), 100 - 25 * min(len(odd), 4)), findings={"odd": odd})


def odd_fee(name: str, arguments: dict[str, object]) -> str:
    """What is odd about the fee of a call; empty where nothing is."""
    fee = arguments.get("fee", 0)
    if name not in FEES or not isinstance(fee, int) or isinstance(fee, bool):
        return ""
    multiples = {unit * heads for unit in FEES[name] for heads in range(1, 3 * MOST_PASSENGERS + 1)}
    return "" if fee in multiples else f"{name} charged EUR {fee}"
