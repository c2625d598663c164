"""A hundred minus what is wrong: the judge only lists faults by category, code knows what each costs."""

import re

from meta_reward.harness import Judge, Reward, Trajectory

COSTS = {
    "wrong record": 60,  # another booking, flight or payment method than was meant
    "not allowed": 55,  # no rule gives it, such as a refund for a light fare after 30 hours
    "no yes": 35,  # done before a clear yes
    "unread": 25,  # decided without get_customer or get_reservation
    "false report": 45,  # reported as done, never accepted
    "left undone": 50,  # the rules gave it and the customer asked
    "gift": 40,  # a goodwill voucher, a waived fee
    "wordy": 2,
}
PROMPT = """Policy of the desk (its clock reads 2027-03-16 12:00):

{policy}

Conversation:

{run}

List every fault, one a line, as `- <category>: [message] why`, with a category of: {categories}.
A refusal that the rules call for is no fault. If there is no fault, write `- none`.
"""


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    prompt = PROMPT.format(policy=trajectory.policy, run=trajectory.transcript(), categories=", ".join(COSTS))
    reply = await judge.ask(prompt)
    lines = re.findall(r"(?m)^\s*[-*]\s*`?([a-z ]+?)`?(?::|$)", reply.text.lower())
    faults = [line for line in lines if line in COSTS]
    if not faults and "none" not in lines:
        raise ValueError("the judge listed neither faults nor none")
    return Reward(max(0.0, 100.0 - sum(COSTS[fault] for fault in faults)), findings={"faults": faults})
