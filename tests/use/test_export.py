"""An export is all that someone needs to use a harness without its run."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meta_reward import load_reward
from meta_reward.files import load_json
from tests.cli.conftest import MetaReward
from tests.use.conftest import messages, some_runs, write_rows

AUDIT = ("__init__", "build", "calls", "compare", "ledger", "records", "rules", "run", "speech", "values")


@pytest.fixture
def exported(meta_reward: MetaReward, finished: Path, here: Path) -> Path:
    assert meta_reward("export", finished, "--to", "reward").code == 0
    return here / "reward"


def test_export_holds_what_its_docs_say_and_no_trajectory(exported: Path) -> None:
    found = sorted(path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file())
    assert found == [
        *("README.md", "harness.py", "policy.md", "record.json", "reward.toml"),
        *("runtime/meta_reward/__init__.py", "runtime/meta_reward/harness/__init__.py"),
        *(f"runtime/meta_reward/harness/audit/{name}.py" for name in AUDIT),
        "runtime/meta_reward/harness/runtime.py",
        *("runtime/meta_reward/trajectory.py", "tools.json"),
    ]
    assert "Where is my order?" not in "".join(path.read_text() for path in exported.rglob("*") if path.is_file())


def test_export_scores_like_its_run(exported: Path, finished: Path) -> None:
    with load_reward(exported) as ours, load_reward(finished) as theirs:
        assert ours.score(messages()) == theirs.score(messages())


def test_record_is_dated_and_has_numbers_with_intervals(exported: Path) -> None:
    record = load_json(exported / "record.json")
    assert len(record["exported"]) == len("2026-01-31")
    assert record["scale"] == "scores run from 0 to 100"
    assert (record["judge"]["spec"], record["judge"]["simulated"], record["data"]["taskset"]) == (
        *("simulated", True),
        "small",
    )
    assert set(record["numbers"]["search"]) == {"agreement", "low", "high", "no_bounds", "pairs", "tasks"}
    assert record["numbers"]["test"] is None


def test_test_result_comes_along(meta_reward: MetaReward, finished: Path, here: Path) -> None:
    shutil.copytree(finished, here / "runs" / "night-1", symlinks=True)
    shutil.copytree(finished.parents[1] / "tasks", here / "tasks")
    text = (here / "runs" / "night-1" / "run.toml").read_text().replace(str(finished.parents[1]), str(here))
    (here / "runs" / "night-1" / "run.toml").write_text(text)
    assert meta_reward("test", "night-1").code == 0
    shown = meta_reward("export", "night-1", "--to", "reward").out
    told = r"\d% \(no interval: few tasks\) on the sealed test split, \d+ pairs of \d tasks no failure"
    assert re.search(told, " ".join(shown.split()))
    assert "on the sealed test split" in load_reward("reward").about
    write_rows(here / "runs.jsonl", some_runs(2))
    assert "on the sealed test split" in meta_reward("score", "reward", "runs.jsonl").err
    with (here / "reward" / "harness.py").open("a") as file:
        file.write("\n# changed\n")
    assert "not tested: harness.py has changed since it was exported" in load_reward("reward").about


def test_harness_runs_on_the_exported_runtime_alone(exported: Path) -> None:
    program = f"""
import asyncio, json, sys
sys.path[:0] = [{str(exported / "runtime")!r}, {str(exported)!r}]
from meta_reward.harness import Message, Reply, Trajectory
import harness
class Judge:
    async def ask(self, prompt, **options):
        return Reply("Score: 70")
print(asyncio.run(harness.reward(Trajectory("", (), (Message("user", "Hello."),)), Judge())).score)
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout) == ("", "70.0\n")


def test_export_of_someone_else_decides_neither_confinement_nor_money(exported: Path) -> None:
    settings = exported / "reward.toml"
    settings.write_text(
        'sandbox = "none"\n[limits]\nmax_usd = 1000.0\n[judge]' + settings.read_text().partition("[judge]")[2]
    )
    loaded = load_reward(exported).loaded
    assert (loaded.config.sandbox, dict(loaded.limits)) == ("auto", {})


def test_broken_record_is_one_line(exported: Path, meta_reward: MetaReward) -> None:
    (exported / "record.json").write_text(json.dumps({"numbers": {}}))
    ran = meta_reward("score", "reward", "any.jsonl")
    assert (ran.code, ran.err) == (1, "meta-reward: reward/record.json: is not the record of an export\n")


def test_export_overwrites_nothing_and_wants_a_run(meta_reward: MetaReward, exported: Path, finished: Path) -> None:
    assert meta_reward("export", finished, "--to", "reward").err == "meta-reward: reward exists: choose another name\n"
    assert meta_reward("export", "nowhere", "--to", "other").code == 1
