"""Whether and when a failed judge call is retried: only this module decides that."""

from dataclasses import dataclass

from meta_reward.errors import JudgeTransient, JudgeUnavailable


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is retried, and the wait before each retry.

    The wait is what the endpoint asks for, else drawn between 0 and a bound that doubles with each try (full jitter).
    """

    again: int = 12
    """The number of retries after the first try."""
    first_s: float = 1.0
    """The first bound, in seconds."""
    longest_s: float = 60.0
    """The largest bound, in seconds."""
    retry_after_s: float = 120.0
    """The longest wait that the endpoint may ask for, in seconds."""

    def wait_s(self, failure: JudgeTransient, *, tries: int, chance: float) -> float:
        """Seconds to wait before the next try. Raises JudgeUnavailable if there is none.

        tries: how many have failed. chance: a random number from 0 to 1.
        """
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
