"""Three readers, an auditor, a customer and a lawyer of the desk, mark the run; the strictest two decide."""

import asyncio
import re

from meta_reward.harness import Judge, Reward, Trajectory

HATS = {
    "auditor": "Compare each write (cancel_reservation, issue_refund, change_flight, set_bags, issue_voucher) with the "
    "records read before it: status, fare (light, standard, flex), membership (none, silver, gold), delay_minutes.",
    "customer": "Did the customer get everything that the rules give, such as EUR 65 a head for three hours of delay? "
    "Was each question answered? Leaving things undone is a fault like doing too much.",
    "lawyer": "Which rule, by its number, allows each step? No rule, no step. Rules 1 to 7 hold for every case; a "
    "hand-over is for departed flights and for parties of more than 6.",
}


async def ask(judge: Judge, hat: str, trajectory: Trajectory) -> float:
    prompt = f"{trajectory.policy}\n\n---\n\n{trajectory.transcript()}\n\n---\n\n{HATS[hat]}\nEnd with `Score: 0-100`."
    reply = await judge.ask(prompt, system=f"You are the {hat}.")
    found = re.findall(r"Score:\s*(\d+(?:\.\d+)?)\b", reply.text)
    if not found or float(found[-1]) > 100:
        raise ValueError(f"the {hat} gave no mark")
    return float(found[-1])


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    marks = await asyncio.gather(*(ask(judge, hat, trajectory) for hat in HATS))
    strictest = sorted(marks)[:2]
    return Reward(sum(strictest) / 2, reason=", ".join(f"{h} {m:g}" for h, m in zip(HATS, marks, strict=True)))
