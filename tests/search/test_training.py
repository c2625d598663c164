"""The driver of Meta Policy Optimization: what a run directory holds after a training, whatever happened on the way."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import UsageError
from meta_reward.offline.essays import build
from meta_reward.report.training import render_training, training_of
from meta_reward.run.create import Seed
from meta_reward.run.evaluations import finished_evaluations
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.record import load_iterations
from meta_reward.run.samples import load_sample_set
from meta_reward.run.settings import META
from meta_reward.run.stop_reason import Stop
from meta_reward.run.usage import asked_in, spent_on_disk
from meta_reward.search.create import raise_limits
from meta_reward.search.loop import run_search
from meta_reward.search.mpo.create import create_training
from meta_reward.search.mpo.driver import run_training
from meta_reward.search.mpo.steps import load_steps
from meta_reward.search.open import open_search
from meta_reward.tasks.taskset import load_task_set
from tests.conftest import PROJECT, files_of_run, made_once
from tests.search.conftest import Quiet

BASELINE = (PROJECT / "seed_harnesses" / "baseline.py").read_text()
SMALL = {"policy": "text", "steps": 8, "every": 4, "tasks": 3, "samples": 6}
CAREFUL, NONSENSE = "simulated:meta-careful", "simulated:meta-nonsense"


def begin(folder: Path, meta: str = CAREFUL, *, source: str = BASELINE, limits: Any = None, **mpo: Any) -> Layout:
    """A training that has not begun, of a policy that writes short texts."""
    build(folder / "tasks" / "essays", tasks=8)
    layout = Layout(folder / "runs" / "r1")
    proposer = {"spec": META, "writer": meta} if meta else {"spec": "stock"}
    requested = {"mpo": {**SMALL, **mpo}, "proposer": proposer, **({"limits": limits} if limits else {})}
    taskset = load_task_set(folder / "tasks" / "essays")
    seed = Seed("baseline", source)
    asyncio.run(create_training(layout, requested, taskset, judge="simulated:texts", harness=seed))
    return layout


def train(layout: Layout) -> Stop:
    return asyncio.run(run_training(open_search(layout, Quiet())))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A small training with a careful meta model."""
    folder = made_once(tmp_path_factory, "trained", lambda folder: train(begin(folder)))
    return Layout(folder / "runs" / "r1")


def git(layout: Layout, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=layout.root, check=True, capture_output=True, text=True).stdout


def test_refinement_is_a_candidate_with_parent_hypothesis_diff_and_step(trained: Layout) -> None:
    first, refined = load_ledger(trained.ledger)
    assert (first.id, first.step) == ("c0001", None)
    assert (refined.parents, refined.step, refined.status) == (("c0001",), 4, "scored")
    assert refined.hypothesis.startswith("The policy earns rewards for what the rubric overlooks: ")
    assert "Step: 4\n" in git(trained, "log", "-1", "--format=%(trailers)", "c0002")
    changed = git(trained, "diff", "--unified=0", "c0001", "c0002", "--", "harness.py")
    assert changed.count("@@ ") <= 2
    assert '+        "content": (' in changed


def test_steps_checkpoints_and_samples_are_on_record(trained: Layout) -> None:
    steps = load_steps(trained.steps)
    assert [(step.step, step.harness, step.samples) for step in steps] == [
        *((number, "c0001", 12) for number in (1, 2, 3, 4)),
        *((number, "c0002", 12) for number in (5, 6, 7, 8)),
    ]
    assert sorted(path.name for path in trained.checkpoints.iterdir()) == ["00000", "00004", "00008"]
    chosen = load_sample_set(trained.samples_of(1))
    assert (chosen.step, chosen.harness, chosen.drawn, len(chosen.samples)) == (4, "c0001", 16, 6)
    assert git(trained, "status", "--short") == ""
    assert git(trained, "log", "--format=%s", "main", "--", "mpo").splitlines() == [
        "Steps up to 8 of the policy",
        "Steps up to 4 of the policy",
    ]


def test_no_proposer_sees_what_is_true_of_samples(trained: Layout) -> None:
    shown = [path.read_text(errors="replace") for path in trained.samples.rglob("*.json")]
    assert len(shown) == 13
    assert not [text for text in shown if "official" in text or '"success": 1' in text or '"success": 0' in text]


def test_meta_model_is_counted_apart_from_the_judge(trained: Layout) -> None:
    session = json.loads((next(trained.candidates.glob("c0002-*")) / "proposer" / "session.json").read_text())
    asked = (next(trained.candidates.glob("c0002-*")) / "proposer" / "transcript.jsonl").read_text().count('"question"')
    assert session["turns"] == asked >= 3
    assert session["proposer"] == META


