"""The cache: one completion by the content of what was asked, and a miss for whatever cannot be read."""

import json
import os
import pwd
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.completion import Completion, Request, Usage
from meta_reward.errors import UsageError
from meta_reward.models.cache import Cache, cache_key, clear, default_cache_folder, folder_of_judge, holdings
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


def test_what_was_asked_can_be_read_line_by_line(tmp_path: Path) -> None:
    request = Request((Message("user", "Rate this.\nNow."),), "Be strict.")
    Cache(tmp_path).save("ab12", COMPLETION, {}, request)
    text = (tmp_path / "ab" / "ab12.json").read_text()
    assert '"Rate this.",\n' in text
    assert json.loads(text)["request"]["messages"][0]["content"] == ["Rate this.", "Now."]


def fill(root: Path, judge: str, *keys: str) -> Cache:
    cache = Cache(folder_of_judge(judge, root))
    for key in keys:
        cache.save(key, COMPLETION, {})
    return cache


def test_every_judge_has_a_folder_that_its_owner_alone_reads(tmp_path: Path) -> None:
    fill(tmp_path / "cache", "openai:a/b@http://localhost:1/v1", "ab1", "cd2")
    fill(tmp_path / "cache", "simulated", "ab1")
    assert [(held.judge, held.entries) for held in holdings(tmp_path / "cache")] == [
        ("openai:a/b@http://localhost:1/v1", 2),
        ("simulated", 1),
    ]
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert holdings(tmp_path / "nothing") == []


def test_clearing_takes_the_judge_and_the_age_that_it_is_told(tmp_path: Path) -> None:
    fill(tmp_path, "a", "ab1", "cd2")
    fill(tmp_path, "b", "ab1")
    old = tmp_path / "replies" / "a" / "ab" / "ab1.json"
    os.utime(old, (0, 0))
    assert [held.entries for held in clear(tmp_path, judge="a", older_than_days=30)] == [1]
    assert [(held.judge, held.entries) for held in holdings(tmp_path)] == [("a", 1), ("b", 1)]
    assert sum(held.entries for held in clear(tmp_path)) == 2
    assert holdings(tmp_path) == []


def test_clearing_does_not_disturb_those_who_write(tmp_path: Path) -> None:
    cache = fill(tmp_path, "a", *(f"{n:02x}ff" for n in range(64)))
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            for n in range(64):
                cache.save(f"{n:02x}ff", COMPLETION, {})

    with ThreadPoolExecutor() as pool:
        writer = pool.submit(write)
        for _ in range(20):
            clear(tmp_path)
        done.set()
        writer.result(10)
    cache.save("00ff", COMPLETION, {})
    assert cache.load("00ff") == COMPLETION
