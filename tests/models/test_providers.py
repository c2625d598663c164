"""Specs, settings, addresses and keys: what is refused before anything is asked, and where a key may go."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from meta_reward.completion import Backend, Completion, Request
from meta_reward.errors import JudgeMisconfigured, MetaRewardError, UsageError
from meta_reward.models.registry import make_backend
from meta_reward.trajectory import Message
from tests.endpoints import Endpoint, Fault, Said, Seen

HELLO = Request((Message("user", "hello"),))
REAL = "sk-real-0123456789"


def ask(backend: Backend, request: Request = HELLO) -> Completion:
    return asyncio.run(backend.complete(request, draw=0))


def key_of(seen: Seen) -> str:
    return seen.headers.get("x-api-key") or seen.headers["authorization"].removeprefix("Bearer ")


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("gpt-5.5", "unknown judge 'gpt-5.5': known: simulated"),
        ("anthropic:", "judge 'anthropic:' names no model"),
        ("openai:@http://host/v1", "names no model"),
        ("openai:m@localhost:8000/v1", "its address has no scheme: say @http://host:port/v1"),
        ("openai:m@ftp://host/v1", "its address has no scheme"),
        ("openai:m@http://user:pw@host/v1", "its address has more than host, port and path"),
        ("openai:m@http://host/v1?key=1", "its address has more than host, port and path"),
        ("openai:m@user:pw@host:8000/v1", "its address has no scheme"),
        ("openai:m@HTTP://user:pw@host/v1", "its address has no scheme"),
        ("openai:m@http://user:pw@host:99999/v1", "'http://host:99999/v1' is not an address"),
        ("openai:@http://user:pw@host/v1", "judge 'openai:' names no model"),
        ("opnai:m@http://user:pw@host/v1", "unknown judge 'opnai:m'"),
        ("openai:m@http://host:99999/v1", "'http://host:99999/v1' is not an address"),
    ],
)
def test_spec_that_names_no_judge_is_one_line(spec: str, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_backend(spec, {})
    assert line in str(caught.value)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "settings", "line"),
    [
        ("anthropic", {"temprature": 0.0}, "judge anthropic has no setting 'temprature': known: max_tokens"),
        ("anthropic", {"max_tokens": "many"}, "judge setting max_tokens is 'many': it should be a whole number"),
        ("anthropic", {"max_tokens": True}, "judge setting max_tokens is True"),
        ("anthropic", {"max_tokens": 0}, "max_tokens is 0, and must be at least 1"),
        ("anthropic", {"thinking": 4096}, "thinking is 4096, not from 1024 to below max_tokens (4096)"),
        ("anthropic", {"thinking": "hard"}, "thinking is 'hard', not one of adaptive, disabled"),
        ("anthropic", {"effort": "much"}, "effort is 'much', not one of"),
        ("anthropic", {"timeout_s": 0}, "timeout_s is 0, and must be above 0"),
        ("anthropic", {"price_input": 1.0}, "price_input and price_output go together"),
        ("openai", {"temperature": float("nan")}, "temperature is nan"),
        ("openai", {"thinking": "adaptive"}, "judge openai has no setting 'thinking'"),
        ("claude-code", {"temperature": 0.0}, "judge claude-code has no setting 'temperature'"),
    ],
)
def test_setting_that_cannot_be_is_one_line(kind: str, settings: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_backend(f"{kind}:m", settings)
    assert line in str(caught.value)


@pytest.mark.parametrize(("kind", "path"), [("anthropic", ""), ("openai", "/v1")])
def test_settings_reach_the_request_and_those_not_set_do_not(kind: str, path: str) -> None:
    with Endpoint(lambda seen: Said("80")) as endpoint:
        spec = f"{kind}:m@{endpoint.url}{path}"
        ask(make_backend(spec, {}))
        ask(make_backend(spec, {"temperature": 0.5, "effort": "low", "system": "Be strict.", "extra": {"top_k": 1}}))
    plain, full = (seen.body for seen in endpoint.seen)
    assert set(plain) == {"model", "max_tokens", "messages"}
    assert (full["temperature"], full["top_k"]) == (0.5, 1)
    assert "low" in (full.get("reasoning_effort"), full.get("output_config", {}).get("effort"))
    assert "Be strict." in str(full.get("system") or full["messages"][0])


def test_settings_that_determine_answers_are_part_of_the_cache_key_and_others_are_not() -> None:
    def known(spec: str, **settings: Any) -> dict[str, Any]:
        return dict(make_backend(spec, settings).settings)

    plain = known("anthropic:m")
    assert plain == {"kind": "anthropic", "model": "m", "max_tokens": 4096}
    assert known("anthropic:m", timeout_s=5, price_input=1.0, price_output=2.0, key_env="MY_KEY") == plain
    assert known("anthropic:m@https://api.anthropic.com") == plain
    others = [
        known("openai:m"),
        known("anthropic:m2"),
        known("anthropic:m@http://localhost:1"),
        *(known("anthropic:m", **{name: value}) for name, value in (("temperature", 0.0), ("system", "x"))),
    ]
    assert len({str(settings) for settings in [plain, *others]}) == 6


@pytest.mark.parametrize("kind", ["anthropic", "openai", "claude-code"])
def test_judge_without_a_key_says_which_one_it_needs(kind: str) -> None:
    with pytest.raises(JudgeMisconfigured, match=r"needs a key: set \w+(_API_KEY|_TOKEN)"):
        ask(make_backend(f"{kind}:m", {}))


@pytest.mark.parametrize(("kind", "path"), [("anthropic", ""), ("openai", "/v1")])
@pytest.mark.parametrize("named", ["in the spec", "in the environment"])
def test_local_server_never_gets_the_real_key(
    kind: str, path: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{kind.upper()}_API_KEY", REAL)
    with Endpoint(lambda seen: Said("80")) as endpoint:
        monkeypatch.setenv(f"{kind.upper()}_BASE_URL", endpoint.url + path)
        ask(make_backend(f"{kind}:m@{endpoint.url}{path}" if named == "in the spec" else f"{kind}:m", {}))
    assert [key_of(seen) for seen in endpoint.seen] == ["none"]
    assert REAL not in str(endpoint.seen)


def test_address_of_ones_own_gets_the_key_that_key_env_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", f" {REAL}\n")
    with Endpoint(lambda seen: Said("80")) as endpoint:
        ask(make_backend(f"openai:m@{endpoint.url}/v1", {"key_env": "MY_KEY"}))
    assert key_of(endpoint.seen[0]) == REAL


def test_key_that_can_be_none_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-sécret")
    with pytest.raises(JudgeMisconfigured) as caught:
        ask(make_backend("openai:m", {}))
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "line"),
    [
        (
            "http://user:pw@host/v1",
            "judge openai:m at $OPENAI_BASE_URL: its address has more than host, port and path",
        ),
        ("user:pw@host:80/v1", "judge openai:m at $OPENAI_BASE_URL: 'host:80/v1' is not an address"),
    ],
)
def test_variable_that_holds_a_bad_address_is_named(address: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    with pytest.raises(UsageError) as caught:
        make_backend("openai:m", {})
    assert str(caught.value).startswith(line)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("pasted", ["sk-ant-api03-secret", "secret key", "$SECRET", "9secret", "sécret"])
def test_key_in_place_of_the_name_of_its_variable_is_refused_without_being_shown(pasted: str) -> None:
    with pytest.raises(UsageError, match="key_env does not name an environment variable") as caught:
        make_backend("openai:m@http://127.0.0.1:1/v1", {"key_env": pasted})
    assert pasted not in str(caught.value)


@pytest.mark.parametrize("key_env", ["", "MY_KEY"])
def test_headers_that_the_environment_names_stay_at_home(key_env: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-mine")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", f"X-Token: {REAL}\nAuthorization: Bearer {REAL}\nno header")
    with Endpoint(lambda seen: Said("80")) as endpoint:
        ask(make_backend(f"anthropic:m@{endpoint.url}", {"key_env": key_env}))
        ask(make_backend(f"openai:m@{endpoint.url}/v1", {"key_env": key_env}))
    assert [key_of(seen) for seen in endpoint.seen] == ["sk-mine" if key_env else "none"] * 2
    assert REAL not in str(endpoint.seen)
    assert "org-1" not in str(endpoint.seen)


@pytest.mark.parametrize(("kind", "path"), [("anthropic", ""), ("openai", "/v1")])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_carries_nothing_to_another_host(
    kind: str, path: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", REAL)
    with Endpoint(lambda seen: Said("80")) as other:
        moved = Fault(status, "", {"location": f"{other.url}/v1/messages"})
        with (
            Endpoint(lambda seen: moved) as endpoint,
            pytest.raises(JudgeMisconfigured, match="use the address it leads to"),
        ):
            ask(make_backend(f"{kind}:m@{endpoint.url}{path}", {"key_env": "MY_KEY"}))
    assert other.seen == []


@pytest.mark.parametrize(("kind", "path"), [("anthropic", ""), ("openai", "/v1")])
def test_key_that_an_endpoint_repeats_is_not_in_the_error(
    kind: str, path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MY_KEY", REAL)
    said = Fault(401, {"error": {"message": f"Incorrect API key provided: {REAL}", "type": "x"}})
    with Endpoint(lambda seen: said) as endpoint, pytest.raises(MetaRewardError) as caught:
        ask(make_backend(f"{kind}:m@{endpoint.url}{path}", {"key_env": "MY_KEY"}))
    assert str(caught.value).endswith("answers 401: Incorrect API key provided: [key]: set MY_KEY to a valid key")
    assert REAL not in repr(vars(caught.value))