def test_calls_for_samples_count_as_spent(trained: Layout) -> None:
    steps = load_steps(trained.steps)
    evaluated = sum(asked_in(folder).calls for folder in finished_evaluations(trained))
    assert 0 < steps[0].judge_calls <= 12
    assert spent_on_disk(trained).calls == evaluated + sum(step.judge_calls for step in steps)


def test_report_tells_blocks_and_refinements(trained: Layout) -> None:
    told = training_of(trained)
    assert [(block.first, block.last, block.harness) for block in told.blocks] == [(1, 4, "c0001"), (5, 8, "c0002")]
    assert [(one.verdict.row.id, one.verdict.kept) for one in told.refinements] == [("c0002", True)]
    (one,) = told.refinements
    assert '+        "content": (' in one.diff
    assert one.evidence
    assert all(line.partition(",")[0] in {sample.id for sample in one.samples.samples} for line in one.evidence)
    assert "c0002, refined after step 4 from 6 samples: kept" in render_training(told)


def test_training_that_was_stopped_anywhere_ends_with_the_same_files(trained: Layout, tmp_path: Path) -> None:
    layout = begin(tmp_path, limits={"max_calls": 1})
    stops = 0
    for most in (10, 45, 10_000):
        raise_limits(layout, {"limits": {"max_calls": most}})
        stops += train(layout).state == "stopped"
    without = ["run.toml", "sealed/taskset.json"]
    found = files_of_run(layout.root, without=without)
    assert stops >= 2
    assert found == files_of_run(trained.root, without=without)


def test_training_that_is_done_changes_nothing_when_it_goes_on(trained: Layout, tmp_path: Path) -> None:
    shutil.copytree(trained.root.parents[1], tmp_path, dirs_exist_ok=True)
    again = Layout(tmp_path / "runs" / "r1")
    head = git(again, "rev-parse", "main")
    search = open_search(again, Quiet(), taskset=load_task_set(tmp_path / "tasks" / "essays"))
    assert asyncio.run(run_training(search)) == Stop("finished", "8 steps done")
    assert git(again, "rev-parse", "main") == head


def test_nonsense_of_the_meta_model_is_recorded_and_the_step_skipped(tmp_path: Path) -> None:
    layout = begin(tmp_path, NONSENSE)
    assert train(layout).state == "finished"
    assert [row.id for row in load_ledger(layout.ledger)] == ["c0001"]
    assert {step.harness for step in load_steps(layout.steps)} == {"c0001"}
    _, skipped = load_iterations(layout)
    assert skipped.notes == (
        "the meta model found nothing that the rubric overlooks; 6 of 6 replies could not be read: "
        "the reply has no line `Overlooked: ...`",
    )
    assert "As a helpful assistant" in (layout.empty_session(1) / "transcript.jsonl").read_text()


@pytest.mark.slow
def test_hack_is_found_under_the_fixed_rubric_and_closed_under_a_refined_one(tmp_path: Path) -> None:
    longer = {"steps": 60, "tasks": 4, "group": 6, "policy_settings": {"kl": 0.06, "learning_rate": 3.0}}
    fixed, refined = (begin(tmp_path / name, **longer, every=every) for name, every in (("fixed", 60), ("mpo", 15)))
    train(fixed)
    train(refined)
    titles = [sum(step.moves.get("title", 0) for step in load_steps(one.steps)[-20:]) for one in (fixed, refined)]
    assert titles[0] > 0.2 * 20 * 24
    assert titles[1] < 0.1 * 20 * 24


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"source": BASELINE.replace("def rubric()", "def criteria()")},
            "the harness has no rubric that can be refined",
        ),
        ({"policy": "desk"}, "task set essays is not of the simulated airline desk, and policy desk acts nowhere else"),
        ({"policy_settings": {"rate": 1}}, "rate is unknown"),
        ({"meta": "simulated:nobody"}, "--writer: unknown preset 'nobody' of the simulated writer"),
    ],
)
def test_training_that_cannot_work_is_refused_before_anything_is_written(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError) as error:
        begin(tmp_path, **change)
    assert says in str(error.value)
    assert not (tmp_path / "runs").exists()


def test_search_and_training_refuse_each_others_runs(trained: Layout, begun: Any) -> None:
    with pytest.raises(UsageError, match=r"run r1 trains a policy.*`meta-reward mpo r1` continues it"):
        asyncio.run(run_search(open_search(trained, Quiet())))
    with pytest.raises(UsageError, match=r"run r1 is a search.*`meta-reward search r1` continues it"):
        asyncio.run(run_training(begun.open()))
