"""The score is the median of all marks.

One verdict that went astray among several does not move it.

Risk: with two marks or fewer it is the mean.
"""

from statistics import median

from meta_reward.harness import Reward

ANSWERS = ("noise",)
NEEDS = "draws"


def score(verdicts: list[dict[str, float]], findings: dict[str, bool]) -> Reward:
    """How verdicts become a reward: the median of all marks."""
    marks = [mark for verdict in verdicts for mark in verdict.values()]
    return Reward(
        median(marks),
        reason=f"median of {len(marks)} mark(s)",
        findings={"verdicts": verdicts, "checks": findings},
    )
