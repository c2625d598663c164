"""Counts what a gateway's calls cost as they happen: in memory and in the billing log. Stores replies in the cache.

A call in flight counts with its expected cost, so that limits apply to it too.
"""

from dataclasses import dataclass, field, replace

from meta_reward.completion import Backend, Completion, Request, Usage
from meta_reward.models.billing import BillingLog
from meta_reward.models.cache import Cache
from meta_reward.models.usage import Spent, asked_for, paid_for, pending


@dataclass(slots=True)
class Meter:
    """Follows each call: `expect` when it is asked for, `sending` before each try, then `answered` or `close`."""

    backend: Backend
    cache: Cache | None = None
    billing: BillingLog = field(default_factory=BillingLog)
    spent: Spent = field(default_factory=Spent)
    _expected: dict[str, Usage] = field(default_factory=dict)
    _sent: set[str] = field(default_factory=set)

    def expect(self, key: str, usage: Usage) -> None:
        """A call was requested. usage: the tokens that it is expected to take."""
        self._expected[key] = usage
        self.spent += pending(usage, self.backend.cost_usd(usage))

    def sending(self, key: str) -> None:
        """The call is about to be sent; from here on it may cost money."""
        if key not in self._sent:
            self._sent.add(key)
            usage = self._expected[key]
            self.billing.sent(key, usage.input_tokens + usage.output_tokens, self.backend.cost_usd(usage))

    def answered(self, key: str, request: Request, completion: Completion, tries: int, *, keep: bool = True) -> None:
        """Count what the call took, and store its reply. keep: False for a reply that nobody will ask for again."""
        cost = self.backend.cost_usd(completion.usage)
        self._release(key)
        self.count(completion.usage)
        self.pay(cost)
        self._sent.discard(key)  # it is paid for, even if what follows cannot be written
        try:
            if self.cache and keep:
                self.cache.save(key, completion, self.backend.settings, request)
        finally:
            self.billing.paid(key, completion.usage, cost, tries=tries)

    def found(self, key: str, completion: Completion) -> None:
        """Count a call whose reply another process has stored in the cache meanwhile; it costs nothing."""
        self._release(key)
        self.count(completion.usage)

    def cut_off(self, key: str) -> None:
        """The call was cancelled while it was in flight: it stays open in the billing log."""
        self._sent.discard(key)

    def close(self, key: str) -> None:
        """The call has ended. If it was not answered, it costs nothing."""
        self._release(key)
        if key in self._sent:
            self._sent.discard(key)
            self.billing.void(key)

    def count(self, usage: Usage) -> None:
        """Count a call that was requested, whether or not the cache answered it."""
        self.spent += asked_for([usage])

    def pay(self, cost_usd: float | None) -> None:
        """Count a call that was sent to the judge, with its price in US dollars."""
        self.spent += paid_for([cost_usd])

    def _release(self, key: str) -> None:
        if (usage := self._expected.pop(key, None)) is not None:
            self.spent -= pending(usage, self.backend.cost_usd(usage))
        if not self._expected:
            self.spent = replace(self.spent, pending_usd=0.0)  # without the rounding errors of its sums
