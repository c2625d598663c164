"""A run with a damaged file: one line names the file and the command that restores it; never a traceback."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from meta_reward.run.layout import HistoryLayout
from tests.cli.conftest import MetaReward
from tests.run.test_queries import history as history

CANDIDATE = "history/candidates/c0001-baseline"


@pytest.fixture
def night(history: HistoryLayout, here: Path) -> Path:
    """A copy of the run, as runs/night."""
    shutil.copytree(history.path.parent, here / "runs" / "night", symlinks=True)
    return here / "runs" / "night"


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
    said = ran.err.splitlines()[-1]
    assert (ran.code, said.partition(": ")[2].startswith("a bug")) == (1, False)
    assert path.name in said
    subprocess.run(shlex.split(said.partition("as it was committed last: ")[2]), check=True, capture_output=True)
    assert path.read_bytes() == before
    assert meta_reward(*arguments).code == 0


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
