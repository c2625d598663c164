"""`make`: what it passes on, what it refuses, and that only a search that has finished opens the test split."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

SCRIPT = """#!/bin/sh
echo "$@" >> {log}
[ "$1" = search ] && exit {code}
exit 0
"""


def make(folder: Path, *arguments: str, code: int = 0) -> tuple[int, str, list[str]]:
    """Exit code and stderr of make, and the calls of a meta-reward whose searches exit with that code."""
    program, log = folder / "bin" / "meta-reward", folder / "calls"
    program.parent.mkdir(exist_ok=True)
    program.write_text(SCRIPT.format(log=log, code=code))
    program.chmod(0o755)
    (folder / ".installed").touch()
    command = ["make", "--no-print-directory", "-C", str(PROJECT), f"VENV={folder}", *arguments]
    alone = {"PATH": os.environ["PATH"]}  # not what a make around these tests was given
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=alone)
    return done.returncode, done.stderr, log.read_text().splitlines() if log.exists() else []


def test_search_that_finished_is_tested(tmp_path: Path) -> None:
    assert make(tmp_path, "search") == (0, "", ["search tasks/skyways --run skyways", "test skyways"])


@pytest.mark.parametrize("run", ["RUN=", "RUN= "])
def test_run_without_a_name_is_that_of_the_task_set(tmp_path: Path, run: str) -> None:
    assert make(tmp_path, "search", run, "TASKS=tasks/a/") == (0, "", ["search tasks/a/ --run a", "test a"])


def test_search_that_stopped_at_a_limit_is_not_tested_and_make_says_so(tmp_path: Path) -> None:
    code, said, calls = make(tmp_path, "search", code=4)
    assert (code, calls) == (2, ["search tasks/skyways --run skyways"])
    first, last = said.splitlines()
    assert first.startswith("the search stopped before it was finished, so the test split stays sealed; ")
    assert last.endswith("search] Error 4")


def test_search_that_failed_is_not_tested_and_make_adds_nothing(tmp_path: Path) -> None:
    code, said, calls = make(tmp_path, "search", code=1)
    assert (code, len(calls), said.count("\n"), said.endswith("search] Error 1\n")) == (2, 1, 1, True)


def test_every_variable_of_search_reaches_it(tmp_path: Path) -> None:
    given = {
        "TASKS": "tasks/a", "RUN": "b", "JUDGE": "simulated", "PROPOSER": "claude:m", "ITERATIONS": "3",
        "CANDIDATES": "4", "SEED": "5", "CONFIG": "c.toml", "MAX_USD": "none", "MAX_CALLS": "6",
        "MAX_TOKENS": "7", "MAX_HOURS": "0.5",
    }  # fmt: skip
    _, _, calls = make(tmp_path, "search", *(f"{name}={value}" for name, value in given.items()))
    flags = {name: f"--{name.lower().replace('_', '-')} {value}" for name, value in given.items() if name != "TASKS"}
    assert calls == [f"search tasks/a {' '.join(flags.values())}", "test b"]


@pytest.mark.parametrize(
    ("arguments", "unknown"),
    [
        (("search", "ITERATION=3"), "make search knows no variable ITERATION; known: PYTHON VENV TASKS RUN JUDGE"),
        (("search", "MODEL=x", "judge=y"), "make search knows no variable MODEL judge; known: "),
        (("test", "RUN=night-1"), "make test knows no variable RUN; known: PYTHON VENV.  Stop."),
        (("SEED=1",), "make knows no variable SEED; known: PYTHON VENV.  Stop."),
    ],
)
def test_variable_that_make_does_not_know_is_refused(tmp_path: Path, arguments: tuple[str, ...], unknown: str) -> None:
    code, said, calls = make(tmp_path, *arguments)
    assert (code, calls, said.count("\n")) == (2, [], 1)
    assert unknown in said


def test_every_target_takes_the_interpreter(tmp_path: Path) -> None:
    assert make(tmp_path, "help", "PYTHON=python3")[0] == 0


def test_reproduce_imports_searches_tests_and_says_where_the_gain_is(tmp_path: Path) -> None:
    code, _, calls = make(tmp_path, "reproduce", "FILES=a.json b.json", "POLICY=p.md", "JUDGE=simulated", "MAX_USD=9")
    assert (code, calls) == (
        0,
        [
            "import a.json b.json --name reproduce --format tau2-bench --policy p.md",
            "search tasks/reproduce --run reproduce --judge simulated --iterations 20 --max-usd 9",
            "test reproduce",
            "study clusters reproduce",
        ],
    )
    assert make(tmp_path, "reproduce", "FILES=a.json", "ITERATIONS=3", "RUN=x")[2][5] == (
        "search tasks/reproduce --run x --iterations 3"
    )


def test_reproduce_takes_names_with_spaces_as_the_shell_does(tmp_path: Path) -> None:
    for files in (r"my\ runs/a.json", '"my runs/a.json"', "'my runs'/a.json"):
        code, _, calls = make(tmp_path, "reproduce", f"FILES={files}")
        assert (code, calls[-4]) == (0, "import my runs/a.json --name reproduce --format tau2-bench")


def test_reproduce_says_that_files_are_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "tasks" / "reproduce").mkdir(parents=True)
    (tmp_path / "pyproject.toml").symlink_to(PROJECT / "pyproject.toml")
    here = ("-C", str(tmp_path), "-f", str(PROJECT / "Makefile"))
    _, said, calls = make(tmp_path, *here, "reproduce", "FILES=other.json")
    assert said.startswith("tasks/reproduce is there already, and FILES are not read again; ")
    assert [call.split()[0] for call in calls] == ["search", "test", "study"]


def test_reproduce_without_files_says_how_to_name_them(tmp_path: Path) -> None:
    code, said, calls = make(tmp_path, "reproduce")
    assert (code, calls) == (2, [])
    assert "say which result files: make reproduce FILES='results/*.json'" in said


def simulation(task: int, trial: int) -> dict[str, object]:
    said = [
        {"role": "user", "content": f"Cancel order {task}."},
        {"role": "assistant", "content": f"I {'cancelled it' if trial % 2 else 'am sorry, I cannot'}, try {trial}."},
    ]
    return {"id": f"s{task}-{trial}", "task_id": str(task), "messages": said, "reward_info": {"reward": trial % 2}}


@pytest.mark.slow
def test_study_is_reproduced_from_result_files_in_one_command(tmp_path: Path) -> None:
    tasks = [{"id": str(n), "user_scenario": {"instructions": f"i{n}"}, "evaluation_criteria": {}} for n in range(12)]
    about = {"environment_info": {"policy": "Cancel what is asked for.", "tool_defs": None}}
    results = {
        "info": about,
        "tasks": tasks,
        "simulations": [simulation(task, trial) for task in range(12) for trial in range(4)],
    }
    (tmp_path / "results.json").write_text(json.dumps(results))
    for name in ("pyproject.toml", "seed_harnesses"):
        (tmp_path / name).symlink_to(PROJECT / name)
    (tmp_path / ".installed").touch()
    (tmp_path / "bin").symlink_to(Path(sys.executable).parent)
    command = ["make", "-f", str(PROJECT / "Makefile"), f"VENV={tmp_path}", "reproduce", "FILES=results.json"]
    command += ["JUDGE=simulated", "ITERATIONS=1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "reproduce" / "decision.json").exists()
    assert (tmp_path / "runs" / "clusters-reproduce" / "study.md").exists()
    assert "simulated judge: these numbers say nothing about any real model" in done.stdout
