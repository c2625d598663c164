"""Evaluation: one trajectory a result, each finished result handed over at once and never redone."""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from meta_reward.completion import Completion, Request
from meta_reward.errors import JudgeUnavailable, LimitReached
from meta_reward.evaluation.evaluate import PROBATION, evaluate, run_together
from meta_reward.evaluation.metrics import Tokens, outcomes, preferences_of, summarize
from meta_reward.evaluation.records import CallCost, Evaluation, FailedCallRecord, Failure, Result, tokens_of
from meta_reward.evaluation.reward_stats import reward_stats
from meta_reward.files import dump_line
from meta_reward.harness.budget import Budget
from meta_reward.harness.runtime import Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.reward import reward_examples
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.models.usage import Spent
from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.trajectory import Rollout
from tests.conftest import ASKING_HARNESS, LEVEL, WordJudge, make_rollouts
from tests.processes import below

ROLLOUTS = make_rollouts(3)


def failing_on(word: str) -> str:
    return ASKING_HARNESS.replace(
        "    reply", f"    if {word!r} in trajectory.transcript(): raise KeyError(5)\n    reply"
    )


def run(
    source: str,
    gateway: Gateway,
    rollouts: Sequence[Rollout] = ROLLOUTS,
    *,
    finished: dict[str, Result] | None = None,
    on_result: Callable[[Result], None] = lambda result: None,
    seed: int = 0,
    budget: Budget | None = None,
    give_up: bool = False,
) -> Evaluation:
    async def work() -> Evaluation:
        async with Sandbox(budget or Budget(active_s=5.0), level=LEVEL) as sandbox:
            return await evaluate(
                source,
                reward_examples(rollouts),
                gateway=gateway,
                sandbox=sandbox,
                seed=seed,
                finished=finished,
                give_up=give_up,
                on_result=on_result,
            )

    return asyncio.run(work())


def test_every_trajectory_gets_its_reward_in_the_order_of_the_rollouts() -> None:
    evaluation = run(ASKING_HARNESS, Gateway(WordJudge(), None))
    assert evaluation.rewards == {r.id: 90.0 if r.success else 10.0 for r in ROLLOUTS}
    assert [result.example for result in evaluation.results] == [rollout.id for rollout in ROLLOUTS]
    results = outcomes(pairs_from_labels(ROLLOUTS), evaluation.rewards)
    spread = reward_stats(ROLLOUTS, evaluation.rewards)
    assert (
        summarize(
            results, examples=12, tokens=evaluation.tokens, preferences=preferences_of(results, rewards=spread)
        ).score
        == 1.0
    )


def test_unit_holds_every_call_apart_from_what_it_took() -> None:
    result = run(ASKING_HARNESS, Gateway(WordJudge(), None), ROLLOUTS[:1]).results[0]
    (call,), (cost,) = result.calls, result.costs
    assert (result.example, result.task, result.error) == ("t01-r1", "t01", None)
    assert result.output == Reward(90.0, "90", {})
    assert (call.ask, call.turn, call.draw, call.reply, call.stop_reason) == (1, 1, 0, "90", "end")
    assert "I did GOOD." in call.messages[0]["content"]
    assert (cost.ask, cost.output_tokens, cost.cached) == (1, 2, False)
    assert not set(asdict(call)) & {"cached", "seconds", "cost_usd"}


def test_failure_of_the_candidate_is_a_unit_with_an_error_and_its_calls() -> None:
    source = "async def reward(trajectory, judge):\n    await judge.ask('a')\n    return 500\n"
    result = run(source, Gateway(WordJudge(), None), ROLLOUTS[:1]).results[0]
    assert (result.output, result.score, len(result.calls)) == (None, None, 1)
    assert result.error == Failure("ValueError", "score 500 lies outside 0 to 100", "")


def test_candidate_that_fails_on_a_few_is_scored_on_all() -> None:
    evaluation = run(failing_on("Case 1-1"), Gateway(WordJudge(), None))
    assert (len(evaluation.results), evaluation.broken) == (12, False)
    assert [result.example for result in evaluation.results if result.error] == ["t01-r1"]


def test_candidate_that_fails_on_all_has_a_unit_for_each_all_the_same() -> None:
    evaluation = run(failing_on("Case"), Gateway(WordJudge(), None), make_rollouts(5))
    assert [result.example for result in evaluation.results] == [rollout.id for rollout in make_rollouts(5)]
    assert (evaluation.broken, evaluation.not_run) == (False, ())


