"""The score is the mean of all marks, but a failed check halves what lies above 40.

A judge that likes a run in spite of a verified fault is overruled; among faulty runs its order is kept.

Risk: false alarms of the checks weigh heavily.
"""

from meta_reward.harness import Reward

ANSWERS = ("ignored-findings", "lenient")
NEEDS = "checks"


def score(verdicts: list[dict[str, float]], findings: dict[str, bool]) -> Reward:
    """How verdicts become a reward: the mean of all marks, with less room at the top after a failed check."""
    marks = [mark for verdict in verdicts for mark in verdict.values()]
    mean, clean = sum(marks) / len(marks), all(findings.values())
    return Reward(
        mean if clean else min(mean, 40 + (mean - 40) / 2),
        reason=f"mean of {len(marks)} mark(s)" + ("" if clean else ", capped by a failed check"),
        findings={"verdicts": verdicts, "checks": findings},
    )
