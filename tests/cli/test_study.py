"""`meta-reward study`: what a finished search gained, where, by which part, and how far it carries."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from meta_reward import files
from meta_reward.models import registry
from meta_reward.run.layout import Layout
from meta_reward.tasks.openings import count_openings
from meta_reward.tasks.taskset import load_task_set
from tests.cli.conftest import ONE_SEED, MetaReward
from tests.cli.studying import HOSTILE, install, make_night, make_tasks
from tests.cli.test_width import LONG, assert_fits
from tests.conftest import ASKING_HARNESS, PROJECT, made_once, make_task_set

pytestmark = pytest.mark.slow

ABLATE = ("study", "ablate", "night", "--max-usd", "9")
TEST_CALLS = 24
"""Trajectories of the test split; each asks once."""


@pytest.fixture
def night(here: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the run of `studying.py`, as runs/night, and its judge, who was asked nothing yet."""
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    once = made_once(tmp_path_factory, "night-to-study", make_night)
    install()
    shutil.copytree(once, here, dirs_exist_ok=True)
    (here / "asked.txt").write_text("")
    run = here / "runs" / "night"
    config = (run / "run.toml").read_text()
    (run / "run.toml").write_text(config.replace(str(once.resolve()), str(here.resolve())))
    return here


READING = ASKING_HARNESS.replace("float(reply.text)", 'float((reply.text.split() or ["none"])[-1])')


def asked(here: Path) -> int:
    """Calls that the judge was asked."""
    return len((here / "asked.txt").read_text().splitlines())


def tables(here: Path, study: str) -> dict[str, Any]:
    """What a study has found."""
    found: dict[str, Any] = json.loads((here / "runs" / study / "study.json").read_text())["tables"]
    return found


def choose_new(meta_reward: MetaReward, source: str) -> None:
    """Add a harness to the run, and choose it by hand."""
    Path("mine.py").write_text(source)
    assert meta_reward("add", "night", "mine.py").code == 0
    assert meta_reward("choose", "night", "c0003").code == 0


# clusters


def test_clusters_name_first_what_got_worse(meta_reward: MetaReward, night: Path) -> None:
    ran = meta_reward("study", "clusters", "night")
    about, worse, *_ = ran.out.split("\n\n")
    broken = "t05-p2, t05-p4, t10-p2, t10-p4"
    assert about == "small, test split, 24 pairs"
    assert worse == f"worse: tricky, -50.0 points [few tasks], 0 fixed and 4 broken of 4 pairs:\n  {broken}"
    assert f"won by no harness: {broken}\n" in ran.out
    assert (ran.code, ran.err, asked(night)) == (0, "", 0)
    first, second = tables(night, "clusters-night")["runs"][0]["clusters"]
    assert [first["name"], second["name"]] == ["tricky", HOSTILE]
    assert [len(second["change"][name]) for name in ("fixed", "broken", "lost_by_chosen")] == [20, 0, 0]


def test_json_of_a_study_is_what_its_folder_holds(meta_reward: MetaReward, night: Path) -> None:
    printed = meta_reward("study", "clusters", "night", "--json").out
    assert json.loads(printed) == tables(night, "clusters-night")


def test_hostile_category_is_inert_on_the_terminal_and_in_markdown(meta_reward: MetaReward, night: Path) -> None:
    ran = meta_reward("study", "clusters", "night", COLUMNS="200")
    page = (night / "runs" / "clusters-night" / "study.md").read_text()
    assert "\x1b" not in ran.out + page
    assert "a|b <b>*x*\\u001b[31m" in ran.out
    assert "| a\\|b \\<b\\>\\*x\\*\\\\u001b\\[31m | 20 | 50.0% | 100.0% |" in page


def test_run_that_was_not_tested_is_studied_on_search_and_called_selected(meta_reward: MetaReward, night: Path) -> None:
    sealed = Layout(night / "runs" / "night").sealed
    shutil.rmtree(sealed / "test")
    (sealed / "test.json").unlink()
    ran = meta_reward("study", "clusters", "night", COLUMNS="200")
    expected = "small, search split, 32 pairs; the chosen harness was selected on these very pairs, so its gain is"
    assert ran.out.startswith(expected)


