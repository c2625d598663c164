"""The catalog proposer keeps the contract: files in, files out, evidence named, nothing done twice."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from meta_reward import files
from meta_reward.harness.validate import PARTS, inspect_source
from meta_reward.offline.proposer.choose import choose, discouraged, good_parents
from meta_reward.offline.proposer.effects import fit_effects
from meta_reward.offline.proposer.estimates import run_checks, run_estimates
from meta_reward.offline.proposer.evidence import diagnose
from meta_reward.offline.proposer.history import load_history
from meta_reward.offline.proposer.ideas import Idea, price_of
from meta_reward.offline.proposer.library import find_mechanism, load_library
from meta_reward.offline.proposer.proposal import name_of
from meta_reward.offline.proposer.source import fingerprint, parse_source, with_parts
from meta_reward.run.proposal import parse_proposal
from meta_reward.tasks.about import About
from meta_reward.tasks.taskset import save_task_set
from meta_reward.trajectory import Message, Pair, Rollout, Tool, ToolCall, Trajectory

SEEDS = Path(__file__).parents[2] / "seed_harnesses"
POLICY = "# Desk\n\nNever refund a light ticket.\nBook only after a yes.\n"
TOOLS = (Tool("get_ticket", "Look up a ticket."), Tool("refund_ticket", "Refund a ticket."))
DECLINED = (Message("user", "Refund T7!"), Message("assistant", "Unfortunately I cannot refund a light ticket."))
GAVE_IN = (
    *DECLINED,
    Message("user", "I insist."),
    Message("assistant", "", (ToolCall("1", "refund_ticket", {"ticket": "T7"}),)),
    Message("tool", "{}", tool_call_id="1"),
    Message("assistant", "I have refunded T7."),
)
TASKS = ("t1", "t2", "t3")


@dataclass
class Desk:
    """A history in which the run that gives in should lose to the one that declines."""

    path: Path
    ledger: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        source: str,
        name: str = "x",
        *,
        rewards: tuple[float, float] = (40.0, 90.0),
        parents: Sequence[str] = (),
        status: str = "scored",
        prompt: str = "Rate this run.",
        findings: Mapping[str, Any] | None = None,
    ) -> str:
        """One more candidate: `rewards` go to the run that declines and the one that gives in. Returns its id."""
        id_ = f"c{len(self.ledger) + 1:04d}"
        folder = self.path / "candidates" / f"{id_}-{name}"
        files.write_bytes(folder / "harness.py", source.encode())
        margin = rewards[0] - rewards[1]
        agreement = 1.0 if margin > 0 else 0.5 if margin == 0 else 0.0
        self.ledger.append(
            {"schema": 1, "id": id_, "name": name, "iteration": 0, "parents": list(parents), "status": status}
            | {"score": agreement if status == "scored" else None, "judge_tokens": 900}
        )
        files.write_lines(self.path / "ledger.jsonl", self.ledger)
        if status == "scored":
            files.write_lines(folder / "pairs.jsonl", [_pair_line(task, rewards, agreement) for task in TASKS])
            for task in TASKS:
                for side, score in zip(("a", "b"), rewards, strict=True):
                    trace = _trace(score, prompt, findings or {"verdicts": [{"overall": score}], "checks": {}})
                    files.write_json(folder / "traces" / f"{task}-{side}.json", trace)
        return id_


def _pair_line(task: str, rewards: tuple[float, float], agreement: float) -> dict[str, Any]:
    sides = {"preferred": f"{task}-a", "other": f"{task}-b"}
    scores = {"preferred_reward": rewards[0], "other_reward": rewards[1], "margin": rewards[0] - rewards[1]}
    return {"id": f"{task}-p", "task": task, "categories": ["action-bias"], **sides, **scores, "score": agreement}


def _trace(score: float, prompt: str, findings: Mapping[str, Any]) -> dict[str, Any]:
    call = {"messages": [{"role": "user", "content": [prompt, "..."]}], "reply": f"Score: {score}"}
    return {"schema": 1, "calls": [call], "reward": {"score": score, "reason": "", "findings": findings}}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    rollouts = [
        Rollout(f"{task}-{side}", task, Trajectory(POLICY, TOOLS, messages))
        for task in TASKS
        for side, messages in (("a", DECLINED), ("b", GAVE_IN))
    ]
    pairs = [Pair(f"{task}-p", task, f"{task}-a", f"{task}-b", ("action-bias",)) for task in TASKS]
    path = tmp_path / "history"
    save_task_set(path / "taskset", About("desk"), policy=POLICY, tools=TOOLS, rollouts=rollouts, pairs=pairs)
    return Desk(path)


def seed(name: str = "baseline") -> str:
    return (SEEDS / f"{name}.py").read_text()


def run(
    desk: Desk, staging: str = "staging", *, candidates: int = 2, **environment: str
) -> subprocess.CompletedProcess[str]:
    folder = desk.path.parent / staging
    folder.mkdir()
    settings = {"META_REWARD_HISTORY": str(desk.path), "META_REWARD_CANDIDATES": str(candidates), **environment}
    command = [sys.executable, "-m", "meta_reward.offline.proposer"]
    return subprocess.run(command, cwd=folder, env=os.environ | settings, capture_output=True, text=True, check=False)


def proposed(desk: Desk, **kinds: int) -> list[str]:
    """The names of what is proposed."""
    settings = {"count": 2, "iteration": 1, "seed": 0} | kinds
    return [name_of(choice.idea) for choice in choose(load_history(desk.path), **settings)]


def test_it_leaves_valid_harnesses_with_proposals_that_name_parent_part_and_hypothesis(desk: Desk) -> None:
    desk.add(seed())
    done = run(desk)
    folders = sorted((desk.path.parent / "staging").iterdir())
    assert (done.returncode, len(folders)) == (0, 2)
    for folder in folders:
        proposal = parse_proposal((folder / "proposal.md").read_text())
        assert inspect_source((folder / "harness.py").read_text()).findings == ()
        assert (proposal.parents, proposal.part in PARTS) == (("c0001",), True)
        assert proposal.hypothesis


def test_it_says_what_it_looked_at(desk: Desk) -> None:
    desk.add(seed())
    assert "read candidates/c0001-x/pairs.jsonl: 3 of 3 lost or tied" in run(desk).stdout


def test_the_evidence_names_counts_and_traces_that_exist(desk: Desk) -> None:
    desk.add(seed())
    run(desk, candidates=1)
    text = next((desk.path.parent / "staging").glob("*/proposal.md")).read_text()
    named = {part for part in text.split("`") if part.startswith("candidates/")}
    assert "3 of 3 pairs lost or tied (action-bias 3)" in text
    assert any("/traces/" in part for part in named)
    assert all((desk.path / part).exists() for part in named)


def test_the_same_history_iteration_and_seed_give_the_same_files(desk: Desk) -> None:
    desk.add(seed())
    contents = []
    for staging in ("first", "second"):
        run(desk, staging, META_REWARD_SEED="3")
        folder = desk.path.parent / staging
        contents.append({str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*.*"))})
    assert contents[0] == contents[1]


def test_lost_pairs_with_more_changes_call_for_authority_policy_or_checks(desk: Desk) -> None:
    desk.add(seed())
    history = load_history(desk.path)
    symptoms = {symptom.name for symptom in diagnose(history.candidates[0], history).symptoms}
    assert {"more-changes", "restraint", "no-policy", "unasked-changes"} <= symptoms
    assert "ties" not in symptoms
    assert {name.partition("-")[0] for name in proposed(desk)} <= {"context", "checks", "rubric"}


def test_nothing_is_proposed_twice_in_a_long_search(desk: Desk) -> None:
    desk.add(seed())
    seen = set()
    for iteration in range(1, 16):
        for choice in choose(load_history(desk.path), count=2, iteration=iteration, seed=0):
            text = choice.idea.render(doc="Next.")
            source = parse_source(text)
            key = tuple(fingerprint(source, part) for part in PARTS)
            assert key not in seen
            seen.add(key)
            desk.add(text, parents=[choice.idea.parent.id])
    assert len(seen) == 30


def test_what_was_rejected_is_not_tried_on_another_parent(desk: Desk) -> None:
    first, second = desk.add(seed()), desk.add(seed("policy"))
    mechanism = load_library()["checks"]["consent"]
    text = with_parts(parse_source(seed()), {"checks": mechanism.source}, doc="Rejected.")
    desk.add(text, parents=[first], status="rejected")
    history = load_history(desk.path)
    choices = [c for i in range(20) for c in choose(history, count=2, iteration=i, seed=i)]
    assert discouraged(history.candidates) == {("checks", mechanism.fingerprint)}
    assert not [c for c in choices if c.idea.mechanism is mechanism]
    assert second in {c.idea.parent.id for c in choices}


def test_two_good_candidates_are_merged(desk: Desk) -> None:
    base, library = parse_source(seed()), load_library()
    desk.add(seed())
    better = {"rubric": library["rubric"]["authority"].source, "context": library["context"]["policy"].source}
    desk.add(with_parts(base, better, doc="One."), rewards=(60.0, 50.0), parents=["c0001"])
    desk.add(with_parts(base, {"checks": library["checks"]["consent"].source}, doc="Two."), rewards=(60.0, 50.0))
    assert proposed(desk, iteration=3, count=1) == ["merge-c0002-c0003"]


def test_a_candidate_without_the_six_parts_is_no_parent(desk: Desk) -> None:
    desk.add("async def reward(trajectory, judge):\n    return 50\n", rewards=(60.0, 50.0))
    desk.add("this is not python", rewards=(60.0, 50.0))
    desk.add(seed())
    history = load_history(desk.path)
    assert [parent.id for parent in good_parents(history.candidates, fit_effects(history.candidates))] == ["c0003"]


def test_a_candidate_whose_traces_are_gone_is_passed_over(desk: Desk) -> None:
    desk.add(seed(), rewards=(60.0, 50.0))
    desk.add(seed("policy"), rewards=(60.0, 50.0))
    for path in (desk.path / "candidates" / "c0001-x" / "traces").iterdir():
        path.unlink()
    choices = choose(load_history(desk.path), count=2, iteration=1, seed=0)
    assert [choice.idea.parent.id for choice in choices] == ["c0002", "c0002"]


def test_a_way_to_score_is_tried_on_recorded_verdicts(desk: Desk) -> None:
    findings = {"verdicts": [{"overall": 70.0}], "checks": {"the user agreed": False}}
    id_ = desk.add(seed("evidence"), rewards=(70.0, 70.0), findings=findings)
    for task in TASKS:
        clean = _trace(70.0, "p", {"verdicts": [{"overall": 70.0}], "checks": {"the user agreed": True}})
        files.write_json(desk.path / "candidates" / f"{id_}-x" / "traces" / f"{task}-a.json", clean)
    history = load_history(desk.path)
    trials = run_estimates(history.candidates[0], run_checks(history))
    assert trials["score", "docked"].gain == 0.5
    assert trials["score", "mean"].gain == 0.0


def test_checks_are_tried_on_the_runs_themselves(desk: Desk) -> None:
    desk.add(seed())
    history = load_history(desk.path)
    trials = run_estimates(history.candidates[0], run_checks(history))
    assert trials["checks", "consent"].gain == 0.5
    assert "in 3 of 3 lost pairs, and with the preferred one in 0 of all 3" in trials["checks", "consent"].sentence
    assert trials["checks", "grounded"].gain == 0.0


@pytest.mark.parametrize(
    ("part", "name", "price"),
    [
        ("view", "dialogue", "the view shrinks by 20 characters, on the mean of 6 trajectories"),
        ("context", "policy", "the context grows by "),
        ("decide", "panel", "judge calls a trajectory: 3, which were 1; how long they are was not estimated"),
        ("score", "median", "none, for the judge is asked the same"),
        ("rubric", "full", "not estimated"),
    ],
)
def test_price_of_a_change_is_told_as_far_as_it_is_known(desk: Desk, part: str, name: str, price: str) -> None:
    desk.add((SEEDS / "baseline.py").read_text())
    history = load_history(desk.path)
    (parent,) = history.candidates
    mechanism = load_library()[part][name]
    idea = Idea(parent, {part: mechanism.source}, {}, gain=0.0, worth=0.0, mechanism=mechanism)
    assert price_of(idea, list(history.trajectories.values())).startswith(price)
    merge = Idea(parent, {}, {}, gain=0.0, worth=0.0, donor=parent)
    assert price_of(merge, ()) == "not estimated; c0001 used 900 and c0001 used 900 judge tokens"


def test_what_the_ledger_shows_of_a_mechanism_is_shrunk_and_shared(desk: Desk) -> None:
    policy = load_library()["context"]["policy"]
    desk.add(seed())
    desk.add(with_parts(parse_source(seed()), {"context": policy.source}, doc="x"), rewards=(60.0, 50.0))
    effects = fit_effects(load_history(desk.path).candidates)
    assert 0 < effects.of("context", policy.fingerprint) < 0.5
    assert (effects.tried("context", policy.fingerprint), effects.tried("context", "other")) == (1, 0)


def test_a_mechanism_is_recognised_whoever_wrote_the_file(desk: Desk) -> None:
    desk.add(seed("evidence"))
    genome = load_history(desk.path).candidates[0].genome
    names = {part: m.name if (m := find_mechanism(part, genome[part])) else None for part in PARTS}
    assert names == {
        "view": "actions",
        "context": "none",
        "checks": "consent",
        "rubric": None,
        "decide": "reasoned",
        "score": "mean",
    }


def test_a_missing_history_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    done = run(Desk(tmp_path / "nowhere"))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("catalog: ")
    assert "no such file" in done.stdout
