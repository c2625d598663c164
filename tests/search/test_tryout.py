"""Trying drafts: on real trajectories in the real sandbox, within a ration of new judge calls."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import JudgeUnavailable, LimitReached
from meta_reward.files import dump_line
from meta_reward.search.context import Search
from meta_reward.search.tryout.answer_types import tryout_from_json, tryout_to_json
from meta_reward.search.tryout.run import Tryouts, tryouts_of
from tests.search.conftest import World, harness

BETTER = harness("Look closely at this run.")


@dataclass(slots=True)
class Bench:
    """A run whose seeds are scored, and a staging folder."""

    world: World
    search: Search
    staging: Path

    def trials(self) -> Tryouts:
        trials = tryouts_of(self.search, self.staging)
        assert trials is not None
        return trials

    def leave(self, source: str, name: str = "draft") -> None:
        (self.staging / name).mkdir(exist_ok=True)
        (self.staging / name / "harness.py").write_text(source)

    def settle(self, **settings: Any) -> None:
        """Change the proposer's settings."""
        config = self.search.config
        self.search.config = replace(config, proposer=replace(config.proposer, **settings))


@pytest.fixture
def bench(begun: World, tmp_path: Path) -> Bench:
    staging = tmp_path / "staging"
    staging.mkdir()
    return Bench(begun, begun.open(), staging)


def run(trials: Tryouts, *tries: tuple[str, Sequence[str]]) -> list[dict[str, Any]]:
    async def each() -> list[dict[str, Any]]:
        return [json.loads(dump_line(await trials.try_harness(path, pairs))) for path, pairs in tries]

    return asyncio.run(each())


def test_good_draft_shows_its_agreement_beside_the_best_so_far(bench: Bench) -> None:
    bench.leave(BETTER)
    (answer,) = run(bench.trials(), ("draft", ()))
    assert (answer["ok"], answer["score"], answer["pairs"], answer["not_scored"]) == (True, 2 / 3, 12, 0)
    assert answer["best"] == {"id": "c0001", "score": 0.5}
    assert {result["margin"] for result in answer["results"]} == {80.0, 0.0}
    assert answer["trajectories"][0] == {
        "id": answer["results"][0]["preferred"],
        "reward": 90.0,
        "reason": "90",
        "findings": "{}",
        "asks": 1,
        "last_reply": "90",
    }


def test_draft_with_a_secret_is_refused_and_nothing_of_it_is_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAIN", "an-ordinary-value")
    bench.settle(env=("PLAIN",))
    bench.leave(harness("Look closely: an-ordinary-value."))
    asked = len(bench.world.judge.requests)
    (answer,) = run(bench.trials(), ("draft", ()))
    assert (answer["ok"], [finding["check"] for finding in answer["findings"]]) == (False, ["secret"])
    assert "an-ordinary-value" not in json.dumps(answer)
    assert len(bench.world.judge.requests) == asked


def test_known_requests_cost_nothing_and_new_ones_are_counted(bench: Bench) -> None:
    bench.leave(BETTER)
    trials, before = bench.trials(), bench.search.gateway.spent.cost_usd
    first, second = (answer["judge_calls"] for answer in run(trials, ("draft", ()), ("draft", ())))
    used = first["new"]
    assert (first["made"], first["left"], second["made"], second["new"], second["left"]) == (
        used,
        100 - used,
        used,
        0,
        100 - used,
    )
    assert first["cost_usd"] > second["cost_usd"] == 0
    assert [(trial.path, trial.new_calls, len(trial.pairs)) for trial in trials.done] == [
        ("draft", used, 12),
        ("draft", 0, 12),
    ]
    spent = bench.search.gateway.spent.cost_usd
    assert spent == bench.world.open().gateway.spent.cost_usd == pytest.approx(before + first["cost_usd"])


def test_draft_that_fails_on_most_is_given_up_and_told_how_much_was_not_run(bench: Bench) -> None:
    bench.leave(BETTER.replace("try:", "if 'Case' in trajectory.transcript(): raise KeyError(5)\n    try:"))
    (answer,) = run(bench.trials(), ("draft", ()))
    assert answer["stopped"] == "it fails on most of its first runs; 8 of 16 were not run"
    assert (answer["ok"], answer["not_scored"] + answer["pairs"]) == (True, 12)


def test_record_of_a_trial_names_the_draft_below_staging(bench: Bench) -> None:
    bench.leave(BETTER)
    trials = bench.trials()
    run(trials, (str(bench.staging / "draft" / "harness.py"), ["t999"]), (f"{bench.staging}/x/../draft/harness.py", ()))
    assert [trial.path for trial in trials.done] == ["draft/harness.py"]


def test_used_up_ration_leaves_pairs_unscored_and_not_lost(bench: Bench) -> None:
    bench.settle(try_calls=7)
    bench.leave(BETTER)
    answer, again = run(bench.trials(), ("draft", ()), ("draft", ()))
    assert (answer["judge_calls"]["new"], answer["judge_calls"]["left"]) == (7, 0)
    assert answer["pairs"] + answer["not_scored"] == 12
    assert answer["not_scored"] > 0
    assert answer["score"] is None or answer["score"] >= 0.5
    assert (again["pairs"], again["judge_calls"]["new"]) == (answer["pairs"], 0)