def test_clusters_of_a_run_that_has_changed_are_found_anew(meta_reward: MetaReward, night: Path) -> None:
    meta_reward("study", "clusters", "night")
    choose_new(meta_reward, READING)
    ran = meta_reward("study", "clusters", "night")
    assert (ran.code, ran.err) == (0, "")
    assert tables(night, "clusters-night")["runs"][0]["chosen"] == "c0003"


def test_pairs_without_a_category_are_clustered_by_rules_that_are_printed(meta_reward: MetaReward, night: Path) -> None:
    pairs = night / "tasks" / "small" / "pairs.jsonl"
    bare = [{**pair, "categories": []} for pair in files.load_lines(pairs)]
    files.write_lines(pairs, bare)
    config = night / "runs" / "night" / "run.toml"
    digest = load_task_set(night / "tasks" / "small").digest
    config.write_text(re.sub(r'(?m)^digest = ".*"$', f'digest = "{digest}"', config.read_text()))
    ran = meta_reward("study", "clusters", "night", COLUMNS="200")
    assert "none of these (rule)" in ran.out


def test_several_runs_stand_side_by_side_with_the_pairs_that_none_recovered(
    meta_reward: MetaReward, night: Path
) -> None:
    shutil.copytree(night / "runs" / "night", night / "runs" / "day")
    ran = meta_reward("study", "clusters", "night", "day", COLUMNS="120")
    assert ran.code == 0
    assert re.search(r"^cluster +pairs +night: word +day: word$", ran.out, re.MULTILINE)
    assert re.search(r"^tricky +4 +50.0% to 0.0% +50.0% to 0.0%$", ran.out, re.MULTILINE)
    assert "won by no harness: t05-p2, t05-p4, t10-p2, t10-p4" in ran.out
    assert (night / "runs" / "clusters-night-day" / "study.md").exists()


def test_runs_on_different_tasks_are_not_compared(meta_reward: MetaReward, night: Path) -> None:
    make_task_set(night / "tasks" / "other")
    search = ("search", "other", "--judge", "simulated", "--run", "day", *ONE_SEED, "--iterations", "0")
    assert meta_reward(*search).code == 0
    ran = meta_reward("study", "clusters", "night", "day")
    assert (ran.code, ran.out) == (1, "")
    assert "run day is on task set other, and night on small" in ran.err


# ablate


def test_each_part_is_put_back_and_what_is_the_same_costs_nothing(meta_reward: MetaReward, night: Path) -> None:
    ran = meta_reward(*ABLATE)
    assert ran.code == 0, ran.err
    parts = {part["part"]: part for part in tables(night, "ablate-night")["parts"]}
    assert {name: part["status"] for name, part in parts.items()} == {
        **dict.fromkeys(("view", "checks", "rubric", "score"), "same"),
        **dict.fromkeys(("context", "decide"), "measured"),
    }
    lost = {name: parts[name]["without"]["difference"]["mean"] for name in ("context", "decide")}
    assert lost == {"context": pytest.approx(-1 / 3), "decide": 0.0}
    assert asked(night) == 2 * TEST_CALLS  # baseline and chosen are on record
    assert "\nspent: 48 judge calls made anew, $0.0480\n" in ran.out
    assert "same as the baseline's, so nothing was measured: view, checks, rubric, score" in ran.out
    assert count_openings(night / "tasks" / "small") == 2
    assert "the test split of small has been opened 2 times" in ran.out


def test_finished_study_is_shown_again_without_a_call_or_an_opening(meta_reward: MetaReward, night: Path) -> None:
    first = meta_reward(*ABLATE)
    second = meta_reward(*ABLATE[:3])
    assert (second.code, second.out) == (0, first.out)
    assert (asked(night), count_openings(night / "tasks" / "small")) == (2 * TEST_CALLS, 2)


