"""The loop: what a run directory holds after a search, whatever happened on the way."""

import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from meta_reward.errors import JudgeUnavailable, UsageError
from meta_reward.propose.base import Assignment
from meta_reward.propose.transcript import Transcript
from meta_reward.run import record
from meta_reward.run.create import Seed
from meta_reward.run.decisions import load_decisions
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.record import load_iterations
from meta_reward.search.create import raise_limits
from meta_reward.search.open import open_search
from meta_reward.tasks.records import save_rollout
from meta_reward.tasks.taskset import load_task_set
from meta_reward.trajectory import Message, Tool, Trajectory
from tests.conftest import make_task_set
from tests.search.conftest import FailingProposer, Quiet, RepairingProposer, World, harness, proposal

BETTER = harness("Look closely at this run.")


def git(layout: Layout, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=layout.root, check=True, capture_output=True, text=True).stdout


def ledger(world: World) -> list[dict[str, object]]:
    return [json.loads(line) for line in world.layout.ledger.read_text().splitlines()]


def test_seeds_alone_are_a_search_of_no_iterations(world: World) -> None:
    outcome = world.search(iterations=0)
    assert (outcome.state, outcome.reason) == ("finished", "0 iterations done")
    assert [(row["id"], row["name"], row["score"]) for row in ledger(world)] == [("c0001", "baseline", 0.5)]
    assert world.layout.best.read_text() == world.seeds[0].source


def test_better_candidate_leads(begun: World) -> None:
    begun.proposer.drafts = {1: {"look-closely": (BETTER, proposal("c0001"))}}
    begun.search(iterations=1)
    assert [(r["id"], r["parents"], r["status"], r["score"]) for r in ledger(begun)] == [
        ("c0001", [], "scored", 0.5),
        ("c0002", ["c0001"], "scored", 0.75),
    ]


def test_search_that_has_everything_right_stops_and_says_so(begun: World) -> None:
    begun.proposer.drafts = {1: {"all": (harness("Look closely, at every detail."), proposal("c0001"))}}
    assert begun.search(iterations=5).reason == "c0002 has 100% on search, so nothing is left to learn there"
    assert len(load_iterations(begun.layout)) == 2


def test_each_candidate_is_one_commit_with_trailers_and_a_tag_on_its_parents(begun: World) -> None:
    begun.proposer.drafts = {1: {"a": (BETTER, proposal("c0001"))}, 2: {"b": (BETTER + "\nX = 1\n", proposal("c0002"))}}
    begun.search(iterations=2)
    trailers = git(begun.layout, "log", "--format=%(trailers:key=Candidate,valueonly,separator=%x20)", "main").split()
    assert trailers == ["c0003", "c0002", "c0001"]
    assert git(begun.layout, "rev-parse", "c0003^", "c0002^").split() == [
        git(begun.layout, "rev-parse", tag).strip() for tag in ("c0002", "c0001")
    ]
    assert git(begun.layout, "ls-tree", "-r", "--name-only", "c0003").split() == [
        "harness.py",
        "proposal.md",
        "scores.json",
    ]


def test_candidate_whose_tag_was_written_before_a_kill_and_its_commit_not_is_committed(begun: World) -> None:
    begun.proposer.drafts = {1: {"a": (BETTER, proposal("c0001"))}}
    begun.search(iterations=1)
    before = git(begun.layout, "log", "--format=%H", "--grep", "Candidate: c0002", "main").strip() + "^"
    git(begun.layout, "update-ref", "refs/heads/main", before)
    begun.search(iterations=1)
    trailers = git(begun.layout, "log", "--format=%(trailers:key=Candidate,valueonly,separator=%x20)", "main").split()
    assert trailers == ["c0002", "c0001"]
    assert git(begun.layout, "ls-tree", "-r", "--name-only", "main", "history/candidates/c0002-a/harness.py")


def test_work_tree_is_clean_and_committed_after_a_search(begun: World) -> None:
    begun.proposer.drafts = {1: {"a": (BETTER, proposal("c0001"))}}
    begun.search(iterations=2)
    assert git(begun.layout, "status", "--porcelain") == ""
    assert ".work" not in git(begun.layout, "ls-tree", "-r", "--name-only", "main")


def test_leader_has_a_commit_each_time_it_changes_and_the_chosen_one_the_last(begun: World) -> None:
    begun.proposer.drafts = {1: {"a": (BETTER, proposal("c0001"))}, 2: {"b": (BETTER + "\nX = 1\n", proposal())}}
    begun.search(iterations=2)
    subjects = git(begun.layout, "log", "--format=%s", "main", "--", "harness.py").splitlines()
    assert subjects == ["Decision: the baseline c0001 stays", "Leader: c0002", "Leader: c0001"]


