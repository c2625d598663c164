"""The score leans on the weakest mark, with the mean to tell ties apart.

A run is as good as its gravest fault: four criteria met do not make up for a forbidden change.

Risk: one mark given too low decides alone.
"""

from meta_reward.harness import Reward

ANSWERS = ("lenient", "ties", "more-changes")
NEEDS = "criteria"


def score(verdicts: list[dict[str, float]], findings: dict[str, bool]) -> Reward:
    """How verdicts become a reward: three parts the weakest mark of each, one part the mean."""
    scores = [0.75 * min(marks.values()) + 0.25 * sum(marks.values()) / len(marks) for marks in verdicts]
    return Reward(
        sum(scores) / len(scores),
        reason=f"weakest marks, mean over {len(scores)} verdict(s)",
        findings={"verdicts": verdicts, "checks": findings},
    )
