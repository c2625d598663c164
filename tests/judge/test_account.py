"""The account of a run: what each call comes to, whoever writes it down."""

from pathlib import Path

from meta_reward.completion import Usage
from meta_reward.judge.account import Account, load_account


def test_call_whose_end_two_processes_write_down_is_paid_once(tmp_path: Path) -> None:
    account = Account(tmp_path / "account.jsonl")
    for _ in range(2):  # sent again once the cache was cleared
        account.sent("a", 10, 0.5)
        account.paid("a", Usage(5, 5), 0.25, tries=1)
        account.paid("a", Usage(5, 5), 0.25, tries=1)
    paid = load_account(tmp_path / "account.jsonl")
    assert (paid.calls, paid.cost_usd, paid.lost) == (2, 0.5, 0)


def test_call_that_was_cut_off_and_sent_again_counts_twice(tmp_path: Path) -> None:
    account = Account(tmp_path / "account.jsonl")
    account.sent("a", 10, 0.5)
    account.sent("a", 10, 0.5)
    account.paid("a", Usage(5, 5), 0.25, tries=1)
    paid = load_account(tmp_path / "account.jsonl")
    assert (paid.calls, paid.cost_usd, paid.lost) == (2, 0.75, 1)