def test_what_the_validator_refuses_is_on_record_with_the_reason(begun: World) -> None:
    begun.proposer.drafts = {1: {"broken": ("import socket\n" + BETTER, proposal("c0001"))}}
    begun.search(iterations=1)
    assert ledger(begun)[1]["status"] == "rejected"
    assert ledger(begun)[1]["reason"] == "line 1: imports 'socket', which a harness cannot use"
    assert json.loads((begun.layout.candidate("c0002-broken") / "validator.json").read_text())["ok"] is False


def test_repeated_program_is_a_duplicate(begun: World) -> None:
    begun.proposer.drafts = {1: {"same": ("# a comment\n" + begun.seeds[0].source, proposal())}}
    begun.search(iterations=1)
    assert ledger(begun)[1]["reason"] == "duplicate of c0001"


def test_refused_candidate_may_be_repaired_once(begun: World) -> None:
    begun.proposer = RepairingProposer(BETTER)
    begun.search(iterations=1)
    assert begun.proposer.findings == ["imports"]
    assert [(row["id"], row["name"], row["status"]) for row in ledger(begun)][1:] == [("c0002", "draft", "scored")]


def test_candidate_that_fails_on_its_first_trajectories_is_recorded_as_failed(begun: World) -> None:
    failing = harness("x").replace("try:", "if 'Case' in trajectory.transcript(): raise KeyError('lost')\n    try:")
    begun.proposer.drafts = {1: {"failing": (failing, proposal())}}
    begun.search(iterations=1)
    row = ledger(begun)[1]
    assert (row["status"], row["score"]) == ("failed", None)
    search = begun.open()
    total = len(search.taskset.part(search.splits["search"])[0])
    assert str(row["reason"]).startswith(f"fails on most of its first runs, {total - 8} of {total} were not run")
    assert "KeyError" in str(row["reason"])
    scores = json.loads((begun.layout.candidate("c0002-failing") / "scores.json").read_text())
    assert (scores["trajectories"], len(scores["not_run"])) == (8, total - 8)


def test_candidate_that_fails_on_validation_alone_is_run_on_all_of_it(begun: World) -> None:
    search = begun.open()
    rollouts, _ = search.taskset.part(search.splits["validation"])
    words = sorted(line for r in rollouts for line in r.trajectory.transcript().split("\n") if "Case" in line)
    failing = BETTER.replace(
        "try:", f"if any(w in trajectory.transcript() for w in {words!r}): raise KeyError(1)\n    try:"
    )
    begun.proposer.drafts = {1: {"failing": (failing, proposal())}}
    begun.search(iterations=1)
    (scores,) = [json.loads(path.read_text()) for path in begun.layout.sealed.glob("*/c0002-failing/scores.json")]
    assert (scores["broken"], scores["trajectories"]) == (False, len(rollouts))


def test_proposer_learns_nothing_of_validation(begun: World) -> None:
    begun.proposer.drafts = {1: {"a": (BETTER, proposal("c0001"))}}
    begun.search(iterations=1)
    validation = open_search(begun.layout, Quiet(), taskset=begun.taskset).splits["validation"]
    seen = "".join(p.read_text() for p in begun.layout.history.rglob("*") if p.is_file())
    assert [finalist.verdict.id for finalist in load_decisions(begun.layout)[-1].finalists] == ["c0002"]
    assert not [word for word in (*validation, "untested", "finalist") if word in seen]


def test_unknown_parent_is_noted_and_not_refused(begun: World) -> None:
    begun.proposer.drafts = {1: {"orphan": (BETTER, proposal("c0001", "c0099"))}}
    begun.search(iterations=1)
    assert (ledger(begun)[1]["parents"], ledger(begun)[1]["status"]) == (["c0001"], "scored")
    assert load_iterations(begun.layout)[1].notes == ("c0002 names parent c0099, which does not exist",)


def test_what_a_killed_process_left_half_written_is_swept(world: World) -> None:
    layout = world.create(limits={"iterations": 0})
    (layout.root / ".harness.py.abc_4xyz.unfinished").write_text("half")
    (layout.history / "candidates" / ".c0001-x.abcdefgh.unfinished").mkdir(parents=True)
    (layout.history / ".mine.unfinished").write_text("a person's")
    world.search()
    assert [p.name for p in layout.root.rglob(".*.unfinished")] == [".mine.unfinished"]


