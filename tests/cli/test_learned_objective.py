"""A search over agents that is scored by a finished run's reward, and the study of what comes of it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.conftest import PROJECT
from tests.use.conftest import finished as finished

MODEL = ("--judge", "simulated:agent")
AGENTS = str(PROJECT / "seed_harnesses" / "agent")
LEARNED = ("--objective", "learned:night-1")
SEARCH = ("search", "desk", *MODEL, "--seeds", AGENTS, "--iterations", "1")


@pytest.fixture
def desk(meta_reward: MetaReward, here: Path, finished: Path) -> Path:
    """A desk with twelve customers, and beside it a finished run, `night-1`, whose reward can be learned from."""
    assert meta_reward("tasks", "build", "frontdesk", "--tasks", "12", "--name", "desk").code == 0
    shutil.copytree(finished, here / "runs" / "night-1", symlinks=True)
    shutil.copytree(finished.parent.parent / "tasks" / "small", here / "tasks" / "small")
    return here / "tasks" / "desk"


@pytest.mark.slow
def test_search_sees_the_learned_reward_alone_and_the_test_counts_success(meta_reward: MetaReward, desk: Path) -> None:
    ran = meta_reward(*SEARCH, "--run", "learned", "--objective", "learned:night-1")
    assert ran.code == 0, ran.err
    run = Path("runs/learned")
    shown = " ".join(meta_reward("status", "learned").out.split())
    assert "scored by learned:" in shown
    assert "the test counts success" in shown
    assert "learned reward on that split" in shown
    assert "the learned reward: " in shown  # what its judge was asked is not what the agents' model was asked
    assert " learned  " in meta_reward("runs").out
    items = [json.loads(line) for line in (run / "history" / "outcomes.jsonl").read_text().splitlines()]
    assert items
    history = subprocess.run(
        ["git", "grep", "-l", "-E", '"(success|faults|grade)"', "main", "--", "candidates", "outcomes.jsonl"],
        cwd=run / "history",
        capture_output=True,
        text=True,
        check=False,
    )
    assert history.stdout == ""
    official = sorted(path.parent.parent.name for path in run.glob("sealed/*/official/*/*/items.jsonl"))
    assert set(official) == {"search", "validation"}
    task = json.loads((desk / "splits.json").read_text())["search"][0]
    assert "tied" not in meta_reward("failures", "learned", "c0001").out
    assert "## Scored by a learned reward" in (run / "history" / "README.md").read_text()
    traced = meta_reward("trace", "learned", "c0001", task)
    assert "== said and done" in traced.out
    assert "graded:" not in traced.out
    tested = meta_reward("test", "learned")
    assert tested.code == 0, tested.err
    assert "success on the sealed test tasks" in tested.out


@pytest.mark.slow
def test_dry_run_says_what_the_learned_reward_of_the_trials_will_take(meta_reward: MetaReward, desk: Path) -> None:
    def told(*options: str) -> str:
        ran = meta_reward(*SEARCH, *options, "--run", "new", "--dry-run")
        assert (ran.code, Path("runs/new").exists()) == (0, False), ran.err
        return " ".join(ran.out.split())

    split = json.loads((desk / "splits.json").read_text())
    seeds, candidates, finalists = 3, 2, 3
    searched = (seeds + candidates) * len(split["search"])
    whole = searched + (1 + finalists) * len(split["validation"])
    assert f"{whole} trials by the learned reward, judge simulated: {whole} judge calls, " in told(*LEARNED)
    assert f"{searched} trials by the learned reward" in told(*LEARNED, "--validate-on", "official")
    assert "by the learned reward" not in told()


@pytest.mark.slow
def test_small_labelled_part_may_decide(meta_reward: MetaReward, desk: Path) -> None:
    options = ("--objective", "learned:night-1", "--validate-on", "official")
    ran = meta_reward(*SEARCH, "--run", "labelled", *options)
    assert ran.code == 0, ran.err
    task = json.loads((desk / "splits.json").read_text())["search"][0]
    assert "graded:" not in meta_reward("trace", "labelled", "c0001", task).out
    (validated,) = Path("runs/labelled").glob("sealed/*/validation/c0001-baseline/items.jsonl")
    assert '"expected":"success"' in validated.read_text()
    (searched,) = Path("runs/labelled/history/candidates").glob("c0001-*/items.jsonl")
    assert '"expected":"success"' not in searched.read_text()
    shown = " ".join(meta_reward("status", "labelled").out.split())
    assert "validation and the test count success" in shown
    assert "search: learned reward on that split; validation: success on that one" in shown
    assert "Learned reward on search [95%]" in Path("runs/labelled/report.html").read_text()


@pytest.mark.slow
def test_trace_of_an_agent_shows_what_was_done_and_how_the_world_graded_it(meta_reward: MetaReward, desk: Path) -> None:
    ran = meta_reward(*SEARCH, "--run", "official")
    assert ran.code == 0, ran.err
    task = json.loads((desk / "splits.json").read_text())["search"][0]
    traced = meta_reward("trace", "official", "c0001", task)
    assert traced.code == 0, traced.err
    assert "[1] user: " in traced.out
    assert "graded: " in traced.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--objective", "learned:nowhere"), "there is no nowhere to learn from"),
        (("--objective", "learned:"), "--objective 'learned:' is unknown: give official or learned:RUN"),
        (("--objective", "guessed:night-1"), "--objective 'guessed:night-1' is unknown"),
        (("--objective", "learned:night-1:c0099"), "no candidate c0099 with a score: those are: c0001"),
        (("--objective", "learned:night-1/harness.py"), "names no judge: set judge in [objective] of --config"),
        (("--validate-on", "official"), "name one with --objective learned:RUN, or leave --validate-on out"),
    ],
)
def test_objective_that_cannot_be_is_refused_in_one_line(
    meta_reward: MetaReward, desk: Path, options: tuple[str, ...], said: str
) -> None:
    ran = meta_reward(*SEARCH, "--run", "new", *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
    assert not Path("runs/new").exists()


@pytest.mark.slow
def test_run_keeps_to_the_reward_that_it_began_with(meta_reward: MetaReward, desk: Path) -> None:
    began = meta_reward(*SEARCH, "--run", "new", *LEARNED, "--iterations", "0")
    assert began.code == 0, began.err
    assert "learned reward on search, judge simulated:agent" in began.err
    assert meta_reward("add", "night-1", str(PROJECT / "seed_harnesses" / "policy.py")).code == 0
    assert meta_reward("choose", "night-1", "c0002").code == 0
    assert meta_reward("search", "new", "--iterations", "1").code == 0  # by c0001, as before
    (program,) = Path("runs/night-1/history/candidates").glob("c0001-*/harness.py")
    program.write_text(program.read_text() + "# Changed.\n")
    refused = meta_reward("search", "new", "--iterations", "2")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "night-1 has changed since the run was made" in refused.err
    shutil.rmtree("runs/night-1")
    assert "night-1 is not there: put it back where it was" in meta_reward("search", "new", "--iterations", "2").err
    tested = meta_reward("test", "new", "--no-controls")
    assert tested.code == 0, tested.err


@pytest.mark.slow
def test_harness_by_itself_scores_with_the_judge_that_is_set(meta_reward: MetaReward, desk: Path) -> None:
    Path("judged.toml").write_text('[objective]\njudge = "simulated"\n')
    reward = ("--objective", "learned:night-1/harness.py", "--config", "judged.toml")
    assert meta_reward(*SEARCH, "--run", "new", *reward, "--iterations", "0").code == 0
    (rewards,) = Path("runs/new/history/candidates").glob("c0001-*/rewards.jsonl")
    assert all(json.loads(line)["reward"] is not None for line in rewards.read_text().splitlines())


def test_rewards_are_not_searched_for_under_a_reward(meta_reward: MetaReward, desk: Path) -> None:
    ran = meta_reward("search", "small", "--judge", "simulated", "--run", "new", "--objective", "learned:night-1")
    assert ran.code == 1
    assert "programs of kind reward do not act in a world, so a learned reward cannot score them" in ran.err


def test_reward_that_was_learned_from_tasks_of_the_test_is_refused(meta_reward: MetaReward, desk: Path) -> None:
    splits = json.loads((desk / "splits.json").read_text())
    learned = json.loads(Path("tasks/small/splits.json").read_text())["search"][0]
    for name in ("splits.json", "tasks.jsonl"):
        text = (desk / name).read_text().replace(f'"{splits["test"][0]}"', f'"{learned}"')
        (desk / name).write_text(text)
    ran = meta_reward(*SEARCH, "--run", "new", "--objective", "learned:night-1")
    assert ran.code == 1
    assert f"test tasks are among those that night-1 was learned from: 1, such as {learned}" in ran.err


STRESS = ("study", "stress", "night-1", "desk", "--updates", "1", "--seeds", "1", "--draws", "2", "--failures", "1")
STRESSED = (*STRESS, *MODEL, "--seed-harnesses", AGENTS)


@pytest.mark.slow
def test_stress_sets_the_three_arms_side_by_side_and_is_shown_again(meta_reward: MetaReward, desk: Path) -> None:
    told = json.loads(meta_reward(*STRESSED, "--dry-run", "--json").out)
    ran = meta_reward(*STRESSED)
    assert ran.code == 0, ran.err
    folder = Path("runs/stress-night-1-desk")
    tables = json.loads((folder / "study.json").read_text())["tables"]
    assert [row["arm"] for row in tables["arms"]] == ["tuned", "untuned", "official"]
    assert [row["learned_gain"] is None for row in tables["arms"]] == [False, False, True]
    course = {(row["arm"], row["update"]): row for row in tables["course"]}
    assert [*course] == [(arm, update) for arm in ("tuned", "untuned", "official") for update in (0, 1)]
    held = [[course[arm, 1][name] for name in ("learned", "held_learned")] for arm in ("tuned", "untuned", "official")]
    assert held[0] == held[1]  # night-1 kept its baseline, so both rewards are it
    assert held[2] == [None, None]
    assert [[one["n"] for one in row["curve"]] for row in tables["picks"]] == [[1, 2], [1, 2]]
    assert all(row["harness"] <= row["oracle"] for pick in tables["picks"] for row in pick["curve"])
    assert [len(one["exploits"]) for one in tables["exploits"]["programs"]] == [40]
    whats = [job["what"] for job in told["jobs"]]
    assert whats[:4] == ["agents of 3 searches", "agents held out", "reward c0001", "baseline c0001"]
    validation = json.loads((desk / "splits.json").read_text())["validation"]
    assert told["jobs"][1]["trajectories"] == 2 * len(validation)
    trials = [
        json.loads(line) for path in folder.glob("evaluations/*/trials.jsonl") for line in path.read_text().splitlines()
    ]
    assert {one["task"] for one in trials} == set(validation)
    again = meta_reward(*STRESSED)
    assert (again.code, again.out, again.err) == (0, ran.out, "")
    assert meta_reward("report", "night-1").code == 0
    shown = Path("runs/night-1/report.html").read_text()
    drawn = [
        f'<title id="stress-night-1-desk-{name}-t">' in shown for name in ("tuned", "untuned", "official", "picks")
    ]
    assert drawn == [True] * 4


def test_stress_needs_agents(meta_reward: MetaReward, desk: Path) -> None:
    ran = meta_reward("study", "stress", "night-1", "small", "--judge", "simulated")
    assert ran.code == 1
    assert "task set small is for kind reward, whose programs do not act in a world" in ran.err