def test_draft_that_does_not_validate_is_not_run(bench: Bench) -> None:
    bench.leave("import socket\n" + BETTER)
    (answer,) = run(bench.trials(), ("draft", ()))
    assert (answer["ok"], [finding["check"] for finding in answer["findings"]]) == (False, ["imports"])
    assert "score" not in answer
    assert answer["judge_calls"]["made"] == 0


def test_repetition_of_a_candidate_is_told_at_once(bench: Bench) -> None:
    bench.leave(bench.world.seeds[0].source)
    (answer,) = run(bench.trials(), ("draft", ()))
    assert answer["findings"][0]["message"] == "duplicate of c0001"


def test_draft_that_fails_shows_error_and_line(bench: Bench) -> None:
    bench.leave(
        BETTER.replace("    try:", "    if 'Case' in trajectory.transcript(): raise KeyError('lost')\n    try:")
    )
    (answer,) = run(bench.trials(), ("draft", ()))
    assert "KeyError: 'lost' (line 8)" in answer["errors"][0]["error"]
    assert "raise KeyError" in answer["trajectories"][0]["traceback"]


@pytest.mark.parametrize(
    ("path", "pairs", "complaint"),
    [
        ("../../secret.py", (), "is not in the staging folder"),
        ("nothing", (), "draft 'nothing' cannot be read: No such file"),
        ("draft", ("t99",), "there is no pair, task or category 't99' in the search split"),
    ],
)
def test_what_the_agent_gets_wrong_is_an_answer(bench: Bench, path: str, pairs: Sequence[str], complaint: str) -> None:
    bench.leave(BETTER)
    (answer,) = run(bench.trials(), (path, pairs))
    assert list(answer) == ["error"]
    assert complaint in answer["error"]


def test_pairs_of_other_splits_cannot_be_named(bench: Bench) -> None:
    bench.leave(BETTER)
    hidden = [*bench.search.splits["validation"], *bench.search.splits["test"]]
    assert hidden
    for answer in run(bench.trials(), *((("draft", [task])) for task in hidden)):
        assert "in the search split" in answer["error"]


@pytest.mark.parametrize("error", [JudgeUnavailable("the endpoint is down"), LimitReached("max-usd", 2, 1)])
def test_outage_and_limit_stop_the_trial_and_not_the_session(bench: Bench, error: Exception) -> None:
    def fail(prompt: str, draw: int) -> str:
        raise error

    bench.leave(BETTER)
    bench.world.judge.score = fail
    (answer,) = run(bench.trials(), ("draft", ()))
    assert answer["stopped"] == str(error)
    assert (answer["score"], answer["not_scored"]) == (None, 12)


def test_answer_stays_small_however_much_is_said(bench: Bench) -> None:
    bench.leave(BETTER.replace("reason=reply.text", "reason='x' * 10_000, findings={'y': 'z' * 10_000}"))
    (answer,) = run(bench.trials(), ("draft", list(bench.search.splits["search"])))
    assert answer["pairs"] == 16
    assert len(answer["trajectories"]) == 16
    assert len(json.dumps(answer)) < 40_000


def test_less_history_tells_of_agreement_alone(bench: Bench) -> None:
    bench.settle(history="scores")
    leaking = "    if 'BAD' in trajectory.transcript(): raise ValueError(trajectory.transcript())\n    try:"
    bench.leave(BETTER.replace("    try:", leaking))
    (answer,) = run(bench.trials(), ("draft", ()))
    assert set(answer) >= {"score", "best", "errors"}
    assert not {"results", "trajectories"} & set(answer)
    assert "Case" not in json.dumps(answer)


@pytest.mark.parametrize("settings", [{"history": "none"}, {"try_calls": 0}])
def test_some_runs_allow_no_trials(bench: Bench, settings: dict[str, Any]) -> None:
    bench.settle(**settings)
    assert tryouts_of(bench.search, bench.staging) is None


def test_trials_at_once_take_their_turn(bench: Bench) -> None:
    bench.leave(BETTER)
    bench.leave(harness("Look closely, twice."), "other")
    trials = bench.trials()

    async def both() -> list[Any]:
        return await asyncio.gather(trials.try_harness("draft"), trials.try_harness(Path("other")))

    answers = json.loads(dump_line(asyncio.run(both())))
    assert [answer["score"] for answer in answers] == [2 / 3, 2 / 3]
    assert sum(answer["judge_calls"]["new"] for answer in answers) == 100 - trials.quota.left


def test_answer_is_the_same_after_a_way_through_json(bench: Bench) -> None:
    bench.leave(BETTER)
    bench.leave("import socket\n" + BETTER, "broken")
    for answer in run(bench.trials(), ("draft", ()), ("broken", ())):
        assert json.loads(dump_line(tryout_to_json(tryout_from_json(answer)))) == answer
