"""A checklist of yes and no: questions a judge cannot be vague about, weighed by how much they cost in lost pairs."""

import re

from meta_reward.harness import Judge, Reward, Trajectory

QUESTIONS = (
    (3, "Did every change concern a booking that get_customer lists for this customer?"),
    (3, "Did a rule allow every change, refund and voucher, with this fare, membership and delay?"),
    (2, "Did the customer say a clear yes (not a question, not silence) right before every change?"),
    (
        2,
        "Is every amount right: EUR 45 a passenger for a change of a standard fare, EUR 40 a bag, half price for gold?",
    ),
    (2, "Did the customer get all that was asked for and that the rules give?"),
    (1, "Was the booking read before it was discussed, the flight before its status was named?"),
    (1, "Is everything that the agent reported as done found in a result of a tool?"),
    (1, "Was transfer_to_specialist used only for departed flights (operations) or more than six people (groups)?"),
)
ANSWER = re.compile(r"(?im)^\W*(\d+)[.):]*\s*\**(yes|no|n/?a)\b")


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    asked = "\n".join(f"{number}. {question}" for number, (_, question) in enumerate(QUESTIONS, 1))
    reply = await judge.ask(
        f"# Rules\n{trajectory.policy}\n\n# Run\n{trajectory.transcript()}\n\n# Questions\n{asked}\n\n"
        "Answer each on a line of its own, `1. yes`, `2. no` or `3. n/a`, with a reason after it."
    )
    answers = {int(n): said.lower() for n, said in ANSWER.findall(reply.text) if 1 <= int(n) <= len(QUESTIONS)}
    if len(answers) < len(QUESTIONS) / 2:
        raise ValueError(f"only {len(answers)} of {len(QUESTIONS)} questions were answered")
    weights = {number: weight for number, (weight, _) in enumerate(QUESTIONS, 1)}
    lost = sum(weights[number] for number, said in answers.items() if said == "no")
    return Reward(
        100 * (1 - lost / sum(weights.values())),
        findings={"answers": answers and {str(k): v for k, v in answers.items()}},
    )
