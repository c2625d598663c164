"""Questions in a role: another model may be named for them, and what it answers is counted apart."""

from pathlib import Path

import pytest

from meta_reward.errors import DataError
from meta_reward.evaluation.records import record_to_json
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.run.config import load_user_config
from tests.conftest import ASKING_HARNESS, WordJudge, make_rollouts
from tests.evaluation.test_evaluate import run

ROUTED = ASKING_HARNESS.replace("    reply", '    await judge.ask("Which?", role="router")\n    reply', 1)
ONE = make_rollouts(1, 1)


def test_role_is_played_by_the_judge_itself_with_the_same_replies(tmp_path: Path) -> None:
    judge = WordJudge()
    gateway = Gateway(judge, Cache(tmp_path))
    result = run(ROUTED, gateway, ONE).results[0]
    assert [(call.role, record_to_json(call).get("role")) for call in result.calls] == [("router",) * 2, (None, None)]
    run(ROUTED.replace(', role="router"', ""), gateway, ONE)
    assert len(judge.requests) == 2


def test_other_model_is_asked_in_its_role_alone_and_paid_for_with_the_rest(tmp_path: Path) -> None:
    judge, router = WordJudge(), WordJudge(settings={"kind": "other"})
    gateway = Gateway(judge, Cache(tmp_path / "judge"), roles={"router": (router, Cache(tmp_path / "router"))})
    first = run(ROUTED, gateway, ONE).results[0]
    assert [request.messages[0].content for request in router.requests] == ["Which?"]
    assert len(judge.requests) == 1
    assert (gateway.spent.calls, gateway.spent.misses) == (2, 2)
    again = run(ROUTED, gateway, ONE).results[0]
    assert (again.output, again.calls) == (first.output, first.calls)
    assert [(cost.role, cost.cached) for cost in again.costs] == [("router", True), (None, True)]
    assert (len(judge.requests), len(router.requests), gateway.spent.misses) == (1, 1, 2)


def test_reward_of_another_router_is_not_taken_from_the_cache(tmp_path: Path) -> None:
    for name in ("one", "two"):
        router = WordJudge(settings={"kind": name})
        run(ROUTED, Gateway(WordJudge(), Cache(tmp_path), roles={"router": (router, Cache(tmp_path / name))}), ONE)
        assert len(router.requests) == 1


def test_role_that_nobody_knows_is_refused_in_one_line() -> None:
    source = ASKING_HARNESS.replace("judge.ask(", 'judge.ask(role="critic", prompt=', 1)
    error = run(source, Gateway(WordJudge(), None), ONE).results[0].error
    assert error is not None
    assert str(error.message).startswith("judge.ask() knows no role 'critic'; known: router")


def test_settings_name_models_for_known_roles_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[judge.roles]\ncritic = "simulated"\n')
    with pytest.raises(DataError, match=r"unknown key 'critic' \(known: router, router_settings\)"):
        load_user_config(path)


def test_cost_of_a_call_without_a_role_is_written_as_before() -> None:
    call = run(ASKING_HARNESS, Gateway(WordJudge(), None), ONE).results[0].costs[0]
    assert "role" not in record_to_json(call)
