"""`judge check`: a person asks whether a judge is there and what it can do."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import MetaReward
from tests.endpoints import Answer, Endpoint, Fault, Said, Seen, chat_error, messages_error

PATHS = {"anthropic": "", "openai": "/v1", "claude-code": ""}


def able(seen: Seen) -> Said:
    """A judge that can do it all."""
    if seen.tools and "heron" not in str(seen.body["messages"]):
        return Said("", ((seen.tools[0], {}),))
    if "Rate the sentence" in str(seen.texts):
        return Said('{"score": 80}')
    return Said("Heron" if "heron" in str(seen.texts) else "ready")


def unable(seen: Seen) -> Said | Fault:
    """A judge that talks and nothing else."""
    if seen.tools:
        return chat_error(400, None, "m does not support tools")
    return Said("I'd say\n80")


@pytest.mark.parametrize("kind", ["anthropic", "openai", pytest.param("claude-code", marks=pytest.mark.slow)])
def test_able_judge_is_reported_with_its_price_unknown(kind: str, meta_reward: MetaReward) -> None:
    with Endpoint(able) as endpoint:
        ran = meta_reward("judge", "check", "--judge", f"{kind}:m@{endpoint.url}{PATHS[kind]}", COLUMNS="200")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err, len(lines)) == (0, "", 6)
    assert lines[1].startswith("reply   'ready' (end) in ")
    assert lines[2:] == [
        "tokens  100 in, 10 out",
        "price   price unknown: set price_input and price_output (dollars per million tokens) in [judge.settings]",
        "schema  works",
        "tools   works",
    ]


def test_what_a_judge_cannot_do_is_said_and_the_exit_code_tells(meta_reward: MetaReward) -> None:
    with Endpoint(unable) as endpoint:
        ran = meta_reward("judge", "check", "--judge", f"openai:m@{endpoint.url}/v1", COLUMNS="200")
    assert ran.code == 1
    assert 'schema  does not work: the reply was "I\'d say\\n80" (end)' in ran.out
    assert "tools   does not work: judge openai:m@" in ran.out
    assert "m does not support tools" in ran.out


def test_prices_of_the_settings_are_shown_and_json_holds_it_all(meta_reward: MetaReward, here: Path) -> None:
    (here / "judge.toml").write_text("[judge.settings]\nprice_input = 2\nprice_output = 10.0\nmax_tokens = 50\n")
    with Endpoint(able) as endpoint:
        arguments = ("judge", "check", "--judge", f"openai:m@{endpoint.url}/v1", "--config", "judge.toml")
        text, data = meta_reward(*arguments).out, json.loads(meta_reward(*arguments, "--json").out)["check"]
    assert "price   $2.00 in, $10.00 out a million tokens; these 4 calls $0.001200" in text
    assert (data["price_usd"], data["calls"], data["total_usd"]) == ([2.0, 10.0], 4, 0.0012)
    assert [seen.body["max_tokens"] for seen in endpoint.seen] == [50] * 8


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (lambda seen: messages_error(401, "authentication_error", "invalid x-api-key"), "answers 401: invalid x-api"),
        (lambda seen: messages_error(404, "not_found_error", "model: m"), "check the model name 'm'"),
        (lambda seen: Fault(how="drop"), "the connection to http"),
    ],
)
def test_judge_that_does_not_answer_is_one_line(answer: Answer, line: str, meta_reward: MetaReward) -> None:
    with Endpoint(answer) as endpoint:
        ran = meta_reward("judge", "check", "--judge", f"anthropic:m@{endpoint.url}")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("meta-reward: judge anthropic:m@")
    assert line in ran.err
    assert ran.err.count("\n") == 1


def test_simulated_judge_can_be_checked_and_is_labelled(meta_reward: MetaReward) -> None:
    ran = meta_reward("judge", "check", "--judge", "simulated")
    assert ran.code == 0
    assert ran.out.splitlines()[-1].startswith("simulated judge: ")


def test_no_judge_is_one_line(meta_reward: MetaReward) -> None:
    ran = meta_reward("judge", "check")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "such as --judge anthropic:" in ran.err
