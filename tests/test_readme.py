"""The README shows what is so: its help text, its commands, its harness."""

import json
import re
import shlex
import tomllib
from pathlib import Path

from meta_reward.judge.backends import make_backend
from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.cli.conftest import meta_reward_process as meta_reward_process
from tests.conftest import PROJECT

README = (PROJECT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)


def block_with(text: str) -> str:
    return next(body for _, body in BLOCKS if text in body)


def tau_bench_results(tasks: int) -> list[dict[str, object]]:
    """A results file in which each task has two successes and two failures."""
    return [
        {
            "task_id": task,
            "trial": trial,
            "reward": float(trial % 2),
            "info": {},
            "traj": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": f"Cancel order {task}."},
                {"role": "assistant", "content": f"I did that for {task}, in trial {trial}."},
            ],
        }
        for task in range(tasks)
        for trial in range(4)
    ]


def test_help_in_the_readme_is_what_the_command_prints(meta_reward_process: MetaReward) -> None:
    assert block_with("Usage: meta-reward") == meta_reward_process("--help").out


def test_commands_of_the_readme_run_as_they_stand(meta_reward: MetaReward, here: Path) -> None:
    (here / "gpt-4o-airline.json").write_text(json.dumps(tau_bench_results(12)))
    (here / "policy.md").write_text("Be kind.")
    commands = [shlex.split(line) for line in block_with("meta-reward import").splitlines()]
    commands[3] = [*commands[3][:-4], "--iterations", "1", "--candidates", "1"]  # a short night
    for command in commands:
        ran = meta_reward(*command[1:])
        assert (command[0], ran.code) == ("meta-reward", 0), ran

    (here / "my_harness.py").write_text(block_with("async def reward"))
    run = min(path.stem for path in (here / "runs/night-1/history/taskset/trajectories").iterdir())
    stand_ins = {"TRAJECTORY": run, "false-claim,t012": run.partition("-")[0]}
    for line in block_with("meta-reward failures").splitlines():
        ran = meta_reward(*(stand_ins.get(word, word) for word in shlex.split(line, comments=True)[1:]))
        assert (ran.code, ran.err) == (0, ""), line


def test_harness_of_the_readme_is_valid(meta_reward_process: MetaReward, here: Path) -> None:
    (here / "mine.py").write_text(block_with("async def reward"))
    assert meta_reward_process("validate", "mine.py").out.startswith("mine.py: ok (parts: none)\n")


def test_judge_settings_of_the_readme_are_settings() -> None:
    settings = tomllib.loads(block_with("[judge.settings]"))["judge"]["settings"]
    assert make_backend("anthropic:m", settings).settings["temperature"] == settings["temperature"]


def test_paths_the_readme_names_exist() -> None:
    named = re.findall(r"`((?:meta_reward|seed_harnesses|tasks)/[\w./]*)`", README)
    assert named
    assert [name for name in named if not (PROJECT / name).exists()] == []
