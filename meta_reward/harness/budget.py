"""What a candidate may use on one trajectory. Fixed by the run, the same for every candidate."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """What a candidate may use on one trajectory; exceeding it is its recorded failure there.

    active_s: wall time not spent waiting for the judge; more than cpu_s, since sixteen that compute at once on a
    small machine each get a part of a processor. wall_s: a cap on all of it but the waits that are
    the endpoint's doing: for a turn, between tries, for tries that failed.
    output_bytes: size of one frame, be it a prompt or the answer. Judge calls and tokens count
    cache hits as if they were calls, and a prompt that the judge refuses at about its size. conversation_bytes: all
    that is sent to the judge; each turn counts the whole conversation it sends. verdict_bytes: `reason` and
    `findings` together.
    """

    cpu_s: int = 20
    active_s: float = 120.0
    wall_s: float = 900.0
    memory_mb: int = 1024
    output_bytes: int = 8_000_000
    judge_calls: int = 100
    judge_tokens: int = 2_000_000
    conversation_bytes: int = 32_000_000
    verdict_bytes: int = 256_000