def test_history_shows_the_search_split_alone(world: World) -> None:
    layout = world.create()
    shown = {path.stem.partition("-")[0] for path in (layout.taskset / "trajectories").iterdir()}
    assert shown == set(open_search(layout, Quiet(), taskset=world.taskset).splits["search"])


def test_extending_a_finished_search_goes_on_with_the_next_iteration(begun: World) -> None:
    begun.search(iterations=1)
    begun.proposer.drafts = {2: {"late": (BETTER, proposal("c0001"))}}
    assert begun.search(iterations=2).reason == "2 iterations done"
    assert [line.candidates for line in load_iterations(begun.layout)] == [("c0001",), (), ("c0002",)]


def test_other_settings_on_an_existing_run_are_refused_with_both_values(world: World) -> None:
    layout = world.create(limits={"iterations": 4})
    with pytest.raises(UsageError, match=r"run r1 has seed = 0, and 7 was asked for"):
        raise_limits(layout, {"seed": 7})
    with pytest.raises(UsageError, match=r"limits.iterations = 4, and 2 was asked for"):
        raise_limits(layout, {"limits": {"iterations": 2}})


def test_changed_task_set_is_refused(world: World) -> None:
    layout = world.create()
    other = make_task_set(world.folder / "tasks" / "other", tasks=5)
    with pytest.raises(UsageError, match=r"run r1 is on the task set in .*/small, and .*/other differs: .*removed"):
        open_search(layout, Quiet(), taskset=other)
    trajectory = world.taskset.path / "trajectories" / "t01-r1.json"
    trajectory.write_text(trajectory.read_text().replace("I did", "I really did"))
    told = r"task set small \(.*/small\) has changed since run r1 was made: 1 trajectory changed \(t01-r1\): start"
    with pytest.raises(UsageError, match=told):
        open_search(layout, Quiet())


def test_seed_that_does_not_validate_makes_no_run(world: World) -> None:
    world.seeds = [Seed("broken", "def reward(trajectory, judge): return 1")]
    with pytest.raises(UsageError, match="seed broken does not validate: line 1: `reward` is not async"):
        world.create()
    assert not world.layout.root.exists()


def test_too_few_tasks_to_split_is_one_clear_line(world: World, tmp_path: Path) -> None:
    world.taskset = make_task_set(tmp_path / "tasks" / "tiny", tasks=2)
    with pytest.raises(UsageError, match=r"too few tasks to divide into three splits: 2"):
        world.create()


def test_session_that_fails_is_noted_and_the_search_goes_on(begun: World) -> None:
    begun.proposer = FailingProposer()
    assert begun.search(iterations=2).state == "finished"
    assert [line.notes for line in load_iterations(begun.layout)][1:] == [("the agent gave up",)] * 2


def test_outage_of_the_judge_stops_the_search_and_loses_nothing(world: World) -> None:
    answers = world.judge.score
    answered: list[str] = []

    def failing(prompt: str, draw: int) -> str:
        if len(answered) == 10:
            raise JudgeUnavailable("the endpoint is down")
        answered.append(prompt)
        return answers(prompt, draw)

    world.judge.score = failing
    with pytest.raises(JudgeUnavailable):
        world.search(iterations=0)
    world.judge.score = answers
    asked = len(world.judge.requests)
    assert world.search().state == "finished"
    total = json.loads((world.layout.candidate("c0001-baseline") / "scores.json").read_text())["trajectories"]
    assert len(world.judge.requests) - asked == total - len(answered)


def test_limit_of_calls_stops_at_a_clean_point_and_can_be_raised(world: World) -> None:
    world.create(limits={"iterations": 0, "max_calls": 5})
    stopped = world.search()
    assert (stopped.state, stopped.reason) == ("stopped", "limit reached: max-calls 5 of 5; raise it to go on")
    assert load_ledger(world.layout.ledger) == []
    raise_limits(world.layout, {"limits": {"max_calls": 500}})
    assert world.search().state == "finished"


