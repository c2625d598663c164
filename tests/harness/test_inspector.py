"""The inspector: whatever a source does to whoever reads it, it does to a child, and the next source is read."""

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meta_reward.harness.validate import definitions, docstring, fingerprint, inspect_source
from meta_reward.harness.validate.inspector import Inspector, Limits, Unreadable

ASKED = {"known": {}, "packages": [], "required": ["reward"], "optional": [], "has_parts": True}
GOOD = "async def reward(trajectory, judge):\n    return 5\n"
LARGE = "a = b\n" * 10_000  # two hundred times what an ordinary harness takes
NESTED = "a0 = ['x', 'y']\n" + "".join(f"a{n} = [a{n - 1}, a{n - 1}]\n" for n in range(1, 40))
HOSTILE = {
    "long text joined to itself": f"s = {'word ' * 12_000!r}\nx = ''.join([s] * 6000)",
    "long text joined by itself": f"s = {'word ' * 2_000!r}\nx = s.join([s] * 6000)",
    "long text in a text, often": f"s = {'word ' * 10_000!r}\nx = f'{'{s}' * 3000}'",
    "long text formatted": f"s = {'word ' * 10_000!r}\nx = '{'%s' * 3000}' % ([s] * 3000)",
    "nested lists written out": f"{NESTED}x = '%s' % [a24]",
    "more nested lists": f"{NESTED}x = '%s' % a39",
    "codec that takes the square": f"s = {'你好世界' * 5_000!r}\nx = s.encode('punycode')",
    "codec of domains": f"s = {'你好世界' * 5_000!r}\nx = s.encode('IDNA')",
    "large numbers multiplied": f"n = 0x{'f' * 3_000}\nx = n * n * n * n\ny = 'a' * n",
    "long text, in many places": f"s = {'word ' * 8_000!r}\n" + "x = [s, s]\n" * 2_000,
}


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    made = Inspector()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def tight() -> Iterator[Inspector]:
    made = Inspector(Limits(memory_mb=64, cpu_s=3))
    yield made
    made.stop()


def inspect(inspector: Inspector, source: str) -> Any:
    return inspector.ask("inspect", source, **ASKED)


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_hostile_constants_are_read_with_little_memory_and_time(source: str, tight: Inspector) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert {finding["check"] for finding in inspect(tight, f"{source}\n{GOOD}")["findings"]} <= {"dense"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(memory_mb=8), "takes more than 8 MB of memory to read"),
        (Limits(cpu_s=0.1), r"takes more than 0.1 s to read"),
        (Limits(wall_s=0.1), r"takes more than 10 s to read, or 0.1 s on a busy machine"),
    ],
)
def test_source_beyond_the_limits_is_refused_and_the_next_one_is_read(limits: Limits, said: str) -> None:
    inspector = Inspector(limits)
    try:
        with pytest.raises(Unreadable, match=said):
            inspect(inspector, LARGE)
        first = inspector.pid
        assert inspector.ask("docstring", "'Words.'") == "Words."
        assert inspector.pid == first
    finally:
        inspector.stop()


@pytest.mark.parametrize(
    "source",
    [
        *("(" * 2_000, "-" * 60_000 + "1", "x = a" + ".a" * 30_000, "x = a" + "[a]" * 20_000, "not " * 15_000 + "x"),
        *("x = a" + " if a else a" * 5_000, "lambda:" * 9_000 + "1", "x = " + "f'{" * 900, "[" * 30_000),
        "".join(f"{' ' * depth}if a:\n" for depth in range(300)),
    ],
    ids=lambda source: source[:12].strip(),
)
def test_source_that_is_nested_too_deeply_is_refused_and_the_next_one_is_read(source: str) -> None:
    (finding,) = inspect_source(source).findings
    assert finding.check in ("syntax", "limits")
    assert inspect_source(GOOD).ok


@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
def test_crash_of_the_parser_ends_the_child_alone(inspector: Inspector) -> None:
    inspect(inspector, GOOD)
    first = inspector.pid

    def crash() -> None:
        children = Path(f"/proc/{first}/task/{first}/children")
        while not children.read_text():
            time.sleep(0.001)
        os.kill(int(children.read_text()), signal.SIGSEGV)

    threading.Thread(target=crash).start()
    with pytest.raises(Unreadable, match=r"crashes what reads it \(SIGSEGV\)"):
        inspect(inspector, LARGE)
    assert inspect(inspector, GOOD)["ok"]
    assert inspector.pid == first


def test_inspector_that_has_died_is_started_anew(inspector: Inspector) -> None:
    inspect(inspector, GOOD)
    first = inspector.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert inspect(inspector, GOOD)["ok"]
    assert inspector.pid != first


@pytest.mark.skipif(sys.platform != "linux", reason="environments are shown in /proc")
def test_inspector_has_no_keys(inspector: Inspector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret")
    inspect(inspector, GOOD)
    names = {entry.partition("=")[0] for entry in Path(f"/proc/{inspector.pid}/environ").read_text().split("\0")}
    assert names == {"PYTHONPATH", "LC_ALL", ""}


def test_threads_get_their_own_answers(inspector: Inspector) -> None:
    answers: dict[str, str] = {}

    def ask(words: str) -> None:
        answers[words] = inspector.ask("docstring", repr(words))

    threads = [threading.Thread(target=ask, args=(f"words {number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {words: words for words in answers}
    assert len(answers) == 20


def test_what_is_too_large_or_no_program_has_no_fingerprint_docstring_or_definitions() -> None:
    for ask in (fingerprint, docstring, definitions):
        for source in ("x = 1\n" * 20_000, "def f(:", "-" * 60_000 + "1"):
            with pytest.raises(SyntaxError):
                ask(source)


def test_definitions_are_told_apart_by_what_they_do() -> None:
    first, second = definitions("A = 1\ndef f(): return 1  # one\n"), definitions("A = 2\ndef f():\n    return 1\n")
    assert (first["A"] == second["A"], first["f"] == second["f"]) == (False, True)


def test_warnings_of_the_parser_do_not_stop_it(inspector: Inspector) -> None:
    noisy = 'x = "\\d"\n' * 8_000 + GOOD  # a warning a line, more than a pipe holds
    assert inspector.ask("fingerprint", noisy)


def test_stop_ends_a_question_that_is_being_answered(inspector: Inspector) -> None:
    inspector.ask("fingerprint", GOOD)
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            inspector.ask("inspect", HOSTILE["more nested lists"], **ASKED)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.1)
    began = time.monotonic()
    inspector.stop()
    thread.join(5)
    assert time.monotonic() - began < 5
    assert len(raised) <= 1
    assert inspector.ask("fingerprint", GOOD)


def test_child_that_the_machine_kills_is_asked_once_more(inspector: Inspector) -> None:
    inspector.ask("fingerprint", GOOD)
    first, killed = inspector.pid, threading.Event()

    def kill_children() -> None:
        children = Path(f"/proc/{first}/task/{first}/children")
        while not killed.is_set():
            for pid in children.read_text().split() if children.exists() else []:
                os.kill(int(pid), signal.SIGKILL)
                killed.set()

    killer = threading.Thread(target=kill_children)
    killer.start()
    try:
        for number in range(200):  # until one is caught
            assert inspector.ask("fingerprint", f"{GOOD}X = {number}\n")
            if killed.is_set():
                break
    finally:
        killed.set()
        killer.join()
    assert inspector.ask("fingerprint", GOOD)