def test_dry_run_says_calls_and_price_and_leaves_nothing(meta_reward: MetaReward, night: Path) -> None:
    ran = meta_reward(*ABLATE, "--dry-run", "--json")
    found = json.loads(ran.out)
    assert [job["what"] for job in found["jobs"]] == ["without context", "without decide"]
    assert found["whole"]["judge_calls"] == 2 * TEST_CALLS
    assert found["whole"]["cost_usd"] > 0
    assert (asked(night), (night / "runs" / "ablate-night").exists()) == (0, False)
    assert count_openings(night / "tasks" / "small") == 1


def test_judge_that_costs_money_wants_a_limit_before_anything_is_opened(meta_reward: MetaReward, night: Path) -> None:
    ran = meta_reward("study", "ablate", "night")
    assert (ran.code, asked(night), count_openings(night / "tasks" / "small")) == (1, 0, 1)
    assert "word costs money, and no limit is set" in ran.err


def test_limit_in_dollars_holds_for_all_starts_together(meta_reward: MetaReward, night: Path) -> None:
    first = meta_reward("study", "ablate", "night", "--max-usd", "0.03")
    before = asked(night)
    assert (first.code, 30 <= before < 2 * TEST_CALLS) == (4, True)  # 0.001 each, and some were in flight
    assert "paid so far: " in first.err
    assert meta_reward("study", "ablate", "night", "--max-usd", "0.03").code == 4
    assert asked(night) == before
    resumed = meta_reward(*ABLATE)
    assert (resumed.code, asked(night)) == (0, 2 * TEST_CALLS)


def test_limit_in_calls_counts_what_earlier_starts_have_asked(meta_reward: MetaReward, night: Path) -> None:
    study = ("study", "ablate", "night", "--max-usd", "none", "--max-calls")
    for _ in range(2):
        assert (meta_reward(*study, "30").code, 30 <= asked(night) < 2 * TEST_CALLS) == (4, True)
    assert (meta_reward(*study, "60").code, asked(night)) == (0, 2 * TEST_CALLS)


@pytest.mark.slow
def test_killed_study_goes_on_and_ends_as_if_it_had_not_been(meta_reward: MetaReward, night: Path) -> None:
    command = [sys.executable, "-m", "tests.cli.studying", *ABLATE]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(PROJECT)}, stderr=subprocess.PIPE) as process:
        while asked(night) < TEST_CALLS + 3:  # in the midst of the second part
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert (night / "runs" / "ablate-night" / ".work" / "holder.json").exists()
    resumed = meta_reward(*ABLATE)
    assert resumed.code == 0, resumed.err
    untouched = meta_reward(*ABLATE, "--name", "again")
    first, second = (tables(night, name) for name in ("ablate-night", "again"))
    assert first == {**second, "openings": {"small": 2}}
    assert resumed.out.split("\nthe test split")[0] == untouched.out.split("\nthe test split")[0]
    assert asked(night) <= 2 * TEST_CALLS + 16  # those in flight at the kill are asked again


def test_harness_without_parts_is_reported_as_such(meta_reward: MetaReward, night: Path) -> None:
    choose_new(meta_reward, READING)
    ran = meta_reward("study", "ablate", "night", "--split", "search", COLUMNS="200")
    assert ran.code == 0, ran.err
    assert "no part of the chosen harness could be measured by itself" in ran.out
    assert "decide is not separable: it has no function decide(judge, case, criteria) at the top level" in ran.out


def test_mixed_program_that_does_not_validate_is_reported_with_the_reason(meta_reward: MetaReward, night: Path) -> None:
    policy = (PROJECT / "seed_harnesses" / "policy.py").read_text()
    two = policy.replace(
        '[{"overall": await ask_score(judge, f"{case}\\n\\n{question}")}]', '[{"marks": 1.0, "all": 2.0}]'
    )
    two = two.replace("marks = [mark", 'marks = [verdicts[0]["marks"]] or [mark')
    choose_new(meta_reward, two)
    ran = meta_reward("study", "ablate", "night", "--split", "search", "--max-usd", "9", COLUMNS="200")
    assert ran.code == 0, ran.err
    assert "decide is not separable: with the baseline's it does not validate: " in ran.out


