"""Which run a command is about: the one named first, the one it is called in, else the newest."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import ONE_SEED, MetaReward
from tests.cli.test_history import night as night
from tests.conftest import ASKING_HARNESS, make_task_set
from tests.run.test_queries import history as history

DAY = 24 * 3600
SEARCH = ("search", "small", "--judge", "simulated", *ONE_SEED, "--iterations")


def age(run: Path, seconds: int) -> None:
    """Make every file of a run look that much older."""
    for path in run.rglob("*"):
        if path.is_file():
            then = path.stat().st_mtime - seconds
            os.utime(path, (then, then))


@pytest.fixture
def day(night: Path) -> Path:
    """A second run, older than the first."""
    shutil.copytree(night, night.parent / "day")
    age(night.parent / "day", DAY)
    return night.parent / "day"


def newest(meta_reward: MetaReward) -> str:
    """The run that a command takes which is given none."""
    ran = meta_reward("status")
    assert ran.err == f"meta-reward: run {ran.out.partition(':')[0]}, the newest\n"
    return ran.out.partition(":")[0]


def test_newest_run_is_the_one_whose_record_changed_last(meta_reward: MetaReward, night: Path, day: Path) -> None:
    assert newest(meta_reward) == "night"
    (day / "history" / "iterations.jsonl").touch()
    assert newest(meta_reward) == "day"


def test_looking_at_a_run_does_not_make_it_the_newest(meta_reward: MetaReward, night: Path, day: Path) -> None:
    Path("mine.py").write_text(ASKING_HARNESS)
    for command in (("status", "day"), ("ledger", "day"), ("try", "day", "mine.py")):
        assert meta_reward(*command).code == 0, command
    assert newest(meta_reward) == "night"


def test_json_of_the_newest_run_is_still_one_object(meta_reward: MetaReward, night: Path) -> None:
    for command in ("status", "ledger"):
        assert isinstance(json.loads(meta_reward(command, "--json").out), dict)


def test_run_that_a_command_is_called_in_comes_before_the_newest(
    meta_reward: MetaReward, night: Path, day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(day)
    for command in (("status",), ("failures", "c0003")):
        assert (meta_reward(*command).code, meta_reward(*command).err) == (0, "")
    assert meta_reward("status").out.startswith("day: ")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("failures",), "Missing argument 'CANDIDATE'."),
        (("flips", "c0001"), "Missing argument 'SECOND'."),
        (("failures", "c0001", "c0002"), "Got unexpected extra argument (c0002)"),
        (("flips", "c0001", "c0002", "c0003"), "Got unexpected extra argument (c0003)"),
        (("diff", "night", "c0001", "c0002", "c0003"), "Got unexpected extra argument (c0003)"),
        (("ledger", "c0001"), "Got unexpected extra argument (c0001)"),
        (("try",), "Missing argument 'DRAFT'."),
    ],
)
def test_words_too_few_or_too_many_are_wrong_usage(
    meta_reward: MetaReward, night: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    ran = meta_reward(*arguments)
    assert (ran.code, ran.out, complaint in ran.err) == (2, "", True), ran


@pytest.mark.parametrize("command", ["status", "test"])
def test_candidate_in_the_place_of_a_run_is_told_to_be_none(meta_reward: MetaReward, night: Path, command: str) -> None:
    ran = meta_reward(command, "c0001")
    assert (ran.code, ran.err) == (1, "meta-reward: c0001 is a candidate, not a run: known runs: night\n")


def test_run_cannot_be_called_like_a_candidate(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    ran = meta_reward(*SEARCH, 0, "--run", "c12")
    expected = "run name 'c12': c and digits is the name of a candidate; choose another --run NAME"
    assert (ran.code, ran.err) == (1, f"meta-reward: {expected}\n")
    assert not (here / "runs").exists()
    assert meta_reward(*SEARCH, 0, "--run", "c12-again").code == 0


def test_test_never_guesses_the_run(meta_reward: MetaReward, night: Path, day: Path) -> None:
    ran = meta_reward("test")
    assert (ran.code, ran.out, ran.err) == (1, "", "meta-reward: say which run to test: known: day, night\n")


def test_without_any_run_there_is_one_line(meta_reward: MetaReward) -> None:
    for command in ("status", "ledger"):
        ran = meta_reward(command)
        assert (ran.code, ran.err) == (1, "meta-reward: there is no run in ./runs: `meta-reward search` makes one\n")
    assert meta_reward("runs").out == "no runs in ./runs: `meta-reward search` makes one\n"


def test_runs_are_listed_newest_first(meta_reward: MetaReward, night: Path, day: Path) -> None:
    listed = json.loads(meta_reward("runs", "--json").out)["runs"]
    assert [(run["run"], run["state"], run["leader"]["id"], run["candidates"]) for run in listed] == [
        ("night", "interrupted", "c0002", 4),
        ("day", "interrupted", "c0002", 4),
    ]
    assert listed[0]["changed"] > listed[1]["changed"]
    head, *rows = meta_reward("runs").out.splitlines()[:3]
    assert head.split() == "run task set judge state leader search changed".split()
    assert [row.split()[0] for row in rows] == ["night", "day"]


def test_run_that_cannot_be_read_does_not_hide_the_others(meta_reward: MetaReward, night: Path, day: Path) -> None:
    (day / "run.toml").write_text("schema = 9\n")
    ran = meta_reward("runs", "--json")
    assert [run["run"] for run in json.loads(ran.out)["runs"]] == ["night"]
    assert "runs/day/run.toml: run has schema 9" in ran.err


def test_search_goes_on_with_a_run_that_stands_in_place_of_its_task_set(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    assert meta_reward(*SEARCH, 0, "--run", "night").code == 0
    for given in ("night", "runs/night"):
        ran = meta_reward("search", given)
        assert (ran.code, "night: finished" in ran.out) == (0, True), ran
    assert [path.name for path in (here / "runs").iterdir()] == ["night"]
    ran = meta_reward("search", "night", "--run", "day")
    assert ran.err == "meta-reward: night is a run, and --run day names another: leave out one of them\n"
    assert "there is no task set 'nowhere': known: small" in meta_reward("search", "nowhere").err
