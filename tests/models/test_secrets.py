"""Keys in settings: refused without being shown, before anything is written; what only sounds alike is not."""

from pathlib import Path
from typing import Any

import pytest

from meta_reward.completion import Completion, Usage
from meta_reward.errors import UsageError
from meta_reward.models.registry import make_backend
from meta_reward.models.secrets import refuse_secrets, without_key
from meta_reward.trajectory import ToolCall
from tests.cli.conftest import ONE_SEED, MetaReward
from tests.cli.conftest import meta_reward_process as meta_reward_process
from tests.conftest import make_task_set

KEY = "sk-ant-api03-0123456789abcdef"
PLAIN = "a-key-that-begins-like-nothing"
LOCAL = "openai:m@http://127.0.0.1:1/v1"


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"extra": {"api_key": "x"}}, "extra.api_key holds a key"),
        ({"extra": {"apiKey": "x"}}, "extra.apiKey holds a key"),
        ({"extra": {"x-api-key": "x"}}, "extra.x-api-key holds a key"),
        ({"extra": {"Authorization": "x"}}, "extra.Authorization holds a key"),
        ({"extra": {"access_token": "x"}}, "extra.access_token holds a key"),
        ({"extra": {"provider": [{"secret": "x"}]}}, "extra.provider.secret holds a key"),
        ({"extra": {"extra_headers": {"X-Team": "x"}}}, "extra.extra_headers.X-Team: no headers can be set"),
        ({"extra": {"user": f"me {KEY}"}}, "extra.user holds a key"),
        ({"extra": {"user": "Bearer abc"}}, "extra.user holds a key"),
        ({"extra": {"user": PLAIN}}, "extra.user holds a key"),
        ({"extra": {KEY: 1}}, r"extra.\[key\] holds a key"),
        ({"extra": KEY}, "extra holds a key"),
        ({"system": f"Use {PLAIN}."}, "system holds a key"),
        ({"api_key": KEY}, "api_key holds a key"),
        ({"key_env": "sk_live_0123456789abcdef"}, "key_env does not name an environment variable"),
    ],
)
def test_key_in_the_settings_is_refused_without_being_shown(
    settings: dict[str, Any], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", PLAIN)
    with pytest.raises(UsageError, match=f"judge setting {complaint}.*judge.settings") as refused:
        make_backend(LOCAL, settings)
    assert not [part for part in (KEY, PLAIN, "0123456789abcdef", "abc") if part in str(refused.value)]


def test_key_in_the_address_is_refused_without_being_shown() -> None:
    with pytest.raises(UsageError, match="judge setting spec holds a key") as refused:
        make_backend(f"openai:m@http://127.0.0.1:1/{KEY}/v1", {})
    assert KEY not in str(refused.value)


def test_what_only_sounds_like_a_key_may_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_TOKENS", "4096")
    monkeypatch.setenv("TOKENIZER_OF_THE_SERVER", "Qwen/Qwen3-8B-Instruct")
    make_backend("openai:Qwen/Qwen3-8B-Instruct@http://127.0.0.1:1/v1", {})
    extra = {
        "prompt_cache_key": "night-1",
        "stop_token_ids": [1, 2],
        "max_completion_tokens": 4096,
        "skip_special_tokens": True,
        "metadata": {"author": "me", "team": "risk-assessment-of-the-desk"},
    }
    refuse_secrets({"extra": extra, "system": "A basic authorization check of the token is due.", "key_env": "MY_KEY"})


@pytest.mark.parametrize(
    ("key", "kept"),
    [(PLAIN, "[key]"), ("EMPTY", "EMPTY"), ("80", "80"), ("", "")],
    ids=["key", "word", "number", "none"],
)
def test_key_is_scrubbed_wherever_a_reply_holds_it_and_short_words_are_no_keys(key: str, kept: str) -> None:
    call = ToolCall(f"1 {key}", f"look {key}", {f"name {key}": ["a", {"b": f"deep {key}"}], "n": 5})
    scrubbed = without_key(Completion(f"It is {key}.", Usage(1, 1), (call,), "tool"), key)
    expected = ToolCall(f"1 {kept}", f"look {kept}", {f"name {kept}": ["a", {"b": f"deep {kept}"}], "n": 5})
    assert scrubbed == Completion(f"It is {kept}.", Usage(1, 1), (expected,), "tool")


def test_key_in_a_config_file_reaches_no_file_and_no_screen_also_on_an_existing_run(
    meta_reward_process: MetaReward, here: Path
) -> None:
    make_task_set(here / "tasks" / "small", tasks=4, rollouts=2)
    search = ("search", "small", "--judge", "simulated", "--iterations", 0, *ONE_SEED)
    (here / "keyed.toml").write_text(f'[judge.settings.extra.provider]\napi_key = "{KEY}"\n')
    runs = [meta_reward_process(*search, "--config", "keyed.toml")]
    assert not (here / "runs").exists()
    assert meta_reward_process(*search).code == 0
    runs.append(meta_reward_process(*search, "--config", "keyed.toml"))
    for ran in runs:
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == (
            "meta-reward: judge setting extra.provider.api_key holds a key, and settings are written to files: "
            "put it into an environment variable, and name that as key_env in [judge.settings]\n"
        )
    written = [path for path in here.rglob("*") if path.is_file() and path.name != "keyed.toml"]
    assert [path for path in written if KEY.encode() in path.read_bytes()] == []