def test_run_that_kept_its_baseline_has_nothing_to_ablate(meta_reward: MetaReward, night: Path) -> None:
    assert meta_reward("choose", "night", "c0001").code == 0
    ran = meta_reward(*ABLATE)
    assert (ran.code, ran.out) == (1, "")
    assert "run night chose its baseline c0001, so there is nothing to ablate" in ran.err
    assert not (night / "runs" / "ablate-night").exists()
    clusters = meta_reward("study", "clusters", "night", COLUMNS="200")
    assert "the baseline c0001 was chosen, so nothing got better or worse" in clusters.out


# transfer


def test_transfer_counts_the_places_where_the_gain_holds(meta_reward: MetaReward, night: Path) -> None:
    make_tasks(night / "tasks" / "more", tasks=12)
    judges = ("--judge", "word:blind", "--judge", "word:sharp")
    ran = meta_reward("study", "transfer", "night", *judges, "--tasks", "more", "--max-usd", "9", COLUMNS="100")
    assert ran.code == 0, ran.err
    found = tables(night, "transfer-night")
    places = {(cell["judge"], cell["taskset"], cell["split"]): cell["difference"]["mean"] for cell in found["cells"]}
    assert places == {
        ("word", "small", "test"): pytest.approx(1 / 3),
        ("word:blind", "small", "test"): 0.0,
        ("word:sharp", "small", "test"): 0.5,
        ("word", "more", "search"): pytest.approx(places["word", "more", "search"]),
        ("word:blind", "more", "search"): 0.0,
        ("word:sharp", "more", "search"): 0.5,
    }
    assert (found["transfers"], found["wins"]) == (5, 3)
    assert ran.out.startswith("the chosen harness c0002 beats the baseline c0001 in 3 of 5 other places")
    assert [count_openings(night / "tasks" / name) for name in ("small", "more")] == [2, 0]
    sharp = next(cell for cell in found["cells"] if cell["judge"] == "word:sharp")
    assert sharp["chosen_use"]["calls"] == 1.0
    assert sharp["chosen_use"]["context_chars"] > sharp["baseline_use"]["context_chars"] > 100


def test_gains_on_tasks_that_the_search_has_seen_are_called_optimistic(meta_reward: MetaReward, night: Path) -> None:
    to = ("study", "transfer", "night", "--judge", "word:sharp", "--max-usd", "9")
    said = "c0002 was selected on small, search, so its gains there are optimistic, under any judge"
    assert said in meta_reward(*to, "--split", "search", "--name", "seen", COLUMNS="100").out
    assert "optimistic" not in meta_reward(*to, COLUMNS="100").out


def test_split_asked_for_is_opened_and_counted_on_every_task_set(meta_reward: MetaReward, night: Path) -> None:
    make_tasks(night / "tasks" / "more")
    ran = meta_reward("study", "transfer", "night", "--tasks", "more", "--split", "test", "--max-usd", "9")
    assert ran.code == 0, ran.err
    assert [count_openings(night / "tasks" / name) for name in ("small", "more")] == [1, 1]  # its own is on record
    assert "the test split of more has been opened 1 time\n" in ran.out


