"""A reward over HTTP: the same scores as in Python, and one clear status for whatever goes wrong."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from meta_reward import load_reward
from tests.conftest import ASKING_HARNESS
from tests.endpoints import Endpoint, Fault, Said, Seen

pytestmark = pytest.mark.slow

CONVERSATION = [{"role": "user", "content": "Where is my order?"}, {"role": "assistant", "content": "I did GOOD."}]
WRONG = [{"role": "user", "content": "Where is my order?"}, {"role": "assistant", "content": "I did BAD."}]


def rate(seen: Seen) -> Said | Fault:
    question = seen.texts[-1]
    if "SLOW" in question:
        time.sleep(0.5)
    return Said("90" if "GOOD" in question else "10" if "BAD" in question else "no number")


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    process: "subprocess.Popen[str]"

    def ask(self, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of an answer. body: JSON, or bytes as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        known = {"content-type": "application/json"} if data is not None else {}
        sent = {**known, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request("POST" if data is not None else "GET", path, data, sent)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        kind = response.headers.get("content-type", "")
        return response.status, json.loads(text) if "json" in kind else text.decode()


def _port(said: Iterable[str]) -> int:
    """Where a server listens, by what it says. Raises AssertionError with its last line where it ends instead."""
    last = ""
    for last in said:
        if last.startswith("listening at "):
            return int(last.rsplit(":", 1)[1])
    raise AssertionError(f"it ended: {last}")


@dataclass
class Judge:
    """Rates by words, as long as it is up."""

    down: bool = False
    spec: str = ""

    def __call__(self, seen: Seen) -> Said | Fault:
        return Fault(503) if self.down else rate(seen)


@pytest.fixture
def rater() -> Iterator[Judge]:
    judge = Judge()
    with Endpoint(judge) as endpoint:
        judge.spec = f"openai:m@{endpoint.url}/v1"
        yield judge


@pytest.fixture
def judge(rater: Judge) -> str:
    return rater.spec


QUICK = "[judge]\nretries = 0\n[judge.settings]\nprice_input = 1.0\nprice_output = 1.0\n"
Serve = Callable[..., Any]


@pytest.fixture
def serve(tmp_path: Path, judge: str) -> Serve:
    """Starts servers of one harness, each with flags of its own."""
    (tmp_path / "asking.py").write_text(ASKING_HARNESS)
    (tmp_path / "quick.toml").write_text(
        "[judge]\nretries = 0\n[judge.settings]\nprice_input = 1.0\nprice_output = 1.0\n"
    )

    @contextmanager
    def start(*flags: object, **environment: str) -> Iterator[Server]:
        words = ["serve", "asking.py", "--judge", judge, "--config", "quick.toml", "--port", "0", "--max-usd", "none"]
        program = [sys.executable, "-c", "from meta_reward.cli import main; main()", *words, *map(str, flags)]
        process = subprocess.Popen(
            program, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )
        assert process.stderr is not None
        try:
            yield Server(_port(process.stderr), process)
        finally:
            process.kill()
            process.wait()
            process.stderr.close()

    return start


def test_scores_are_those_of_python_one_by_one_and_in_a_batch(
    serve: Serve, judge: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve() as server:
        status, one = server.ask("/score", {"messages": CONVERSATION})
        many = server.ask("/score_batch", {"trajectories": [CONVERSATION, {"messages": WRONG}, [], "text"]})[1][
            "results"
        ]
    with load_reward(tmp_path / "asking.py", judge=judge, max_usd="none") as reward:
        known = reward.score(CONVERSATION)
    assert (status, one["score"], one["reason"]) == (200, known.score, known.reason)
    assert [result["score"] for result in many] == [90.0, 10.0, None, None]
    assert [result["error"] and result["error"].split(":")[0] for result in many] == [None, None, *["unreadable"] * 2]


def test_openrlhf_gets_rewards_from_0_to_1_or_an_error_and_never_a_silent_0(serve: Serve) -> None:
    with serve() as server:
        asked = {"query": ["Hi. I did GOOD.", "Hi. I did BAD."], "prompts": ["Hi. ", "Hi. "], "labels": ["", ""]}
        assert server.ask("/get_reward", asked)[1]["rewards"] == [0.9, 0.1]
        status, answer = server.ask("/get_reward", {"query": ["GOOD", "nothing"]})
        assert (status, answer["error"].startswith("no reward for query 1 of 2: ValueError")) == (502, True)
        assert server.ask("/get_reward", {"query": ["GOOD"], "prompts": []})[0] == 200
        assert server.ask("/get_reward", {"query": ["a", "b"], "prompts": ["c"]})[0] == 400
        assert server.ask("/get_reward", {"queries": ["a"]})[0] == 400


def test_request_that_is_none_is_refused_with_its_status_and_one_line(serve: Serve) -> None:
    with serve("--max-body-mb", 1, "--max-waiting", 2) as server:
        refused = [
            server.ask("/score", b"{"),
            server.ask("/score", b"\xff"),
            server.ask("/score", b"{}", content_type="text/plain"),
            server.ask("/score", b" " * 1_100_000),
            server.ask("/score_batch", {"trajectories": 5}),
            server.ask("/score_batch", [CONVERSATION] * 3),
            server.ask("/score", {"messages": CONVERSATION}, host="evil.example"),
        ]
        assert [status for status, _ in refused] == [400, 400, 415, 413, 400, 413, 400]
        assert all("\n" not in json.dumps(answer) for _, answer in refused)
        assert server.ask("/score", {"messages": CONVERSATION})[1]["score"] == 90.0
        assert server.ask("/nowhere")[0] == 404
        assert server.ask("/score")[0] == 405


def test_full_queue_says_so_and_takes_on_again(serve: Serve) -> None:
    slow = [{"role": "assistant", "content": "SLOW GOOD"}]
    with serve("--max-waiting", 2) as server, ThreadPoolExecutor(6) as clients:
        statuses = sorted(status for status, _ in clients.map(lambda _: server.ask("/score", slow), range(6)))
        assert statuses == [200, 200, 429, 429, 429, 429]
        assert server.ask("/score", slow)[0] == 200


def test_client_that_hangs_up_and_a_judge_that_is_down_leave_the_server_whole(serve: Serve, rater: Judge) -> None:
    with serve() as server:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"POST /score HTTP/1.1\r\nhost: localhost\r\ncontent-length: 900\r\n\r\n{")
        rater.down = True
        status, answer = server.ask("/score", WRONG)
        assert (status, "error" in answer) == (503, True)
        rater.down = False
        assert server.ask("/score", {"messages": CONVERSATION})[1]["score"] == 90.0


def test_limit_in_dollars_ends_answers_and_not_the_server(serve: Serve) -> None:
    with serve("--max-usd", 0.00001) as server:
        answers = [server.ask("/score", {"messages": [*CONVERSATION, *WRONG[:n]]})[0] for n in range(2)]
        assert 402 in answers
        assert server.ask("/healthz")[0] == 200


def test_counters_tell_what_was_asked(serve: Serve) -> None:
    with serve() as server:
        server.ask("/score", {"messages": CONVERSATION})
        server.ask("/score", b"{")
        counted = server.ask("/metrics")[1].splitlines()
    assert 'meta_reward_requests_total{path="/score",status="200"} 1' in counted
    assert 'meta_reward_requests_total{path="/score",status="400"} 1' in counted
    assert "meta_reward_trajectories_scored_total 1" in counted
    assert "meta_reward_judge_calls_total 1" in counted


def test_token_is_asked_for_where_others_can_reach_the_server(serve: Serve) -> None:
    with pytest.raises(AssertionError, match=r"can be reached from other machines, and no token is set"):
        serve("--host", "0.0.0.0").__enter__()
    with serve("--host", "0.0.0.0", "--token-env", "REWARD_TOKEN", REWARD_TOKEN="s3cret") as server:
        asked = {"messages": CONVERSATION}
        assert server.ask("/score", asked)[0] == 401
        assert server.ask("/score", asked, authorization="Bearer wrong")[0] == 401
        assert server.ask("/score", asked, authorization="Bearer s3cret")[0] == 200
        assert server.ask("/healthz")[0] == 200


def test_end_waits_for_requests_under_way(serve: Serve) -> None:
    with serve() as server, ThreadPoolExecutor(1) as client:
        answer = client.submit(server.ask, "/score", [{"role": "assistant", "content": "SLOW GOOD"}])
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        assert answer.result()[1]["score"] == 90.0
        assert server.process.wait(10) == 0


def test_port_that_is_taken_is_one_line(serve: Serve) -> None:
    with (
        serve() as server,
        pytest.raises(AssertionError, match=r"cannot listen at 127.0.0.1, port \d+: address already"),
    ):
        serve("--port", server.port).__enter__()
