"""What a candidate may use each time it runs, such as on one trajectory. The same for all candidates of a search."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """A candidate that exceeds any of these fails on that trajectory, and the failure is recorded."""

    cpu_s: int = 20
    active_s: float = 120.0
    """Seconds of wall time, without waiting for the judge. More than cpu_s, since many candidates share a processor."""
    wall_s: float = 900.0
    """Seconds of wall time in all, except delays caused by the endpoint: queueing, backing off, failed tries."""
    memory_mb: int = 1024
    output_bytes: int = 8_000_000
    """Bytes of one frame, which holds a prompt or the output."""
    judge_calls: int = 100
    """Cache hits count as calls."""
    judge_tokens: int = 2_000_000
    """Cache hits count; a prompt that the judge refuses counts at its estimated size."""
    conversation_bytes: int = 32_000_000
    """Bytes sent to the judge in all; each turn counts the whole conversation that it sends."""
    verdict_bytes: int = 256_000
    """Bytes of `reason` and `findings` together."""

    host_calls: int = 200
    """Requests to the host, such as a corpus."""
    host_bytes: int = 1_000_000
    """Bytes of these requests in all, since every request is recorded."""

    @property
    def of_session(self) -> dict[str, int]:
        """The bounds of a session with the judge, as keyword arguments of `Gateway.session`."""
        return {
            "max_calls": self.judge_calls,
            "max_tokens": self.judge_tokens,
            "max_bytes": self.conversation_bytes,
        }
