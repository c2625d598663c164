"""Each command as its user meets it: what it prints, where, and with which exit code."""

import json
import re
from pathlib import Path

from tests.cli.conftest import ONE_SEED, MetaReward
from tests.conftest import ASKING_HARNESS, PROJECT, make_task_set

EVALUATION = {
    "score", "low", "high", "strict_agreement", "pairs", "ties", "failures", "coverage", "mean_margin",
    "judge_calls", "input_tokens", "output_tokens", "cost_usd", "by_category",
}  # fmt: skip


def test_search_then_test_then_status_tell_one_story(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=12)
    searched = meta_reward(
        "search", "small", *ONE_SEED, "--run", "night", "--judge", "simulated", "--iterations", 1, "--candidates", 1
    )
    assert searched.code == 0, searched.err
    tested = json.loads(meta_reward("test", "night", "--json").out)
    status = json.loads(meta_reward("status", "night", "--json").out)
    assert (status["run"], status["state"], status["decision"]) == ("night", "finished", tested["decision"])
    assert set(tested["baseline"]["scores"]) >= EVALUATION
    assert tested["openings"] == 1
    assert {"id", "name", "parents", "status", "search", "validation"} <= set(status["candidates"][0])
    assert set(status["candidates"][0]["search"]) == {"score", "low", "high"}


def test_evaluate_json_prints_one_object_and_nothing_else(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=4)
    ran = meta_reward("evaluate", "seed_harnesses/baseline.py", "small", "--judge", "simulated", "--json")
    assert ran.err == ""
    assert set(json.loads(ran.out)) >= EVALUATION


def test_evaluating_twice_gives_the_same_numbers_without_a_judge_call(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=4)
    arguments = ("evaluate", "seed_harnesses/policy.py", "small", "--judge", "simulated", "--json")
    first, second = (json.loads(meta_reward(*arguments).out) for _ in range(2))
    assert (first.pop("judge_calls_made"), second.pop("judge_calls_made")) == (first["judge_calls"], 0)
    assert first == second


def test_numbers_of_the_simulated_judge_say_so(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=4)
    assert (
        "simulated judge" in meta_reward("evaluate", "seed_harnesses/baseline.py", "small", "--judge", "simulated").out
    )


def test_skyways_alone_has_a_default_judge(meta_reward: MetaReward) -> None:
    for name in ("skyways", "other"):
        assert meta_reward("tasks", "build", "skyways", "--tasks", 6, "--name", name).code == 0
    assert meta_reward("evaluate", "seed_harnesses/baseline.py", "skyways").code == 0
    refused = meta_reward("evaluate", "seed_harnesses/baseline.py", "other")
    assert (refused.code, "task set other has no default judge" in refused.err) == (1, True)


