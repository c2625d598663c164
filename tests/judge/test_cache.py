"""The cache: one completion by the content of what was asked, and a miss for whatever cannot be read."""

import json
import pwd
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.completion import Completion, Request, Usage
from meta_reward.errors import UsageError
from meta_reward.judge.cache import Cache, cache_key, default_cache_folder
from meta_reward.trajectory import Message, Tool, ToolCall

REQUEST = Request((Message("user", "Rate this."),))
COMPLETION = Completion("Let me\nsee.", Usage(10, 2, 3, 4), (ToolCall("1", "look", {"id": "A1"}),), "tool")
SAME: dict[str, Any] = {"trajectory_digest": "t", "repeat": 0, "request": REQUEST, "draw": 0}


@given(st.text(), st.builds(Usage, *[st.integers(0, 2**53)] * 4), st.dictionaries(st.text(), st.text(), max_size=2))
def test_completion_comes_back_as_it_was_saved(
    tmp_path_factory: pytest.TempPathFactory, text: str, usage: Usage, arguments: dict[str, str]
) -> None:
    cache = Cache(tmp_path_factory.getbasetemp())
    completion = Completion(text, usage, (ToolCall("1", "look", arguments),), "tool")
    cache.save("ab12", completion, {"kind": "word"})
    assert cache.load("ab12") == completion


def test_key_that_was_never_saved_is_a_miss(tmp_path: Path) -> None:
    assert Cache(tmp_path / "none").load("ab12") is None


def test_stored_file_says_which_judge_gave_it(tmp_path: Path) -> None:
    Cache(tmp_path).save("ab12", COMPLETION, {"kind": "word", "model": "m"})
    stored = json.loads((tmp_path / "ab" / "ab12.json").read_text())
    assert (stored["judge"], stored["completion"]["text"]) == ({"kind": "word", "model": "m"}, "Let me\nsee.")


@pytest.mark.parametrize(
    "content",
    [
        "",
        '{"comp',
        "[]",
        "{}",
        '{"completion": {}}',
        '{"completion": 5}',
        '{"completion": {"text": "a", "usage": {"in": 1}, "tool_calls": [], "stop_reason": "end"}}',
        '{"completion": {"text": "a", "usage": {}, "tool_calls": [], "stop_reason": "end"}}',
    ],
)
def test_file_that_cannot_be_read_is_a_miss_and_written_again(tmp_path: Path, content: str) -> None:
    cache = Cache(tmp_path)
    cache.save("ab12", COMPLETION, {})
    (tmp_path / "ab" / "ab12.json").write_text(content)
    assert cache.load("ab12") is None
    cache.save("ab12", COMPLETION, {})
    assert cache.load("ab12") == COMPLETION


def test_key_tells_all_that_may_change_an_answer() -> None:
    judge = {"kind": "word", "seed": 1}
    message = Message("user", "Rate this.", (ToolCall("1", "look", {}),))
    requests = [
        Request((Message("user", "Rate this!"),)),
        Request((Message("assistant", "Rate this."),)),
        Request((message,)),
        Request(REQUEST.messages, "Be strict."),
        Request(REQUEST.messages, "", (Tool("look"),)),
        Request(REQUEST.messages, None, (Tool("look"),), "look"),
        Request(REQUEST.messages, None, (), None, {"type": "object"}),
    ]
    keys = [
        cache_key(judge, **SAME),
        cache_key({**judge, "seed": 2}, **SAME),
        *(
            cache_key(judge, **{**SAME, **{name: other}})
            for name, other in [("trajectory_digest", "u"), ("repeat", 1), ("draw", 1)]
        ),
        *(cache_key(judge, **{**SAME, "request": request}) for request in requests),
    ]
    assert len(set(keys)) == len(keys) == 12


def test_key_does_not_depend_on_the_order_of_settings() -> None:
    assert cache_key({"a": 1, "b": 2}, **SAME) == cache_key({"b": 2, "a": 1}, **SAME)


def test_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [default_cache_folder()]
    monkeypatch.delenv("META_REWARD_CACHE")
    found.append(default_cache_folder())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found.append(default_cache_folder())
    assert found == [Path.home() / "cache", Path.home() / ".cache" / "meta-reward", tmp_path / "meta-reward"]


def test_person_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "META_REWARD_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="no home folder for the judge's cache: set HOME or META_REWARD_CACHE"):
        default_cache_folder()
