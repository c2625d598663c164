"""The score is the mean of all marks.

Nothing is weighed, so nothing is weighed wrongly.

Risk: one grave fault is averaged away.
"""

from meta_reward.harness import Reward

ANSWERS = ("false-alarms",)


def score(verdicts: list[dict[str, float]], findings: dict[str, bool]) -> Reward:
    """How verdicts become a reward: the mean of all marks."""
    marks = [mark for verdict in verdicts for mark in verdict.values()]
    return Reward(
        sum(marks) / len(marks),
        reason=f"mean of {len(marks)} mark(s)",
        findings={"verdicts": verdicts, "checks": findings},
    )