def test_limit_of_a_transfer_counts_all_of_its_judges(meta_reward: MetaReward, night: Path) -> None:
    both = ("study", "transfer", "night", "--judge", "word:blind", "--judge", "word:sharp")
    assert meta_reward(*both, "--max-usd", "0.06").code == 4
    before = asked(night)
    assert 60 <= before < 4 * TEST_CALLS  # all 48 of the first judge are among them
    assert (meta_reward(*both, "--max-usd", "0.06").code, asked(night)) == (4, before)
    assert meta_reward(*both, "--max-usd", "1").code == 0
    assert asked(night) == 4 * TEST_CALLS


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ((), "there is nothing to transfer to: name judges with --judge, task sets with --tasks"),
        (("--judge", "word"), "judge word is the judge of run night itself"),
        (("--judge", "word:blind", "--judge", "word:blind"), "judge word:blind is named twice"),
        (("--tasks", "small"), "task set small is the task set of run night itself"),
        (("--judge", "nobody"), "unknown judge 'nobody'"),
    ],
)
def test_transfer_to_nothing_new_is_one_clear_line(
    meta_reward: MetaReward, night: Path, more: tuple[str, ...], why: str
) -> None:
    ran = meta_reward("study", "transfer", "night", *more)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert why in ran.err


def test_own_tasks_are_transferred_to_only_after_the_test(meta_reward: MetaReward, night: Path) -> None:
    sealed = Layout(night / "runs" / "night").sealed
    shutil.rmtree(sealed / "test")
    ran = meta_reward("study", "transfer", "night", "--judge", "word:sharp")
    assert (ran.code, ran.out) == (1, "")
    assert "run night has not opened its test split: `meta-reward test night` opens it" in ran.err


# all of them


def test_what_studies_print_fits_80_columns(meta_reward: MetaReward, night: Path) -> None:
    (night / "runs" / "night").rename(night / "runs" / LONG)
    judge = ("--judge", "word:sharp", "--max-usd", "9")
    for more in (("clusters", LONG), ("ablate", LONG, "--dry-run"), ("transfer", LONG, *judge)):
        assert_fits(meta_reward, "study", *more)


# runs and studies beside each other


def test_study_is_no_run_and_a_run_is_no_study(meta_reward: MetaReward, night: Path) -> None:
    assert meta_reward("study", "clusters", "night").code == 0
    for command in (("status",), ("test",), ("study", "clusters"), ("search", "small", "--run")):
        ran = meta_reward(*command, "clusters-night")
        line = "meta-reward: clusters-night is a study, not a run: see runs/clusters-night/study.json\n"
        assert (ran.code, ran.out, ran.err) == (1, "", line), command
    ran = meta_reward("study", "clusters", "night", "--name", "night")
    assert (ran.code, ran.err) == (1, "meta-reward: runs/night is a run, not a study: pass another --name\n")
    assert "clusters-night" not in meta_reward("runs").out
    assert meta_reward("status").err == "meta-reward: run night, the newest\n"


def test_other_study_of_the_same_name_is_refused(meta_reward: MetaReward, night: Path) -> None:
    assert meta_reward("study", "clusters", "night", "--name", "mine").code == 0
    ran = meta_reward(*ABLATE, "--name", "mine")
    expected = "runs/mine is another study: it is clusters, and ablate was asked for: pass another --name"
    assert (ran.code, ran.err) == (1, f"meta-reward: {expected}\n")


def test_run_without_a_decision_is_one_clear_line(meta_reward: MetaReward, night: Path) -> None:
    Layout(night / "runs" / "night").decisions.unlink()
    for study in ("clusters", "ablate", "transfer"):
        ran = meta_reward("study", study, "night")
        assert (ran.code, ran.out) == (1, "")
        assert "meta-reward: run night has no decision yet: " in ran.err


@pytest.mark.parametrize("content", ["", "{", '{"id": "t01-p1"}\n'])
def test_damaged_results_are_one_line_with_the_way_back(meta_reward: MetaReward, night: Path, content: str) -> None:
    layout = Layout(night / "runs" / "night")
    (layout.sealed_evaluation("test", "c0002-policy") / "pairs.jsonl").write_text(content)
    for study in (("clusters", "night"), ("ablate", "night", "--max-usd", "9")):
        ran = meta_reward("study", *study)
        assert (ran.code, ran.out) == (1, "")
        assert "c0002-policy/pairs.jsonl" in ran.err.splitlines()[-1]
        assert "git -C runs/night checkout main --" in ran.err.splitlines()[-1]
