"""What the judge has cost so far: in this process, on the run's account, and as replies in the cache.

Counts a call under way at what it is expected to take, so that limits hold for it too.
"""

from dataclasses import dataclass, field

from meta_reward.completion import Backend, Completion, Request, Usage
from meta_reward.models.billing import BillingLog
from meta_reward.models.cache import Cache


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

    def pay(self, cost_usd: float | None) -> None:
        """Count a call that was asked anew, at its price."""
        self.misses += 1
        self.cost_usd += cost_usd or 0.0
        self.unpriced += cost_usd is None


@dataclass(slots=True)
class Books:
    """The three places where a call is counted, kept together.

    A call is `expect`ed as soon as it is asked for, `sending` each time it is tried, and ends as
    `answered`, or by `close`.
    """

    backend: Backend
    cache: Cache | None = None
    account: BillingLog = field(default_factory=BillingLog)
    spent: Spent = field(default_factory=Spent)
    _expected: dict[str, Usage] = field(default_factory=dict)
    _sent: set[str] = field(default_factory=set)

    def expect(self, key: str, usage: Usage) -> None:
        """A call is asked for that will take about so much."""
        self._expected[key] = usage
        self._add_pending(usage, +1)

    def sending(self, key: str) -> None:
        """It is about to be sent; from here on it may cost money."""
        if key not in self._sent:
            self._sent.add(key)
            usage = self._expected[key]
            self.account.sent(key, usage.input_tokens + usage.output_tokens, self.backend.cost_usd(usage))

    def answered(self, key: str, request: Request, completion: Completion, tries: int, *, keep: bool = True) -> None:
        """Keep the reply, and count what it took. keep: False for one that nobody will ask again."""
        cost = self.backend.cost_usd(completion.usage)
        self._release(key)
        self.nominal(completion.usage)
        self.spent.pay(cost)
        self._sent.discard(key)  # whatever can be written down from here on, it is paid
        try:
            if self.cache and keep:
                self.cache.save(key, completion, self.backend.settings, request)
        finally:
            self.account.paid(key, completion.usage, cost, tries=tries)

    def cut_off(self, key: str) -> None:
        """Nobody will know what became of it: it stays open on the account."""
        self._sent.discard(key)

    def close(self, key: str) -> None:
        """It is over. Without an answer, it has cost nothing."""
        self._release(key)
        if key in self._sent:
            self._sent.discard(key)
            self.account.void(key)

    def nominal(self, usage: Usage) -> None:
        """Count a call as if nothing had been cached."""
        self.spent.calls += 1
        self.spent.tokens += usage.input_tokens + usage.output_tokens

    def _release(self, key: str) -> None:
        if (usage := self._expected.pop(key, None)) is not None:
            self._add_pending(usage, -1)

    def _add_pending(self, usage: Usage, times: int) -> None:
        spent = self.spent
        spent.pending_calls += times
        spent.pending_tokens += times * (usage.input_tokens + usage.output_tokens)
        spent.pending_usd += times * (self.backend.cost_usd(usage) or 0.0)
        if not self._expected:
            spent.pending_usd = 0.0  # not the dust of its sums
