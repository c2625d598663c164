"""`status` says what the log has said: while seeds are scored, after a kill at any of its lines, after a limit."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ONE_SEED, MetaReward
from tests.conftest import ASKING_HARNESS, make_task_set

SEARCH = ("search", "small", "--judge", "simulated", "--iterations", "1", "--candidates", "1")
TWICE = ASKING_HARNESS.replace(
    "    try:", "    reply = await judge.ask(reply.text + ' of 100? ' + trajectory.transcript())\n    try:"
)
"""Asks twice of each trajectory, so that a limit may stop it in between."""
_SCORED = re.compile(r"(c\d{4}) \S+: ([\d.]+)% on search")


def killed_after(line: str, log: list[str]) -> None:
    """Start the search, or go on with it; SIGKILL once its log holds a line with these words."""
    command = [sys.executable, "-c", "from meta_reward.cli import main; main()", *SEARCH, "--seeds", "seed_harnesses"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stderr is not None
        for said in process.stderr:
            log.append(said)
            if line in said:
                break
        process.send_signal(signal.SIGKILL)


def agrees_with(status: dict[str, Any], log: list[str]) -> bool:
    """Whether a status has every score that a log tells."""
    told = "".join(log)
    shown = {c["id"]: f"{c['search']['score']:.1%}" for c in status["candidates"] if c["status"] == "scored"}
    return shown.items() >= {id: f"{n}%" for id, n in _SCORED.findall(told)}.items()


def git_status(run: Path) -> list[str]:
    ask = ["git", "status", "--porcelain"]
    return subprocess.run(ask, cwd=run, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.slow
def test_status_and_git_agree_with_the_log_wherever_a_search_is_killed(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=12, rollouts=2)
    run, log = here / "runs" / "small", list[str]()
    for line in ("c0001 baseline", "c0002", "is proposing"):
        killed_after(line, log)
        status = json.loads(meta_reward("status", "small", "--json").out)
        assert status["state"] == "interrupted"
        assert agrees_with(status, log), log
        assert [line for line in git_status(run) if line[:2] != "??"] == []
    assert (status["decision"], status["proposing"]) == (None, 1)
    assert "unfinished: iteration 1, catalog is proposing" in meta_reward("status", "small").out
    killed_after("never said", log)
    done = json.loads(meta_reward("status", "small", "--json").out)
    assert (done["state"], done["proposing"], agrees_with(done, log)) == ("finished", None, True)
    assert git_status(run) == []


@pytest.mark.parametrize(("limit", "counted"), [("max-tokens", "tokens"), ("max-calls", "calls")])
def test_search_stopped_by_a_limit_adds_up_to_what_the_limit_counted(
    meta_reward: MetaReward, here: Path, limit: str, counted: str
) -> None:
    make_task_set(here / "tasks" / "small", tasks=12, rollouts=2)
    (here / "one_seed" / "twice.py").write_text(TWICE)
    most = {"max-tokens": 1200 + 3876, "max-calls": 13 + 32}[limit]  # what is held back for validation comes on top
    stopped = meta_reward(*SEARCH, *ONE_SEED, f"--{limit}", most, "--concurrency", 1)
    status = json.loads(meta_reward("status", "small", "--json").out)
    used = re.search(rf"limit reached: {limit} (\d+) of {most}, with \d+ held back", stopped.out)
    assert used, stopped.out
    spent = status["spent"]
    assert spent[f"judge_{counted}"] + spent[f"cut_off_{counted}"] == int(used[1])
    assert spent["cut_off_calls"] == 1
    assert f"cut off: 1 call, {spent['cut_off_tokens']} tokens" in stopped.out
    assert [c["id"] for c in status["candidates"]] == ["c0001"]
    assert agrees_with(status, [stopped.err])


QUERIES = ("ledger small", "failures small c0001", "flips small c0001 c0002", "diff small c0001 c0002")


@pytest.mark.parametrize("query", [*QUERIES, "trace small 1 t", "ledger --history runs/small/history"])
def test_query_before_all_seeds_are_scored_says_how_far_they_are(
    meta_reward: MetaReward, here: Path, query: str
) -> None:
    make_task_set(here / "tasks" / "small", tasks=12, rollouts=2)
    (here / "one_seed" / "twice.py").write_text(TWICE)
    meta_reward(*SEARCH, *ONE_SEED, "--max-calls", 13, "--concurrency", 1)
    asked = meta_reward(*query.split())
    expected = "run small has scored 1 of its 2 seeds; it can be asked about them once all are scored"
    assert (asked.code, asked.out) == (1, "")
    assert asked.err == f"meta-reward: {expected}: `meta-reward status small` shows how far it is\n"


def test_status_names_the_sealed_folder_and_what_was_set_aside(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6, rollouts=2)
    meta_reward("search", "small", *ONE_SEED, "--judge", "simulated", "--iterations", 0)
    aside = here / "runs" / "small" / ".work" / "set-aside" / "by-hand"
    aside.mkdir(parents=True)
    status = json.loads(meta_reward("status", "small", "--json").out)
    assert re.fullmatch(r"runs/small/sealed/[0-9a-f]{32}", status["sealed"])
    assert (here / status["sealed"] / "taskset.json").exists()
    assert status["set_aside"] == ["runs/small/.work/set-aside/by-hand"]
    assert f"set aside, yours to keep or remove: {status['set_aside'][0]}" in meta_reward("status", "small").out


def test_changed_task_set_is_told_by_name_and_by_what_changed(meta_reward: MetaReward, here: Path) -> None:
    taskset = make_task_set(here / "tasks" / "small", tasks=6, rollouts=2)
    search = ("search", "small", *ONE_SEED, "--judge", "simulated", "--iterations", 0)
    meta_reward(*search)
    (taskset.path / "policy.md").write_text("Be brief.\n")
    told = r"task set small \(.*tasks/small\) has changed since run small was made: policy changed: start another run"
    for command in (search, (*search, "--dry-run"), ("test", "small")):
        ran = meta_reward(*command)
        assert ran.code == 1
        assert re.search(told, ran.err)
