"""Customers correct themselves; code follows which booking is meant last and says whether that one was touched."""

import re

from meta_reward.harness import Judge, Reward, Trajectory

CODE = re.compile(r"\b[A-Z]{2}\d[A-Z]\d[A-Z]\b|\b[A-Z][A-Z0-9]{5}\b")
CORRECTION = re.compile(r"(?i)\b(sorry, i meant|no wait|not that one|the other one|i mean|instead of|i mixed)\b")


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    meant, touched = meant_last(trajectory), touched_codes(trajectory)
    note = (
        f"Bookings the customer named last: {sorted(meant) or 'none'}. Bookings altered: {sorted(touched) or 'none'}."
    )
    prompt = (
        "You grade a service desk. The commonest grave fault is to alter the wrong record, or the right one with a "
        "wrong argument.\n"
        f"{note}\n\n## Policy\n{trajectory.policy}\n\n## Conversation\n{trajectory.transcript()}\n\n"
        "Example of a good line: `[12] set_bags on XX0X0X, named by the customer in [3]: right.`\n"
        "Write such a line for each change. Then `Score: N`, N from 0 (wrong booking) to 100."
    )
    reply = await judge.ask(prompt, system="You are strict and quote message numbers.")
    match = re.search(r"Score:\s*(\d{1,3})\b(?!.*Score:)", reply.text, re.DOTALL)
    if match is None or int(match[1]) > 100:
        raise ValueError("no score from 0 to 100")
    penalty = 20 if touched - meant and meant else 0
    return Reward(max(0, int(match[1]) - penalty), reason=note)


def meant_last(trajectory: Trajectory) -> set[str]:
    """The codes in the user's last correction, else in all that the user wrote."""
    said = [m.content for m in trajectory.messages if m.role == "user"]
    corrections = [text for text in said if CORRECTION.search(text)]
    if corrections:
        return set(CODE.findall(corrections[-1])[:1])
    return {code for text in said for code in CODE.findall(text)}


def touched_codes(trajectory: Trajectory) -> set[str]:
    reads = ("get_", "list_", "search_")
    calls = [call for call, _ in trajectory.calls() if not call.name.startswith(reads)]
    return {str(call.arguments["reservation_id"]) for call in calls if "reservation_id" in call.arguments}