def test_broken_candidate_is_given_up_after_the_first_eight_where_the_caller_wants_that() -> None:
    judge = WordJudge()
    evaluation = run(failing_on("Case"), Gateway(judge, None, concurrency=3), make_rollouts(5), give_up=True)
    assert (len(evaluation.results), evaluation.broken, judge.requests) == (PROBATION, True, [])
    every = {rollout.id for rollout in make_rollouts(5)}
    assert set(evaluation.not_run) == every - {result.example for result in evaluation.results}


def test_broken_candidate_is_still_broken_after_a_resume() -> None:
    first = run(failing_on("Case"), Gateway(WordJudge(), None), make_rollouts(5), give_up=True)
    again = run(
        failing_on("Case"),
        Gateway(WordJudge(), None),
        make_rollouts(5),
        give_up=True,
        finished={u.example: u for u in first.results},
    )
    assert again == first


def test_nesting_that_cannot_be_written_down_fails_the_candidate_and_not_the_search() -> None:
    source = """import json
async def reward(trajectory, judge):
    await judge.ask("a", schema={"a": json.loads("[" * 500 + "]" * 500)})
    return 5
"""
    assert [result.score for result in run(source, Gateway(WordJudge(), None), ROLLOUTS[:2]).results] == [None, None]


def test_resume_redoes_nothing_that_is_finished() -> None:
    judge = WordJudge()
    whole = run(ASKING_HARNESS, Gateway(judge, None))
    kept = {result.example: result for result in whole.results[:7]}
    judge.requests.clear()
    reported: list[str] = []
    resumed = run(ASKING_HARNESS, Gateway(judge, None), finished=kept, on_result=lambda u: reported.append(u.example))
    assert sorted(reported) == [result.example for result in whole.results[7:]]
    assert len(judge.requests) == 5
    assert [replace(u, costs=[]) for u in resumed.results] == [replace(u, costs=[]) for u in whole.results]


def test_evaluation_that_is_finished_asks_nothing() -> None:
    judge = WordJudge()
    whole = run(ASKING_HARNESS, Gateway(judge, None))
    judge.requests.clear()
    assert run(ASKING_HARNESS, Gateway(judge, None), finished={u.example: u for u in whole.results}) == whole
    assert judge.requests == []


def test_second_evaluation_is_served_from_the_cache_and_counts_the_same(tmp_path: Path) -> None:
    first, second = (run(ASKING_HARNESS, Gateway(WordJudge(), Cache(tmp_path))) for _ in range(2))
    assert [u.calls for u in second.results] == [u.calls for u in first.results]
    assert {cost.cached for result in second.results for cost in result.costs} == {True}
    assert first.tokens == second.tokens


def test_outage_stops_everything_and_keeps_what_was_reported() -> None:
    reported: list[Result] = []

    def reply(prompt: str, draw: int) -> str:
        if len(reported) >= 5:
            raise JudgeUnavailable("down")
        return "50"

    with pytest.raises(JudgeUnavailable, match="down"):
        run(ASKING_HARNESS, Gateway(WordJudge(reply), None, concurrency=1), on_result=reported.append)
    assert (len(reported), [result.error for result in reported if result.error]) == (5, [])
    finished = {result.example: result for result in reported}
    assert len(run(ASKING_HARNESS, Gateway(WordJudge(), None), finished=finished).results) == 12


def test_trajectory_that_the_judge_alone_fails_on_fails_and_the_others_are_scored() -> None:
    def reply(prompt: str, draw: int) -> str:
        if "Case 2-1" in prompt:
            raise JudgeUnavailable("down")
        return "50"

    evaluation = run(ASKING_HARNESS, Gateway(WordJudge(reply), None))
    (failed,) = [result for result in evaluation.results if result.error]
    assert failed.error is not None
    assert (failed.example, failed.error.kind, len(evaluation.results)) == ("t02-r1", "judge-request", 12)
    assert "answers other requests, but not this one: down" in failed.error.message
    (call,) = failed.calls
    assert isinstance(call, FailedCallRecord)
    assert (call.reply, call.error.partition(":")[0]) == ("", "Unanswerable")


def test_limit_stops_everything_before_another_call() -> None:
    judge = WordJudge()

    def check(spent: Spent) -> None:
        if spent.calls >= 3:
            raise LimitReached("max-calls", spent.calls, 3)

    gateway = Gateway(judge, None, concurrency=1)
    gateway.limit(check)
    with pytest.raises(LimitReached):
        run(ASKING_HARNESS, gateway)
    assert len(judge.requests) == 3


def order_of(rollouts: Sequence[Rollout], seed: int) -> list[str]:
    reported: list[str] = []
    gateway = Gateway(WordJudge(), None, concurrency=1)
    run(
        "async def reward(t, j): return 5",
        gateway,
        rollouts,
        on_result=lambda u: reported.append(u.example),
        seed=seed,
    )
    return reported