def test_dollars_of_the_proposer_count_against_the_limit(world: World) -> None:
    sessions: list[int] = []

    class Expensive:
        repairs = False

        async def propose(self, assignment: Assignment) -> None:
            sessions.append(assignment.iteration)
            spent = {"session_id": "s", "total_cost_usd": 3.0, "usage": {}, "num_turns": 1}
            Transcript(assignment.transcript).add("message", kind="ResultMessage", message=spent)

    world.proposer = Expensive()
    world.create(limits={"iterations": 5, "max_usd": 5.0})
    stopped = world.search()
    assert stopped.state == "stopped"
    assert stopped.reason.startswith("limit reached: max-usd 6.0")
    assert (len(load_iterations(world.layout)), sessions) == (2, [1, 2])
    raise_limits(world.layout, {"limits": {"iterations": 5, "max_usd": 8.0}})
    assert world.search().state == "stopped"
    assert sessions == [1, 2, 3]


def test_runs_beside_this_one_are_hidden_from_proposers_too(world: World) -> None:
    world.search(iterations=0)
    other = world.layout.root.parent / "r0"
    other.mkdir()
    (other / "run.toml").write_text("")
    raise_limits(world.layout, {"limits": {"iterations": 1}})
    world.search()
    assert world.proposer.assignments[0].hidden[:2] == (world.layout.root.resolve(), other.resolve())


def test_search_without_progress_ends_by_itself(world: World) -> None:
    world.create(limits={"iterations": 50, "patience": 3})
    assert world.search().reason == "no progress for 3 iterations"


def test_traces_are_readable_by_line_and_by_program(begun: World) -> None:
    path = next((begun.layout.candidate("c0001-baseline") / "traces").iterdir())
    trace = json.loads(path.read_text())
    assert trace["calls"][0]["messages"][0]["content"][0] == "Rate this run."
    assert trace["calls"][0]["reply"] == "50"
    assert trace["reward"] == {"score": 50.0, "reason": "50", "findings": {}}
    assert "I did " in path.read_text()


async def _search(world: World):  # type: ignore[no-untyped-def]
    from meta_reward.search.loop import run_search

    return await run_search(world.open())


@dataclass(slots=True)
class Forger(RepairingProposer):
    """Spoils the ledger each time it is called."""

    async def propose(self, assignment: Assignment) -> str:
        with (assignment.view / "ledger.jsonl").open("a") as ledger:
            ledger.write("no line of a ledger\n")
        return await RepairingProposer.propose(self, assignment)


def test_spoiled_ledger_is_restored_before_anything_reads_it(begun: World) -> None:
    begun.proposer = Forger(harness("Look closely."))
    assert begun.search(iterations=1).state == "finished"
    notes = load_iterations(begun.layout)[1].notes
    told = "'ledger.jsonl'; what stood there is in .work/set-aside/session-0001"
    assert [note.rpartition(": ")[2] for note in notes] == [told, f"{told}-2"]
    assert [row.id for row in load_ledger(begun.layout.ledger)] == ["c0001", "c0002"]


def test_history_shows_the_policy_and_the_tools_of_a_trajectorys_own(world: World) -> None:
    own = Trajectory("Be strict.", (Tool("refund", "Give money back."),), (Message("user", "Hello"),))
    for rollout in world.taskset.rollouts.values():
        path = world.taskset.path / "trajectories" / f"{rollout.id}.json"
        save_rollout(path, replace(rollout, trajectory=own), policy=world.taskset.policy, tools=world.taskset.tools)
    world.taskset = load_task_set(world.taskset.path)
    shown = load_task_set(world.create().taskset)
    assert [rollout.trajectory for rollout in shown.rollouts.values()] == [own] * len(shown.rollouts)


def test_iteration_without_candidates_is_committed_where_a_kill_came_before(
    begun: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(record, "commit_iteration_without_candidates", killed)
        with pytest.raises(KeyboardInterrupt):
            begun.search(iterations=1)
    begun.search()
    log = ["git", "-C", str(begun.layout.root), "log", "--format=%s"]
    subjects = subprocess.run(log, capture_output=True, text=True, check=True).stdout.splitlines()
    assert subjects.count("Iteration 1: no candidates") == 1


def test_baseline_is_scored_before_other_seeds_so_that_enough_can_be_held_back(world: World) -> None:
    world.seeds.append(Seed("other", harness("Judge this run closely.")))
    world.search(iterations=0)
    asked = ["closely" in request.messages[0].content for request in world.judge.requests]
    scored = len(list((world.layout.taskset / "trajectories").glob("*.json")))
    assert asked.index(True) == scored


def test_search_ends_after_three_sessions_in_a_row_that_left_nothing(begun: World) -> None:
    stop = begun.search(iterations=8)
    assert (stop.state, len(begun.proposer.assignments)) == ("stopped", 3)
