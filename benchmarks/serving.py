"""`serve` beside `score` on the same trajectories, and under many clients for a while.

    python benchmarks/serving.py [TRAJECTORIES] [CLIENTS] [SECONDS]

Trajectories of 20 KB, the seed `baseline` in the strictest sandbox, and a judge on loopback that answers after 50 ms,
with 64 trajectories at once. First every trajectory is scored, by `score` from a file, then by 64 clients of a server:
the share of its throughput, and whether all scores are equal. The clients are a process of their own, beside the server
on the same processors. Then as many CLIENTS ask for as many SECONDS, some of them with malformed and oversized bodies,
and some hang up: errors, and the memory of the server's process at the begin and at the end.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.scoring import BASELINE, PROJECT, SETTINGS, _server, _write

AT_ONCE = 64
_ODD = {"malformed": b'{"messages": [', "oversized": b" " * 3_000_000 + b"{}", "hangs up": b""}


def main(trajectories: int = 1000, clients: int = 200, seconds: int = 60) -> None:
    """Print the numbers."""
    with tempfile.TemporaryDirectory() as name, _server() as (judge, _):
        folder = Path(name)
        _write(folder / "runs.jsonl", trajectories)
        rows = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
        (folder / "settings.toml").write_text(_settings())
        score_s, by_file = _score(folder, judge)
        with _serve(folder, judge) as (port, process):
            serve_s, by_server = _ask_all(port, rows)
            print(f"{trajectories} trajectories of 20 KB, 50 ms a call, {AT_ONCE} at once")
            print(f"score {trajectories / score_s:.1f}/s, serve {trajectories / serve_s:.1f}/s")
            print(f"serve/score: {score_s / serve_s:.2f} of its throughput, scores equal: {by_server == by_file}")
            before = _memory_mb(process.pid)
            answers = _load(port, rows, clients, seconds)
            after = _memory_mb(process.pid)
        print(f"{clients} clients for {seconds} s: {dict(sorted(answers.items()))}")
        print(f"memory of the server: {before:.0f} MB before, {after:.0f} MB after")


def _settings() -> str:
    prices = "".join(f"{name} = {value}\n" for name, value in SETTINGS.items())
    return f"[judge]\nconcurrency = {AT_ONCE}\n[judge.settings]\n{prices}"


def _command(folder: Path, judge: str, *words: str) -> tuple[list[str], dict[str, str]]:
    program = [sys.executable, "-c", "from meta_reward.cli import main; main()", words[0], str(BASELINE), *words[1:]]
    flags = ["--judge", f"openai:m@{judge}", "--max-usd", "none", "--config", str(folder / "settings.toml")]
    known = {**os.environ, "PYTHONPATH": str(PROJECT), "OPENAI_API_KEY": "none"}
    return [*program, *flags], {**known, "META_REWARD_CACHE": str(folder / f"cache-{words[0]}")}


def _score(folder: Path, judge: str) -> tuple[float, dict[str, float]]:
    """Seconds from the first line to the last, and the score of each trajectory."""
    out = folder / "scored.jsonl"
    command, environment = _command(folder, judge, "score", str(folder / "runs.jsonl"), "--out", str(out))
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    while not (out.exists() and out.stat().st_size):
        time.sleep(0.005)
    began = time.perf_counter()
    process.wait()
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    return time.perf_counter() - began, {row["id"]: row["score"] for row in rows}


@contextmanager
def _serve(folder: Path, judge: str) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    command, environment = _command(folder, judge, "serve", "--port", "0", "--max-body-mb", "1")
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = next(line for line in process.stderr if line.startswith("listening at "))
    try:
        yield int(line.rsplit(":", 1)[1]), process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _ask_all(port: int, rows: list[dict[str, Any]]) -> tuple[float, dict[str, float]]:
    """Seconds from the first answer to the last, and the score of each trajectory."""
    waiting, scores = iter(rows), dict[str, float]()
    lock = threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            with lock:
                row = next(waiting, None)
            if row is None:
                return
            scores[row["id"]] = json.loads(_post(connection, json.dumps(row).encode())[1])["score"]
            began.append(time.perf_counter())

    began = list[float]()
    _together([client] * AT_ONCE)
    return time.perf_counter() - began[0], scores


def _load(port: int, rows: list[dict[str, Any]], clients: int, seconds: int) -> Counter[str]:
    """What came of the requests of many clients: by status, and of the odd ones by what they are."""
    answers, ends = Counter[str](), time.monotonic() + seconds

    def client(number: int) -> None:
        odd = list(_ODD)[number % 10] if number % 10 < len(_ODD) else ""
        connection = http.client.HTTPConnection("127.0.0.1", port)
        at = number
        while time.monotonic() < ends:
            body = _ODD[odd] if odd else json.dumps(rows[at % len(rows)]).encode()
            at += clients
            if odd == "hangs up":
                _hang_up(port)
                answers[odd] += 1
                time.sleep(0.05)
                continue
            try:
                status, _ = _post(connection, body)
                answers[f"{odd} {status}".strip()] += 1
            except (OSError, http.client.HTTPException) as error:  # the server may close on a body that is too large
                answers[f"{odd} {type(error).__name__}".strip()] += 1
            if odd:
                connection.close()
                time.sleep(0.05)

    _together([lambda number=number: client(number) for number in range(clients)])  # type: ignore[misc]
    return answers


def _post(connection: http.client.HTTPConnection, body: bytes) -> tuple[int, bytes]:
    connection.request("POST", "/score", body, {"content-type": "application/json"})
    response = connection.getresponse()
    return response.status, response.read()


def _hang_up(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST /score HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{")


def _together(work: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