def test_order_tells_nothing_of_labels_and_follows_the_seed() -> None:
    turned = [replace(rollout, success=1 - (rollout.success or 0)) for rollout in reversed(ROLLOUTS)]
    orders = [order_of(ROLLOUTS, 0), order_of(turned, 0), order_of(ROLLOUTS, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == [rollout.id for rollout in ROLLOUTS] != orders[0]


def test_harness_sees_neither_id_nor_task_nor_label() -> None:
    source = """from meta_reward.harness import Reward
async def reward(trajectory, judge):
    return Reward(5, f"{trajectory!r} {dir(trajectory)} {vars(judge)}")
"""
    rollout = replace(ROLLOUTS[0], id="secret-id", task="secret-task")
    reward = run(source, Gateway(WordJudge(), None), [rollout]).results[0].output
    assert reward is not None
    assert "GOOD" in reward.reason
    assert "secret" not in reward.reason
    assert "success" not in reward.reason


def test_budget_of_calls_is_that_of_each_trajectory() -> None:
    source = "async def reward(t, judge):\n    for _ in range(3): await judge.ask('a')\n    return 5\n"
    budgets = (Budget(judge_calls=3), Budget(judge_calls=2))
    results = [run(source, Gateway(WordJudge(), None), ROLLOUTS[:2], budget=budget).results for budget in budgets]
    assert [[result.error and result.error.kind for result in part] for part in results] == [
        [None, None],
        ["judge-calls", "judge-calls"],
    ]


def test_nothing_to_score_is_an_empty_evaluation() -> None:
    assert run(ASKING_HARNESS, Gateway(WordJudge(), None), []) == Evaluation([], broken=False)


def test_unit_is_plain_json() -> None:
    result = run(ASKING_HARNESS, Gateway(WordJudge(), None), ROLLOUTS[:1]).results[0]
    assert json.loads(dump_line(result)) == json.loads(json.dumps(asdict(result)))


def test_price_of_all_is_unknown_where_one_is() -> None:
    cost = CallCost(1, 1, 3, 2, 0, 0, 0.5, cached=False, tries=1, error=None, seconds=0.0)
    assert tokens_of([cost, cost]) == Tokens(2, 6, 4, 1.0)
    assert tokens_of([cost, replace(cost, cost_usd=None)]) == Tokens(2, 6, 4, None)
    assert tokens_of([]) == Tokens(0, 0, 0, 0)


def test_evaluation_that_an_outage_ends_waits_for_calls_that_are_already_paid_for(tmp_path: Path) -> None:
    class Slow(WordJudge):
        async def complete(self, request: Request, *, draw: int) -> Completion:
            if "GOOD" not in request.messages[0].content:
                await asyncio.sleep(0.2)
                raise JudgeUnavailable("down")
            await asyncio.sleep(0.6)
            return await WordJudge.complete(self, request, draw=draw)

    gateway = Gateway(Slow(), Cache(tmp_path))
    with pytest.raises(JudgeUnavailable, match="down"):
        run(ASKING_HARNESS, gateway, ROLLOUTS[:2])
    assert (gateway.spent.misses, len(list(tmp_path.rglob("*.json")))) == (1, 1)


def test_of_errors_at_the_same_moment_our_own_is_raised() -> None:
    async def fail(error: Exception) -> None:
        await asyncio.sleep(0)
        raise error

    limit = LimitReached("max-calls", 5, 5)
    with pytest.raises(LimitReached):
        asyncio.run(run_together([fail(OSError("odd")), fail(limit), fail(ValueError("odd"))]))
    with pytest.raises(OSError, match="odd"):
        asyncio.run(run_together([fail(OSError("odd")), fail(ValueError("even"))]))


@pytest.mark.parametrize("which", [0, -1], ids=["a worker", "the zygote"])
def test_process_that_is_killed_from_outside_does_not_count_against_the_harness(tmp_path: Path, which: int) -> None:
    killed: list[int] = []

    def kill_once(prompt: str, draw: int) -> str:
        if not killed:
            killed.append(below(os.getpid())[which])
            os.kill(killed[0], signal.SIGKILL)
        return "90" if "GOOD" in prompt else "10"

    judge = WordJudge(kill_once)
    evaluation = run(ASKING_HARNESS, Gateway(judge, Cache(tmp_path)))
    untouched = run(ASKING_HARNESS, Gateway(WordJudge(), None))
    assert [replace(r, costs=[]) for r in evaluation.results] == [replace(r, costs=[]) for r in untouched.results]
    assert len(judge.requests) == len(ROLLOUTS)
