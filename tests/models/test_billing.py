"""The account of a run: what was sent is counted, whatever became of it."""

from pathlib import Path

import pytest

from meta_reward.completion import Completion, Usage
from meta_reward.models.billing import BillingLog, load_bill, open_billing_log, reconcile
from meta_reward.models.cache import Cache
from meta_reward.models.usage import Spent
from tests.models.conftest import FaultyJudge


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "account.jsonl"


def summary(path: Path) -> tuple[int, float, int, list[str]]:
    paid = load_bill(path)
    return paid.spent.misses, round(paid.spent.cost_usd, 6), paid.lost, list(paid.open)


def test_calls_are_counted_when_they_have_ended_and_until_then_as_expected(path: Path) -> None:
    account = BillingLog(path)
    account.sent("a", 500, 0.5)
    account.sent("b", 500, 0.5)
    assert summary(path) == (2, 1.0, 2, ["a", "b"])
    account.paid("a", Usage(100, 10), 0.11, tries=1)
    account.void("b")
    assert summary(path) == (1, 0.11, 0, [])


def test_call_that_was_cut_off_and_asked_again_counts_twice(path: Path) -> None:
    account = BillingLog(path)
    account.sent("a", 500, 0.5)
    account.sent("a", 500, 0.5)
    account.paid("a", Usage(100, 10), 0.11, tries=1)
    assert summary(path) == (2, 0.61, 1, [])


def test_call_whose_end_two_processes_write_down_is_paid_once(path: Path) -> None:
    account = BillingLog(path)
    for _ in range(2):  # sent again once the cache was cleared
        account.sent("a", 500, 0.5)
        account.paid("a", Usage(100, 10), 0.11, tries=1)
        account.paid("a", Usage(100, 10), 0.11, tries=1)
    assert summary(path) == (2, 0.22, 0, [])


def test_reply_in_the_cache_tells_what_a_cut_off_call_took(path: Path, tmp_path: Path) -> None:
    account, cache = BillingLog(path), Cache(tmp_path / "cache")
    for key in ("aa", "bb"):
        account.sent(key, 500, 0.5)
    cache.save("aa", Completion("5", Usage(100, 10)), {})
    reconcile(path, cache, FaultyJudge())
    assert summary(path) == (2, 0.61, 1, ["bb"])


def test_account_begins_with_what_was_paid_before_and_ends_at_its_last_whole_line(path: Path) -> None:
    open_billing_log(path, Spent(misses=7, cost_usd=1.5, unpriced=2))
    with path.open("ab") as file:
        file.write(b'{"sent": "a", "tok')
    open_billing_log(path, Spent())
    BillingLog(path).sent("b", 500, None)
    paid = load_bill(path)
    assert (paid.spent.misses, paid.spent.cost_usd, paid.spent.unpriced, list(paid.open)) == (8, 1.5, 3, ["b"])
