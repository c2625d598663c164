"""A run with a damaged file: one line names the file and the command that restores it; never a traceback."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from meta_reward.run.layout import HistoryLayout
from tests.cli.conftest import ONE_SEED, MetaReward, Ran
from tests.conftest import make_task_set
from tests.run.test_queries import BETTER
from tests.run.test_queries import history as history

pytestmark = pytest.mark.slow

CANDIDATE = "history/candidates/c0001-baseline"


@pytest.fixture
def night(history: HistoryLayout, here: Path) -> Path:
    """A copy of the run, as runs/night."""
    shutil.copytree(history.path.parent, here / "runs" / "night", symlinks=True)
    return here / "runs" / "night"


@pytest.fixture
def tested(meta_reward: MetaReward, night: Path) -> Path:
    """The run after a test of its chosen harness."""
    assert meta_reward("test", "night").code == 0
    return night


@pytest.mark.parametrize("content", ["", '{"id":"c0001', "[]\n", "{}\n"], ids=["empty", "cut", "list", "object"])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("run.toml", "status"),
        ("history/ledger.jsonl", "search"),
        ("history/iterations.jsonl", "search"),
        ("sealed/*/validation/c0001-baseline/scores.json", "status"),
        (f"{CANDIDATE}/traces/*.json", "trace"),
        (f"{CANDIDATE}/pairs.jsonl", "failures"),
        ("sealed/*/decisions.jsonl", "status"),
    ],
)
def test_damaged_file_is_named_with_the_command_that_restores_it(
    meta_reward: MetaReward, night: Path, name: str, command: str, content: str
) -> None:
    path = next(iter(night.glob(name)))
    before = path.read_bytes()
    path.write_text(content)
    more = {"failures": ["c0001"], "trace": ["c0001", path.stem]}
    arguments = (command, "night", *more.get(command, []))
    ran = meta_reward(*arguments)
    if ran.code == 0:  # an empty list of calls, say, is none that is damaged
        assert content == ""
        return
    restore(path, ran)
    assert path.read_bytes() == before
    assert meta_reward(*arguments).code == 0


def restore(path: Path, ran: Ran) -> None:
    """What the last line of a refusal says is wrong with a file, done as it says."""
    said = ran.err.splitlines()[-1]
    assert (ran.code, said.partition(": ")[2].startswith("a bug")) == (1, False), said
    assert path.name in said
    subprocess.run(shlex.split(said.partition("as it was committed last: ")[2]), check=True, capture_output=True)


@pytest.mark.parametrize(
    "name",
    [
        "run.toml",
        "history/ledger.jsonl",
        "history/iterations.jsonl",
        "history/candidates/c0002-*/proposer/session.json",
        f"{CANDIDATE}/calls.jsonl",
        f"{CANDIDATE}/scores.json",
        "sealed/*/decisions.jsonl",
        "sealed/*/test.json",
        "sealed/*/test/c0001-baseline/scores.json",
        "sealed/*/test/c0001-baseline/calls.jsonl",
    ],
)
def test_a_test_on_a_damaged_file_names_the_command_that_restores_it(
    meta_reward: MetaReward, tested: Path, name: str
) -> None:
    path = next(iter(tested.glob(name)))
    before, told = path.read_bytes(), meta_reward("test", "night").out
    for content in (b"[]\n", b"{}\n", before[: len(before) // 2 - 9] + b"\n", b"\xff\n"):
        path.write_bytes(content)
        restore(path, meta_reward("test", "night"))
        assert path.read_bytes() == before
    assert meta_reward("test", "night").out == told


@pytest.mark.parametrize("command", ["search", "test"])
def test_record_that_is_empty_or_gone_is_put_back(meta_reward: MetaReward, tested: Path, command: str) -> None:
    record = [path for above in ("history", "sealed") for path in (tested / above).rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in record}
    for number, path in enumerate(record):
        path.write_bytes(b"") if number % 2 else path.unlink()
    ran = meta_reward(command, "night")
    assert ran.code == 0, ran.err
    assert "files of the record were missing or empty and are restored from git" in " ".join(ran.err.split())
    assert {path: path.read_bytes() for path in record} == before


def test_bill_that_is_empty_is_made_again_from_what_is_on_record(meta_reward: MetaReward, night: Path) -> None:
    bill = night / ".work" / "account.jsonl"
    before = json.loads(meta_reward("status", "night", "--json").out)["spent"]
    assert before["cost_usd"] > 0
    bill.write_bytes(b"")
    assert json.loads(meta_reward("status", "night", "--json").out)["spent"] == pytest.approx(before)
    meta_reward("search", "night")
    assert bill.read_bytes()
    assert json.loads(meta_reward("status", "night", "--json").out)["spent"] == pytest.approx(before)


def test_journal_of_an_evaluation_under_way_that_is_damaged_can_be_moved_away(
    meta_reward: MetaReward, here: Path
) -> None:
    make_task_set(here / "tasks" / "small")
    search = ("search", "small", "--judge", "simulated", *ONE_SEED, "--iterations", 0, "--max-calls")
    assert meta_reward(*search, 9).code == 4
    journal = next(iter((here / "runs" / "small" / ".work" / "evaluations").rglob("*.jsonl")))
    first, *others = journal.read_bytes().splitlines(keepends=True)
    for damaged in (first[:40] + b"\n", b"[]\n", b"{}\n", b"\xff\n"):
        journal.write_bytes(b"".join([damaged, *others]))
        for command in (("status", "small"), ("test", "small", "--max-calls", 900), (*search, 900)):
            ran = meta_reward(*command)
            assert (ran.code, ran.err.count("a bug"), journal.name in ran.err) == (1, 0, True), ran.err
            assert ran.err.endswith("; git has no copy: move it away, and what it held is done or counted again\n")
    journal.unlink()
    ran = meta_reward(*search, 900)
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("content", ["", "[]\n", '{"a":\n'], ids=["empty", "list", "cut"])
@pytest.mark.parametrize("name", [".work/account.jsonl", ".work/session-0002/session.json"])
def test_damaged_file_that_git_does_not_have_is_named(
    meta_reward: MetaReward, night: Path, name: str, content: str
) -> None:
    (night / name).write_text(content)
    for command in ("status", "search"):
        ran = meta_reward(command, "night")
        assert ran.code == 0 or (ran.code == 1 and Path(name).name in ran.err.splitlines()[-1]), (command, ran.err)


@pytest.mark.parametrize(
    "name",
    ["decision.json", "harness.py", "history/frontier.json", "history/outcomes.jsonl", ".git/HEAD", ".git/index"],
)
def test_search_goes_on_where_a_file_that_follows_from_others_is_damaged(
    meta_reward: MetaReward, night: Path, name: str
) -> None:
    (night / name).write_bytes(b"")
    assert [meta_reward(command, "night").code for command in ("status", "search")] == [0, 0]


@pytest.mark.parametrize("command", [("search", "night"), ("test", "night"), ("choose", "night", "c0002")])
def test_run_whose_git_has_lost_its_refs_goes_on_where_it_was(
    meta_reward: MetaReward, night: Path, command: tuple[str, ...]
) -> None:
    git = ["git", "-C", str(night)]
    before = subprocess.check_output([*git, "log", "--format=%s", "main"], text=True)
    (night / ".git" / "packed-refs").unlink()
    assert meta_reward(*command).code == 0
    assert before in subprocess.check_output([*git, "log", "--format=%s", "main"], text=True)
    assert meta_reward("search", "night").code == 0
    tags = subprocess.check_output([*git, "tag", "--list"], text=True).split()
    assert tags == ["c0001", "c0002", "c0003", "c0004"]
    assert subprocess.check_output([*git, "show", "c0002:harness.py"], text=True) == BETTER


@pytest.mark.parametrize("name", ["config", "packed-refs", "index", "meta-reward-index", "info/exclude"])
def test_file_of_git_that_is_damaged_is_one_line_or_does_not_matter(
    meta_reward: MetaReward, night: Path, name: str
) -> None:
    path = night / ".git" / name
    path.write_bytes(b"\xff\xfe\n")
    for command in (("status", "night"), ("search", "night"), ("test", "night"), ("choose", "night", "c0002")):
        ran = meta_reward(*command)
        assert ran.code == 0 or (ran.code == 1 and f"{path.name}: is damaged: " in ran.err.splitlines()[-1]), ran.err
    path.rename(path.with_name("moved"))
    assert [meta_reward(command, "night").code for command in ("status", "search", "test")] == [0, 0, 0]
