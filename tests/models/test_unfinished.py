"""Accounts of evaluations that are not finished: the next start takes them over, and a good end removes them."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from meta_reward.completion import Completion, Request, Usage
from meta_reward.models.billing import load_bill, unfinished_bill
from meta_reward.models.cache import Cache
from meta_reward.models.usage import Spent
from meta_reward.trajectory import Message
from tests.conftest import PROJECT
from tests.models.conftest import FaultyJudge

USAGE = Usage(100, 10)
KILLED = """
import os, signal, sys
from pathlib import Path
from meta_reward.models.billing import unfinished_bill
from tests.models.test_unfinished import judge

with unfinished_bill(Path(sys.argv[1]), "job", *judge(Path(sys.argv[1]))) as (account, _):
    account.sent("kept", 500, 0.5)
    account.sent("lost", 500, 0.5)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def judge(folder: Path) -> tuple[Cache, FaultyJudge]:
    return Cache(folder / "cache"), FaultyJudge()


def totals(before: Spent) -> tuple[int, float]:
    return before.misses, before.cost_usd


def stopped_start(folder: Path, *paid: str, name: str = "job") -> None:
    """A start that pays for some calls and is then stopped."""
    with suppress(KeyboardInterrupt), unfinished_bill(folder, name, *judge(folder)) as (account, _):
        for key in paid:
            account.sent(key, 500, 0.5)
            account.paid(key, USAGE, 0.11, tries=1)
        raise KeyboardInterrupt


def test_what_stopped_starts_have_paid_adds_up_until_one_ends_well(tmp_path: Path) -> None:
    stopped_start(tmp_path, "a", "b")
    stopped_start(tmp_path, "c")
    stopped_start(tmp_path, "d", name="other")
    with unfinished_bill(tmp_path, "job", *judge(tmp_path)) as (_, before):
        assert totals(before) == (3, pytest.approx(0.33))
    with unfinished_bill(tmp_path, "job", *judge(tmp_path)) as (_, before):
        assert before == Spent()
    assert [path.name.rpartition("-")[0] for path in tmp_path.glob("*.jsonl")] == ["other"]


def test_two_starts_at_the_same_time_do_not_both_take_over_what_an_earlier_one_left(tmp_path: Path) -> None:
    stopped_start(tmp_path, "a", "b")
    with (
        unfinished_bill(tmp_path, "job", *judge(tmp_path)) as (_, first),
        unfinished_bill(tmp_path, "job", *judge(tmp_path)) as (_, second),
    ):
        assert (totals(first), second) == ((2, pytest.approx(0.22)), Spent())


def test_start_that_paid_nothing_leaves_nothing(tmp_path: Path) -> None:
    stopped_start(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_call_of_a_killed_start_counts_as_expected_until_its_reply_turns_up(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=PROJECT, check=False)
    assert killed.returncode == -signal.SIGKILL
    request = Request((Message("user", "a"),))
    Cache(tmp_path / "cache").save("kept", Completion("a", USAGE), {}, request)
    with unfinished_bill(tmp_path, "job", *judge(tmp_path)) as (_, before):
        lost = sum(load_bill(path).lost for path in tmp_path.glob("job-*.jsonl"))
        assert (before.misses, lost, before.cost_usd) == (2, 1, pytest.approx(0.61))


def test_accounts_of_living_starts_are_left_to_them(tmp_path: Path) -> None:
    with unfinished_bill(tmp_path, "job", *judge(tmp_path)) as (first, _):
        first.sent("a", 500, 0.5)
        with unfinished_bill(tmp_path, "job", *judge(tmp_path)) as (second, before):
            assert (before, second.path != first.path) == (Spent(), True)
        assert first.path is not None
        assert load_bill(first.path).spent.misses == 1


def test_torn_line_of_a_killed_start_is_passed_over(tmp_path: Path) -> None:
    stopped_start(tmp_path, "a")
    (left,) = tmp_path.glob("*.jsonl")
    left.write_bytes(left.read_bytes() + b'{"sent": "b", "tok')
    with unfinished_bill(tmp_path, "job", *judge(tmp_path)) as (_, before):
        assert totals(before) == (1, 0.11)
