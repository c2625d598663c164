"""Every bad input: one clear line, exit code 1 (2 for wrong usage), nothing half-written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meta_reward.run.layout import Layout
from meta_reward.run.lock import locked
from tests.cli.conftest import ONE_SEED, MetaReward
from tests.conftest import make_task_set

JUDGE = ("--judge", "simulated")


@pytest.fixture
def small(here: Path) -> Path:
    make_task_set(here / "tasks" / "small", tasks=6)
    return here / "tasks" / "small"


def break_pairs(path: Path) -> None:
    (path / "pairs.jsonl").write_text('{"id":"p","task":"t01","preferred":"t01-r1","other":"gone","categories":[]}\n')


def truncate_a_trajectory(path: Path) -> None:
    file = path / "trajectories" / "t01-r1.json"
    file.write_bytes(file.read_bytes()[:80])


BROKEN_TASK_SETS = {
    "missing pairs file": (lambda p: (p / "pairs.jsonl").unlink(), "pairs.jsonl: no such file"),
    "empty policy": (lambda p: (p / "tools.json").write_text(""), "tools.json: is empty"),
    "truncated trajectory": (truncate_a_trajectory, "t01-r1.json, line"),
    "pair of a missing trajectory": (break_pairs, "pairs.jsonl, line 1: names trajectory 'gone', which does not exist"),
    "other version": (lambda p: (p / "taskset.json").write_text('{"schema": 99}'), "taskset.json: has schema 99"),
    "wrong format": (lambda p: (p / "taskset.json").write_text("[1]"), "is not the description of a task set"),
    "no trajectories": (lambda p: shutil.rmtree(p / "trajectories"), "holds no trajectories"),
    "binary": (lambda p: (p / "policy.md").write_bytes(b"\xff\xfe"), "policy.md: is not UTF-8 text"),
}


@pytest.mark.parametrize("name", BROKEN_TASK_SETS)
def test_broken_task_set_is_one_line_that_names_the_file(meta_reward: MetaReward, small: Path, name: str) -> None:
    breaks, expected = BROKEN_TASK_SETS[name]
    breaks(small)  # type: ignore[no-untyped-call]
    ran = meta_reward("search", "small", *JUDGE)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert expected in ran.err
    assert not (small.parents[1] / "runs").exists()


COMMANDS = [
    (["evaluate", "seed_harnesses/baseline.py", "nowhere", *JUDGE], "there is no task set 'nowhere': known: small"),
    (["evaluate", "nothing.py", "small", *JUDGE], "nothing.py: no such file"),
    (["evaluate", "seed_harnesses/baseline.py", "small"], "task set small has no default judge: say which one"),
    (
        ["evaluate", "seed_harnesses/baseline.py", "small", "--judge", "oracle"],
        "unknown judge 'oracle': known: simulated",
    ),
    (["search", "small", *JUDGE, "--proposer", "genius"], "unknown proposer 'genius': known: catalog"),
    (["search", "small", *JUDGE, "--proposer", "claude:x"], "proposer claude has no key: set ANTHROPIC_API_KEY"),
    (["search", "small"], "task set small has no default judge"),
    (["search", "small", *JUDGE, "--run", "a b"], "run name 'a b': use letters"),
    (["search", "small", *JUDGE, "--seeds", "tasks"], "tasks holds no seed harness"),
    (["search", "small", *JUDGE, "--baseline", "tasks/small/policy.md"], "seed policy does not validate"),
    (["search", "small", *JUDGE, "--config", "none.toml"], "none.toml: no such file"),
    (["status", "nothing"], "there is no run 'nothing'"),
    (["test", "nothing"], "there is no run 'nothing'"),
    (["status", "tasks/small"], "tasks/small is no run: it has no run.toml"),
    (["import", "tasks/small/policy.md", "--name", "x"], "is not valid JSON"),
    (["import", "tasks/small/tools.json", "--name", "x", "--format", "tau-bench"], "is not a run in a τ-bench results"),
    (["import", "tasks/small/taskset.json", "--name", "x"], "is in no known format: its first row has schema, name"),
    (["import", "gone.json", "--name", "x"], "gone.json: no such file"),
    (["import", "gone.json", "--name", "small"], "exists: choose another --name"),
    (["import", "gone.json", "--name", "../x"], "task set name '../x'"),
    (["import", "gone.json", "--name", "../x", "--append"], "task set name '../x'"),
    (["import", "gone.json", "--name", "x", "--append"], "there is no task set 'x' to append to"),
    (["import", "gone.json", "--name", "small", "--append", "--force"], "--append adds to a task set and --force"),
    (["import", "tau-bench", "gone.json", "--name", "x"], "write --format tau-bench"),
    (["tasks", "check", "nothing"], "there is no task set 'nothing'"),
    (["tasks", "power", "nothing"], "there is no task set 'nothing'"),
]


@pytest.mark.parametrize(("arguments", "expected"), COMMANDS, ids=[" ".join(c[0][:4]) + c[1][:20] for c in COMMANDS])
def test_unknown_name_is_one_line_that_helps(
    meta_reward: MetaReward, small: Path, arguments: list[str], expected: str
) -> None:
    ran = meta_reward(*arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1), ran
    assert expected in ran.err
    assert not (small.parents[1] / "runs").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[judge]\nsepc = 'simulated'\n", "table [judge]: unknown key 'sepc' (known: spec,"),
        ("[limits]\niterations = 'many'\n", "limits.iterations is 'many' (it should be a whole number)"),
        ("[limits]\niterations = -1\n", "limits.iterations is -1, and must be at least 0"),
        ("nonsense", "is not valid TOML"),
        ("[splits]\nsearch = 0.9\n", "are not three positive numbers that sum to 1"),
    ],
)
def test_bad_config_is_one_line(meta_reward: MetaReward, small: Path, text: str, expected: str) -> None:
    Path("night.toml").write_text(text)
    ran = meta_reward("search", "small", *JUDGE, "--config", "night.toml")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert expected in ran.err


def test_wrong_usage_exits_with_2(meta_reward_process: MetaReward) -> None:
    assert meta_reward_process("search", "one", "two").code == 2
    assert meta_reward_process("evaluate", "a.py", "b", "--split", "train").code == 2
    assert meta_reward_process("frobnicate").code == 2


@pytest.mark.slow
def test_run_in_use_says_who_holds_it(meta_reward_process: MetaReward, small: Path) -> None:
    meta_reward_process("search", "small", *JUDGE, *ONE_SEED, "--iterations", 0)
    with locked(Layout(Path("runs/small"))):
        ran = meta_reward_process("search", "small", *JUDGE, *ONE_SEED, "--iterations", 1)
    assert ran.code == 1
    assert f"run small is in use by process {os.getpid()} on" in ran.err


def test_other_settings_than_the_runs_are_named(meta_reward: MetaReward, small: Path) -> None:
    meta_reward("search", "small", *JUDGE, *ONE_SEED, "--iterations", 0)
    ran = meta_reward("search", "small", "--judge", "simulated:noise")
    assert "run small has judge.spec = 'simulated', and 'simulated:noise' was asked for" in ran.err


def test_run_of_another_version_is_refused(meta_reward: MetaReward, small: Path) -> None:
    meta_reward("search", "small", *JUDGE, *ONE_SEED, "--iterations", 0)
    config = Path("runs/small/run.toml")
    config.write_text(config.read_text().replace("schema = 2", "schema = 9"))
    ran = meta_reward("status", "small")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "run has schema 9; this version reads 2 (start a new run)\n" in ran.err


def test_folder_that_is_no_run_is_not_touched(meta_reward: MetaReward, small: Path) -> None:
    Path("runs/mine").mkdir(parents=True)
    Path("runs/mine/thesis.txt").write_text("precious")
    ran = meta_reward("search", "small", *JUDGE, "--run", "mine")
    assert "runs/mine exists and is not a run" in ran.err
    assert Path("runs/mine/thesis.txt").read_text() == "precious"


def test_machine_without_git_identity_searches_all_the_same(meta_reward_process: MetaReward, small: Path) -> None:
    ran = meta_reward_process(
        "search", "small", *JUDGE, *ONE_SEED, "--iterations", 0, EMAIL="", GIT_CONFIG_GLOBAL=os.devnull
    )
    assert ran.code == 0, ran.err


def test_machine_without_git_is_one_line(meta_reward_process: MetaReward, small: Path, tmp_path: Path) -> None:
    ran = meta_reward_process("search", "small", *JUDGE, *ONE_SEED, "--iterations", 0, PATH=str(tmp_path))
    assert ran.code == 1
    assert "git does not run on this machine: install git" in ran.err


@pytest.mark.slow
def test_full_disk_is_one_line_and_the_search_goes_on_later(here: Path, small: Path, meta_reward: MetaReward) -> None:
    program = (
        "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (20_000, 20_000)); from meta_reward.cli import main; main()"
    )
    arguments = ["search", "small", *JUDGE, *ONE_SEED, "--iterations", "1"]
    full = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert full.returncode == 1, full.stderr
    assert full.stderr.splitlines()[-1].startswith("meta-reward: ")
    assert "a bug" not in full.stderr
    assert meta_reward(*arguments).code == 0


@pytest.mark.skipif(os.getuid() == 0, reason="root writes to read-only folders")
def test_read_only_folder_is_one_line(meta_reward: MetaReward, small: Path) -> None:
    Path("runs").mkdir(mode=0o500)
    ran = meta_reward("search", "small", *JUDGE)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "cannot be written: Permission denied" in ran.err


def test_runs_in_the_way_of_a_file_is_one_line(meta_reward: MetaReward, small: Path) -> None:
    Path("runs").write_text("a file")
    ran = meta_reward("search", "small", *JUDGE)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "cannot be written: " in ran.err
