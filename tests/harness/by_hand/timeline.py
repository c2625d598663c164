"""Dates decide much at a desk; code works out hours and days so that the judge need not."""

import json
import re
from datetime import datetime

from meta_reward.harness import Judge, Reward, Trajectory

CLOCK = datetime(2027, 3, 16, 12, 0)  # "The clock of the desk" in the policy
LIMITS = {
    "booked_at": (30, "full refund and free changes within 30 hours"),
    "departs": (24, "EUR 55 a bag within 24 hours"),
}


def facts(trajectory: Trajectory) -> list[str]:
    """How far each date in the records is from now."""
    found = []
    for call, message in trajectory.calls():
        try:
            record = json.loads(message.content) if message else None
        except ValueError:
            continue
        for key, (hours, meaning) in LIMITS.items():
            text = record.get(key) if isinstance(record, dict) else None
            if isinstance(text, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}", text):
                away = abs((datetime.fromisoformat(text) - CLOCK).total_seconds()) / 3600
                side = "within" if away <= hours else "beyond"
                found.append(
                    f"{call.name}: {key} is {away:.0f} hours ({away / 24:.1f} days) away, {side} {hours} ({meaning})"
                )
    return found


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    known = facts(trajectory)
    reply = await judge.ask(
        f"{trajectory.policy}\n\nWorked out by code, Monday to Sunday alike:\n" + "\n".join(known) + "\n\n"
        f"{trajectory.transcript()}\n\nCompensation ends 21 days after the flight, refunds of charges after 90 days.\n"
        "Does what the agent did fit these dates? Reasons, then a last line `Score: <0..100>`."
    )
    numbers = re.findall(r"(?mi)^\W*score\W+(\d+)", reply.text)
    if not numbers or int(numbers[-1]) > 100:
        raise ValueError("no score")
    return Reward(int(numbers[-1]), findings={"dates": known})
