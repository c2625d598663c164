"""Sandbox levels and the doctor as a user meets them on machines without bubblewrap, Landlock or git."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from meta_reward.propose import jail, shell
from meta_reward.run.layout import Layout
from meta_reward.run.record import commit_paths
from tests.cli.conftest import MetaReward, Ran
from tests.conftest import LEVEL, PROJECT, make_task_set

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these levels are Linux's")

SEARCH = ("search", "small", "--judge", "simulated", "--seeds", "seeds", "--iterations", 0)
EVALUATE = ("evaluate", "seeds/baseline.py", "small", "--judge", "simulated")
NO_BWRAP = "there is no bwrap on PATH"
NO_LANDLOCK = "the kernel has no Landlock (it needs Linux 5.13, with landlock among its lsm=)"
WARNING = "sandbox level none: candidates run with all your rights, and could read labels and keys\n"
WITHOUT_LANDLOCK = """
import ctypes, struct
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x50026), (0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(code)), 0, 0) == 0
from meta_reward.cli import main
from meta_reward.run.layout import Layout
from meta_reward.run.record import commit_paths
main()
"""
"""The command line under a filter that answers landlock_create_ruleset with ENOSYS, as an old kernel does."""


@pytest.fixture(autouse=True)
def _small(here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=4, rollouts=2)
    (here / "seeds").mkdir()
    shutil.copy(PROJECT / "seed_harnesses" / "baseline.py", here / "seeds")


@pytest.fixture
def bare(tmp_path: Path) -> str:
    """A PATH with git and nothing else."""
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "git").symlink_to(shutil.which("git") or "git")
    return str(folder)


def on_an_old_kernel(arguments: Sequence[object]) -> Ran:
    command = [sys.executable, "-c", WITHOUT_LANDLOCK, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


def recorded() -> str:
    return next(line for line in Path("runs/small/run.toml").read_text().splitlines() if line.startswith("sandbox"))


def move_run_to(level: str) -> None:
    """As if the run had been made at this level."""
    layout = Layout(Path("runs/small"))
    layout.config.write_text(layout.config.read_text().replace(recorded(), f'sandbox = "{level}"'))
    commit_paths(layout, f"At level {level}", [layout.config])


def test_run_records_its_level_and_status_shows_it(meta_reward: MetaReward) -> None:
    ran = meta_reward(*SEARCH, "--sandbox", LEVEL, COLUMNS="200")
    assert recorded() == f'sandbox = "{LEVEL}"'
    assert f"judge simulated, sandbox {LEVEL})" in ran.out
    assert json.loads(meta_reward("status", "small", "--json").out)["sandbox"] == LEVEL


def test_without_bubblewrap_candidates_are_locked(meta_reward: MetaReward, bare: str) -> None:
    ran = meta_reward(*EVALUATE, "--json", PATH=bare)
    assert json.loads(ran.out)["sandbox"] == "locked"


@pytest.mark.parametrize("command", [SEARCH, EVALUATE, ("validate", "seeds/baseline.py")], ids=lambda c: c[0])
def test_strict_that_cannot_be_had_is_one_line(meta_reward: MetaReward, bare: str, command: tuple[object, ...]) -> None:
    expected = f"cannot do sandbox level strict ({NO_BWRAP}): install bubblewrap; --sandbox locked works here\n"
    ran = meta_reward(*command, "--sandbox", "strict", PATH=bare)
    assert (ran.code, ran.out, ran.err) == (1, "", f"meta-reward: this machine {expected}")
    assert not Path("runs").exists()


def test_run_whose_level_is_gone_stops_before_it_spends_and_goes_on_when_told(
    meta_reward: MetaReward, bare: str
) -> None:
    meta_reward(*SEARCH)
    move_run_to("strict")
    more = (*SEARCH[:-1], 1)
    expected = (
        f"this machine cannot do sandbox level strict, which run small is at ({NO_BWRAP}): "
        "install bubblewrap; --sandbox locked works here"
    )
    ran = meta_reward(*more, PATH=bare)
    assert (ran.code, ran.out, ran.err) == (1, "", f"meta-reward: {expected}\n")
    assert f"small: stopped: {expected} " in meta_reward("status", "small", COLUMNS="1000").out
    assert not Path("runs/small/.work/session-0001").exists()
    ran = meta_reward(*more, "--sandbox", "locked", PATH=bare)
    assert (ran.code, recorded()) == (0, 'sandbox = "locked"'), ran.err
    log = ["git", "-C", "runs/small", "log", "--format=%s", "--", "run.toml"]
    subjects = subprocess.run(log, capture_output=True, text=True, check=True).stdout
    assert "Sandbox level locked, which was strict\n" in subjects


def test_test_split_stays_sealed_where_the_level_is_gone(meta_reward: MetaReward, bare: str) -> None:
    meta_reward(*SEARCH)
    move_run_to("strict")
    ran = meta_reward("test", "small", PATH=bare)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "which run small is at" in ran.err
    ran = meta_reward("test", "small", "--sandbox", "locked", PATH=bare)
    assert "opened 1 time;" in ran.out
    assert recorded() == 'sandbox = "locked"'


def test_none_warns_each_time(meta_reward: MetaReward) -> None:
    first = meta_reward(*SEARCH, "--sandbox", "none")
    commands = [SEARCH, ("test", "small"), ("test", "small", "--json")]
    commands += [(*EVALUATE, "--json", "--sandbox", "none"), ("validate", "seeds/baseline.py", "--sandbox", "none")]
    for ran in [first, *(meta_reward(*command) for command in commands)]:
        assert (ran.code, ran.err.count(WARNING)) == (0, 1), ran
    assert recorded() == 'sandbox = "none"'
    assert "sandbox none)" in meta_reward("status", "small", COLUMNS="200").out


@pytest.mark.parametrize("level", ["auto", "strict", "locked"])
def test_kernel_without_landlock_stops_with_one_line(level: str) -> None:
    ran = on_an_old_kernel([*SEARCH, "--sandbox", level])
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert ran.err.startswith("meta-reward: this machine cannot ")
    assert ran.err.endswith("; --sandbox none goes without, at your own risk\n")
    assert not Path("runs").exists()


def test_kernel_without_landlock_searches_unconfined_when_told() -> None:
    ran = on_an_old_kernel([*SEARCH, "--sandbox", "none"])
    assert (ran.code, ran.err.count(WARNING), recorded()) == (0, 1, 'sandbox = "none"')


def doctor(ran: Ran) -> dict[str, dict[str, str]]:
    """The doctor's rows by name."""
    return {row["name"]: row for row in json.loads(ran.out)["rows"]}