def test_every_opening_of_the_test_split_is_counted(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    evaluate = ("evaluate", "seed_harnesses/baseline.py", "small", "--judge", "simulated", "--split", "test", "--json")
    assert [json.loads(meta_reward(*evaluate).out)["openings"] for _ in range(2)] == [1, 2]
    meta_reward("search", "small", *ONE_SEED, "--judge", "simulated", "--iterations", 0)
    assert "opened 3 times" in meta_reward("test", "small").out
    assert "opened 3 times" in meta_reward("test", "small").out


def test_search_on_a_finished_run_says_so_and_changes_nothing(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    arguments = ("search", "small", *ONE_SEED, "--judge", "simulated", "--iterations", 1)
    meta_reward(*arguments)
    ledger = (here / "runs/small/history/ledger.jsonl").read_bytes()
    again = meta_reward(*arguments)
    assert "small: finished: 1 iteration done" in again.out
    assert (here / "runs/small/history/ledger.jsonl").read_bytes() == ledger


def test_config_file_holds_what_run_toml_holds_and_flags_win(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6, by_hand=True)
    (here / "night.toml").write_text('[judge]\nspec = "simulated"\n[limits]\niterations = 5\n[splits]\nseed = 3\n')
    ran = meta_reward("search", "small", *ONE_SEED, "--config", "night.toml", "--iterations", 0)
    assert ran.code == 0, ran.err
    written = (here / "runs/small/run.toml").read_text()
    assert re.search(r"iterations = 0", written)
    assert re.search(r"\[splits\][^\[]*seed = 3", written)


def test_validate_reports_every_finding_with_its_line(meta_reward: MetaReward, here: Path) -> None:
    (here / "bad.py").write_text("import os\nimport socket\ndef reward(trajectory, judge): return 1\n")
    ran = meta_reward("validate", "bad.py")
    assert ran.code == 1
    assert [line.split(":")[1].strip() for line in ran.out.splitlines()] == ["line 3", "line 1", "line 2"]


def test_validate_accepts_a_harness_without_the_six_parts(meta_reward: MetaReward, here: Path) -> None:
    (here / "mine.py").write_text(ASKING_HARNESS)
    assert "mine.py: ok (parts: none)\n" in meta_reward("validate", "mine.py").out


def test_validate_with_a_task_set_finds_what_is_copied_from_its_search_split(
    meta_reward: MetaReward, here: Path
) -> None:
    (here / "mine.py").write_text(ASKING_HARNESS + '\nTABLE = {"C-70277": 90}\n')
    assert meta_reward("validate", "mine.py").code == 0
    ran = meta_reward("validate", "mine.py", "--tasks", PROJECT / "tasks" / "skyways")
    assert ran.code == 1
    assert re.match(r"mine.py: line 13: holds 'c-70277', which is from t\d+-r\d, message \d+ \(state a rule", ran.out)
    report = json.loads(meta_reward("validate", "mine.py", "--json").out)
    assert (report["ok"], report["separable"], report["seconds"] > 0) == (True, False, True)


def test_validate_takes_all_of_a_runs_history_for_its_search_split(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=12)
    meta_reward("search", "small", *ONE_SEED, "--judge", "simulated", "--iterations", 0)
    history = here / "runs" / "small" / "history" / "taskset"
    for trajectory in sorted((history / "trajectories").glob("*.json")):
        trajectory.write_text(trajectory.read_text().replace("I did", f"As QZ{trajectory.stem[1:3]}7K I did"))
    codes = {f"QZ{trajectory.stem[1:3]}7K": 90 for trajectory in (history / "trajectories").glob("*.json")}
    (here / "mine.py").write_text(f"{ASKING_HARNESS}\nTABLE = {codes!r}\n")
    ran = meta_reward("validate", "mine.py", "--tasks", history, "--json")
    assert len(json.loads(ran.out)["findings"]) == len(codes) == 4


def test_validate_takes_the_packages_of_a_run(meta_reward: MetaReward, here: Path) -> None:
    (here / "mine.py").write_text(f"def late():\n    import orjson\n\n{ASKING_HARNESS}")
    (here / "own.toml").write_text('packages = ["orjson"]\n')
    assert meta_reward("validate", "mine.py").code == 1
    assert meta_reward("validate", "mine.py", "--config", "own.toml").code == 0


def test_tasks_lists_what_is_here(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=10)
    listed = json.loads(meta_reward("tasks", "--json").out)["tasksets"]
    assert [(t["name"], t["tasks"], t["trajectories"], t["items"]) for t in listed] == [("small", 10, 40, 40)]
    assert {s: n["tasks"] for s, n in listed[0]["splits"].items()} == {"search": 4, "validation": 3, "test": 3}


def test_tasks_shows_a_renamed_task_set_under_the_name_by_which_it_is_found(
    meta_reward: MetaReward, here: Path
) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    (here / "tasks" / "small").rename(here / "tasks" / "tiny")
    (listed,) = json.loads(meta_reward("tasks", "--json").out)["tasksets"]
    assert listed["name"] == "tiny"
    assert meta_reward("tasks").out.splitlines()[1].startswith("tiny ")
    assert meta_reward("validate", "one_seed/baseline.py", "--tasks", listed["name"]).code == 0


def test_status_while_nothing_runs_after_a_kill_says_interrupted(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    meta_reward("search", "small", *ONE_SEED, "--judge", "simulated", "--iterations", 0)
    (here / "runs/small/.work/stop.json").unlink()
    assert json.loads(meta_reward("status", "small", "--json").out)["state"] == "interrupted"


def test_help_names_every_command_with_what_it_does(meta_reward: MetaReward) -> None:
    ran = meta_reward("--help")
    for command in ("search", "status", "test", "evaluate", "validate", "tasks", "import"):
        assert re.search(rf"^  {command} +\w", ran.out, re.MULTILINE)
        assert "meta-reward" in meta_reward(command, "--help").out


def test_search_that_stopped_before_it_scored_anything_says_so(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=4)
    one_by_one = ("--iterations", 0, "--max-calls", 5, "--concurrency", 1)
    stopped = meta_reward("search", "small", "--judge", "simulated", *one_by_one)
    shown = meta_reward("status", "small").out
    assert "\n\nno candidate is scored yet\nunfinished: " in shown
    assert shown == stopped.out
    assert "frontier" not in shown


def test_candidate_and_frontier_of_a_test_exclude_each_other(meta_reward: MetaReward) -> None:
    ran = meta_reward("test", "night", "--candidate", "c0002", "--frontier")
    assert (ran.code, "--candidate and --frontier exclude each other" in ran.err) == (2, True)


def test_validate_prints_no_escape_of_a_file_name(meta_reward: MetaReward, here: Path) -> None:
    odd = here / "od\x1b[2Jd.py"
    odd.write_text("import socket\n" + ASKING_HARNESS)
    ran = meta_reward("validate", odd.name)
    assert (ran.code, "\x1b" in ran.out) == (1, False)
    assert "od\\u001b[2Jd.py: line 1: imports 'socket'" in ran.out
