"""A signal ends a search within seconds, and what was paid for is kept; a second one ends it at once."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import MetaReward
from tests.conftest import ASKING_HARNESS, make_task_set
from tests.endpoints import Endpoint, Said

SEARCH = ("search", "small", "--seeds", "seeds", "--iterations", "0", "--max-usd", "none", "--concurrency", "4")


class SlowJudge:
    """Answers after some seconds."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.spec = f"openai:m@{endpoint.url}/v1"
        self.seconds = 0.0

    def start(self, *more: str, terminal: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """A search that this judge judges. terminal: where its standard error goes."""
        program = "from meta_reward.cli import main; main()"
        command = [sys.executable, "-c", program, *SEARCH, "--judge", self.spec, *more]
        env = {**os.environ, "TERM": "xterm"}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal, text=True, env=env)

    def finish(self) -> None:
        """A search that is answered at once, to its end."""
        self.seconds = 0.0
        process = self.start()
        process.communicate(timeout=60)
        assert process.returncode == 0

    def wait_for_calls(self, count: int) -> None:
        while len(self.endpoint.seen) < count:
            time.sleep(0.01)


@pytest.fixture
def judge(here: Path) -> Iterator[SlowJudge]:
    make_task_set(here / "tasks" / "small", tasks=8)
    (here / "seeds").mkdir()
    (here / "seeds" / "asking.py").write_text(ASKING_HARNESS)

    def answer(seen: object) -> Said:
        judge.endpoint.closing.wait(judge.seconds)
        return Said("80")

    with Endpoint(answer) as endpoint:
        judge = SlowJudge(endpoint)
        yield judge


def events_of(run: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_calls_in_flight_finish_and_are_not_made_again(judge: SlowJudge, number: int) -> None:
    judge.seconds = 1.0
    process = judge.start()
    judge.wait_for_calls(4)
    process.send_signal(number)
    said = process.communicate(timeout=20)[1].splitlines()
    assert said[-1] == "meta-reward: interrupted; what was finished is on disk, and the same command continues"
    asked = len(judge.endpoint.seen)
    judge.finish()
    assert (process.returncode, asked < 16, len(judge.endpoint.seen)) == (130, True, 16)


@pytest.mark.slow
def test_calls_that_take_long_do_not_hold_up_the_end(judge: SlowJudge, here: Path, meta_reward: MetaReward) -> None:
    judge.seconds = 60.0
    process = judge.start("--notify", "cat >> told.jsonl")
    judge.wait_for_calls(4)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert (process.returncode, "ending: calls in flight have 5 s; once more to stop at once" in said) == (130, True)
    assert json.loads(meta_reward("status", "small", "--json").out)["state"] == "interrupted"
    last = events_of(here / "runs" / "small")[-1]
    assert (last["event"], last["state"]) == ("end", "interrupted")
    assert json.loads((here / "told.jsonl").read_text()) == {"run": "small", **last}


@pytest.mark.slow
def test_second_signal_ends_it_at_once(judge: SlowJudge) -> None:
    judge.seconds = 60.0
    process = judge.start()
    judge.wait_for_calls(4)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=4)[1]  # the first alone takes five seconds
    assert said.endswith("stopped at once; what was finished is on disk, and the same command continues\n")
    assert process.returncode == 130
    judge.finish()


@pytest.mark.slow
def test_second_signal_gives_the_terminal_its_cursor_back(judge: SlowJudge) -> None:
    judge.seconds = 60.0
    ours, theirs = pty.openpty()
    process = judge.start(terminal=theirs)
    judge.wait_for_calls(4)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=4)
    assert process.returncode == 130
    shown = b""
    while select.select([ours], [], [], 0.5)[0] and (more := os.read(ours, 4096)):
        shown += more
    os.close(ours)
    os.close(theirs)
    assert 0 < shown.rfind(b"\x1b[?25l") < shown.rfind(b"\x1b[?25h") < shown.rfind(b"stopped at once")