def test_doctor_says_that_a_search_can_run_here(meta_reward_process: MetaReward) -> None:
    ran = meta_reward_process("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("\n\na search can run offline here\n")


def test_doctor_without_bubblewrap_warns(meta_reward_process: MetaReward, bare: str) -> None:
    ran = meta_reward_process("doctor", "--json", PATH=bare)
    assert ran.code == 0
    assert doctor(ran)["sandbox"] == {
        "name": "sandbox",
        "state": "warn",
        "what": f"locked; not strict: {NO_BWRAP}",
        "fix": "install bubblewrap",
    }
    row = doctor(ran)["proposer's jail"]
    assert (row["state"], row["fix"]) == ("warn", jail.HINT)
    assert row["what"] == "command proposers cannot be jailed: bubblewrap (bwrap) is not installed"
    assert doctor(ran)["claude's tools"] == {
        "name": "claude's tools",
        "state": "warn",
        "what": "file tools and no shell: bwrap and socat are not installed",
        "fix": f"{shell.HINT} to give it one",
    }


def test_shell_for_claude_without_bubblewrap_stops_before_anything_is_spent(
    meta_reward_process: MetaReward, bare: str, tmp_path: Path
) -> None:
    (tmp_path / "shell.toml").write_text('[proposer]\nspec = "claude:m"\ntools = ["Bash"]\n')
    ran = meta_reward_process(*SEARCH, "--config", tmp_path / "shell.toml", PATH=bare, ANTHROPIC_API_KEY="k")
    assert (ran.code, ran.err) == (
        1,
        "meta-reward: this machine cannot confine the agent's shell: bwrap and socat are not installed: "
        "install bubblewrap and socat, and allow user namespaces; or leave out `tools` to use file tools, which need "
        "neither\n",
    )
    assert not Path("runs").exists()


def test_doctor_without_git_fails(meta_reward_process: MetaReward, tmp_path: Path) -> None:
    ran = meta_reward_process("doctor", "--json", PATH=str(tmp_path / "nothing"))
    assert (ran.code, json.loads(ran.out)["can_search_offline"]) == (1, False)
    assert doctor(ran)["git"]["what"] == "git does not run on this machine"


def test_doctor_without_landlock_fails(meta_reward_process: MetaReward) -> None:
    ran = on_an_old_kernel(["doctor", "--json"])
    row = doctor(ran)["sandbox"]
    assert (ran.code, row["state"], row["what"]) == (1, "fail", NO_LANDLOCK)
    assert row["fix"].startswith("use Linux 5.13 or later")


@pytest.mark.parametrize("how", [(), ("--json",)])
def test_doctor_shows_nothing_of_a_key(meta_reward_process: MetaReward, tmp_path: Path, how: tuple[str, ...]) -> None:
    agents = tmp_path / "agents"
    agents.mkdir()
    (agents / "codex").write_text("#!/bin/sh\necho $ANTHROPIC_API_KEY $OPENAI_API_KEY $CLAUDE_CODE_OAUTH_TOKEN\n")
    (agents / "codex").chmod(0o755)
    names = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN")
    keys = {name: f"zq{number}xk{number}vj{number}wy" for number, name in enumerate(names)}
    ran = meta_reward_process("doctor", *how, PATH=f"{agents}:{os.environ['PATH']}", **keys)
    assert ran.out.count("set (models") == 2
    pieces = {value[at : at + 3] for value in keys.values() for at in range(len(value) - 2)}
    assert [piece for piece in pieces if piece in ran.out + ran.err] == []


def test_too_few_open_files_for_that_many_at_once_are_one_line(here: Path) -> None:
    make_task_set(here / "tasks" / "wide", tasks=40, rollouts=4)
    evaluate = "exec $0 -c 'from meta_reward.cli import main; main()' evaluate seeds/baseline.py wide --judge simulated"
    command = ["sh", "-c", f"ulimit -Sn 24; {evaluate} --concurrency 100", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("Too many open files: lower --concurrency, or allow more open files with `ulimit -n`\n")
