"""What a candidate may use in one run, such as on one trajectory. Fixed per run, the same for every candidate."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """A candidate that exceeds any of these fails on that trajectory, and the failure is recorded."""

    cpu_s: int = 20
    active_s: float = 120.0
    """Wall time not spent waiting for the judge. More than cpu_s: many candidates share a processor."""
    wall_s: float = 900.0
    """Wall time in all, except what the endpoint causes: queueing, backing off, failed tries."""
    memory_mb: int = 1024
    output_bytes: int = 8_000_000
    """Size of one frame: a prompt, or the answer."""
    judge_calls: int = 100
    """Cache hits count as calls."""
    judge_tokens: int = 2_000_000
    """Cache hits count; a prompt that the judge refuses counts at its estimated size."""
    conversation_bytes: int = 32_000_000
    """All that is sent to the judge; each turn counts the whole conversation it sends."""
    verdict_bytes: int = 256_000
    """`reason` and `findings` together."""

    host_calls: int = 200
    """Requests to what a program may ask besides the model, such as a corpus."""
    host_bytes: int = 1_000_000
    """All that is sent with them: every request is recorded."""

    @property
    def of_session(self) -> dict[str, int]:
        """What bounds a session of the judge, as `Gateway.session` takes it."""
        return {
            "max_calls": self.judge_calls,
            "max_tokens": self.judge_tokens,
            "max_bytes": self.conversation_bytes,
        }
