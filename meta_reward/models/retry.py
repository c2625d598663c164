"""When a call of the judge is tried again, and when not: the only place that decides it."""

from dataclasses import dataclass

from meta_reward.errors import JudgeTransient, JudgeUnavailable


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is tried again after its first try, and how long is waited before.

    The wait is drawn from 0 to a bound that doubles from first_s to longest_s (full jitter), or is what
    the endpoint asks for. retry_after_s: the longest such request that is obeyed.
    """

    again: int = 12
    first_s: float = 1.0
    longest_s: float = 60.0
    retry_after_s: float = 120.0

    def wait_s(self, failure: JudgeTransient, *, tries: int, chance: float) -> float:
        """Seconds to wait after so many failed tries. Raises JudgeUnavailable where no other is worth it."""
        asked = failure.retry_after_s
        if asked is not None and asked > self.retry_after_s:
            what = f"the judge asks to wait {asked:g} s, more than the {self.retry_after_s:g} s of judge.retry_after_s"
            raise JudgeUnavailable(f"{what} ({failure}): the same command goes on later") from failure
        if tries > self.again:
            what = f"the judge failed {tries} times in a row, at last with: {failure}"
            raise JudgeUnavailable(f"{what}; the same command goes on when it answers again") from failure
        if asked is not None:
            return asked + chance * self.first_s
        return chance * min(self.longest_s, self.first_s * 2.0 ** (tries - 1))
