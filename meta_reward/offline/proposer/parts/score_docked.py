"""The score is the mean of all marks, less a deduction for each statement that code found not to hold.

What was verified should not depend on whether the judge took notice of it.

Risk: false alarms of the checks cost points.
"""

from meta_reward.harness import Reward

ANSWERS = ("ignored-findings", "ties", "round-scores", "lenient")
NEEDS = "checks"


def score(verdicts: list[dict[str, float]], findings: dict[str, bool]) -> Reward:
    """How verdicts become a reward: the mean of all marks, less 12 for each failed check, up to 36."""
    marks = [mark for verdict in verdicts for mark in verdict.values()]
    failed = [fact for fact, holds in findings.items() if not holds]
    return Reward(
        max(0.0, sum(marks) / len(marks) - min(36, 12 * len(failed))),
        reason=f"mean of {len(marks)} mark(s), {len(failed)} failed check(s)",
        findings={"verdicts": verdicts, "checks": findings},
    )
