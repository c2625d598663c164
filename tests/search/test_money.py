"""Money: a search that is killed in the middle of its calls forgets none of it, and pays for none twice."""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from meta_reward.models.billing import load_bill
from meta_reward.run.usage import spent_on_disk
from tests.conftest import PROJECT
from tests.search.paying import paying_world

AT_ONCE = 8


def billed(folder: Path) -> list[dict[str, float]]:
    path = folder / "asked.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.search.paying", str(folder)], cwd=PROJECT)


def kill_after(folder: Path, calls: int) -> None:
    """Start the search, and kill it in the middle of a call when the judge has been asked so many more times."""
    enough = len(billed(folder)) + calls
    process = start(folder)
    while len(billed(folder)) < enough and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    process.wait(10)


@pytest.mark.slow
def test_search_that_is_killed_twice_has_every_call_on_its_account(tmp_path: Path) -> None:
    for calls in (7, 12):
        kill_after(tmp_path, calls)
        spent = spent_on_disk(paying_world(tmp_path).layout)
        bill = billed(tmp_path)
        assert 0 <= spent.misses - len(bill) <= AT_ONCE  # some may have been killed on their way to the judge
        assert spent.cost_usd >= sum(line["usd"] for line in bill)  # what was cut off counts as expected
    assert start(tmp_path).wait(60) == 0
    paid, bill = load_bill(paying_world(tmp_path).layout.account), billed(tmp_path)
    assert 0 <= paid.spent.misses - len(bill) <= 2 * AT_ONCE
    twice = sum(Counter(line["question"] for line in bill).values()) - len({line["question"] for line in bill})
    assert paid.lost >= twice  # only a call whose reply never arrived is asked again
    assert not paid.open
