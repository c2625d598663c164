"""The score is three quarters the mean mark and one quarter the share of checks that hold.

Judges crowd their marks on a few round numbers; the share of checks tells runs apart that get the same mark.

Risk: a run that changes much has more checks to fail.
"""

from meta_reward.harness import Reward

ANSWERS = ("ties", "round-scores", "ignored-findings")
NEEDS = "checks"


def score(verdicts: list[dict[str, float]], findings: dict[str, bool]) -> Reward:
    """How verdicts become a reward: the mean of all marks, blended with the share of checks that hold."""
    marks = [mark for verdict in verdicts for mark in verdict.values()]
    held = sum(findings.values()) / len(findings) if findings else 1.0
    return Reward(
        0.75 * sum(marks) / len(marks) + 25 * held,
        reason=f"mean of {len(marks)} mark(s), {held:.0%} of checks hold",
        findings={"verdicts": verdicts, "checks": findings},
    )
