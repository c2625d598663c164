"""What the judge has cost so far: in this process, on the run's account, and as replies in the cache.

Counts a call under way at what it is expected to take, so that limits hold for it too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from meta_reward.completion import Backend, Completion, Request, Usage
from meta_reward.judge.account import Account
from meta_reward.judge.cache import Cache


@dataclass(slots=True)
class Spent:
    """What a run has used so far. calls and tokens are nominal; misses, cost_usd and unpriced are real.

    unpriced: misses without a known price. pending_*: what the calls under way are expected to add.
    """

    calls: int = 0
    tokens: int = 0
    misses: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    pending_calls: int = 0
    pending_tokens: int = 0
    pending_usd: float = 0.0

    @property
    def usd(self) -> float | None:
        """The money spent, None where no call had a known price."""
        return None if self.unpriced and self.unpriced == self.misses else self.cost_usd


@dataclass(slots=True)
class Books:
    """The three places where a call is counted, kept together."""

    backend: Backend
    cache: Cache | None = None
    account: Account = field(default_factory=Account)
    spent: Spent = field(default_factory=Spent)
    _sent: set[str] = field(default_factory=set)

    @contextmanager
    def pending(self, key: str, expected: Usage) -> Iterator[None]:
        """A call that may be sent in this block, and is expected to take so much."""
        tokens, usd = expected.input_tokens + expected.output_tokens, self.backend.cost_usd(expected) or 0.0
        self._expect(+1, tokens, usd)
        try:
            yield
        finally:
            self._expect(-1, -tokens, -usd)
            if key in self._sent:  # it came to nothing
                self._sent.discard(key)
                self.account.void(key)

    def sending(self, key: str, expected: Usage) -> None:
        """The call is about to be sent; from here on it may cost money."""
        if key not in self._sent:
            self._sent.add(key)
            self.account.sent(key, expected.input_tokens + expected.output_tokens, self.backend.cost_usd(expected))

    def answered(self, key: str, request: Request, completion: Completion, tries: int) -> None:
        """Keep the reply, and what it took."""
        cost = self.backend.cost_usd(completion.usage)
        self.spent.misses += 1
        self.spent.cost_usd += cost or 0.0
        self.spent.unpriced += cost is None
        if self.cache:
            self.cache.save(key, completion, self.backend.settings, request)
        self.account.paid(key, completion.usage, cost, tries=tries)
        self._sent.discard(key)

    def cut_off(self, key: str) -> None:
        """Nobody will know what became of a call that was sent: it stays open on the account."""
        self._sent.discard(key)

    def nominal(self, usage: Usage) -> None:
        """Count a call as if nothing had been cached."""
        self.spent.calls += 1
        self.spent.tokens += usage.input_tokens + usage.output_tokens

    def _expect(self, calls: int, tokens: int, usd: float) -> None:
        self.spent.pending_calls += calls
        self.spent.pending_tokens += tokens
        self.spent.pending_usd = self.spent.pending_usd + usd if self.spent.pending_calls else 0.0
