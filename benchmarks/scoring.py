"""`score` of one file beside `evaluate` on the same trajectories: trajectories a second, and the most memory.

    python benchmarks/scoring.py [TRAJECTORIES] [CONCURRENCY]

Trajectories of 20 KB, the seed `baseline` in the strictest sandbox, and a judge on loopback that answers after
50 ms. Each way runs in a process of its own, and is timed without imports and start: `score` with reading the file
and writing its output, `evaluate` without reading, and with the journal that a search keeps. `score` runs on a quarter
of the file as well: memory that does not grow with the file is the same for both. Memory is the process's own,
without the sandbox and its children. At last `score` is killed when half of its lines are written and started again,
and the judge's server says how many calls it got: what was in flight is all that may be asked for twice.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
BASELINE = PROJECT / "seed_harnesses" / "baseline.py"
SIZE = 20_000
SETTINGS = {"price_input": 1.0, "price_output": 1.0}


def main(trajectories: int = 1000, concurrency: int = 16) -> None:
    """Print the table."""
    with _server() as (url, _):
        cores = len(os.sched_getaffinity(0))
        print(
            f"{trajectories} trajectories of {SIZE // 1000} KB, 50 ms a call, {concurrency} at once, {cores} processors"
        )
        quarter = _run("score", url, max(1, trajectories // 4), concurrency)
        score = _run("score", url, trajectories, concurrency)
        evaluate = _run("evaluate", url, trajectories, concurrency)
    print(f"{'':22}{'trajectories/s':>15}{'peak memory':>13}")
    for name, count, (wall, rss) in (
        ("score, a quarter", max(1, trajectories // 4), quarter),
        ("score", trajectories, score),
        ("evaluate", trajectories, evaluate),
    ):
        print(f"{name:22}{count / wall:>15.1f}{rss:>10.0f} MB")
    print(f"score/evaluate: {evaluate[0] / score[0]:.2f} of its throughput, {score[1] / evaluate[1]:.2f} of its memory")
    with _server() as (url, calls):
        _run("score", url, trajectories, concurrency, kill_at=trajectories // 2)
        print(f"killed half way and started again: {calls()} calls for {trajectories} trajectories")


@contextlib.contextmanager
def _server() -> Iterator[tuple[str, Callable[[], int]]]:
    """The address of a judge, and what ends it and tells how many calls it got."""
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None

    def calls() -> int:
        server.terminate()
        return int(server.communicate()[0])

    try:
        yield server.stdout.readline().strip(), calls
    finally:
        server.kill()


def _run(way: str, url: str, trajectories: int, concurrency: int, *, kill_at: int = 0) -> tuple[float, float]:
    """Wall seconds, and MB at the most. kill_at: end it the hard way at so many lines, and start it again."""
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder) / "runs.jsonl", trajectories)
        environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OPENAI_API_KEY": "none"}
        environment["META_REWARD_CACHE"] = f"{folder}/cache"
        command = [sys.executable, __file__, f"--{way}", json.dumps([url, concurrency, folder])]
        if kill_at:
            _kill(subprocess.Popen(command, env=environment), Path(folder) / "scored.jsonl", kill_at)
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    wall, rss = json.loads(done.stdout.splitlines()[-1])
    return wall, rss


def _kill(process: subprocess.Popen[bytes], out: Path, lines: int) -> None:
    while not (out.exists() and out.read_bytes().count(b"\n") >= lines):
        time.sleep(0.05)
    process.kill()
    process.wait()


def _write(path: Path, count: int) -> None:
    """Trajectories that are all different: a long tool result, and what the agent makes of it."""
    with path.open("w") as file:
        for number in range(count):
            call = {"id": "a", "type": "function", "function": {"name": "look", "arguments": '{"order": "A1"}'}}
            rows = "\n".join(f"{number}-{row}: sent, paid, {row * 7 % 100} items" for row in range(SIZE // 26))
            messages: list[dict[str, Any]] = [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": f"Where is order {number}?"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "a", "content": rows[: SIZE - 500]},
                {"role": "assistant", "content": "It was sent."},
            ]
            file.write(json.dumps({"id": f"r{number}", "task": f"t{number // 4}", "messages": messages}) + "\n")


def _said(began: float) -> None:
    """The seconds since then, and the most memory that this process had, in MB."""
    print(json.dumps([time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


async def serve() -> None:
    """The server of `judging.py`; when it is told to end it prints how many calls it got."""
    from benchmarks.judging import Server

    calls = 0

    class Counting(Server):
        def _answer(self) -> None:
            nonlocal calls
            calls += 1
            super()._answer()

    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(Counting, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await ended.wait()
    print(calls)


async def score(url: str, concurrency: int, folder: str) -> None:
    """What the command does, without its display."""
    from meta_reward.use.loaded import Wanted, load
    from meta_reward.use.score_files import Job, score_files

    settings = {"judge": {"concurrency": concurrency, "settings": SETTINGS}}
    loaded = load(BASELINE, Wanted(f"openai:m@{url}", settings, max_usd=0.0))
    began = time.perf_counter()
    tally = await score_files(Job(loaded, (Path(folder) / "runs.jsonl",), Path(folder) / "scored.jsonl"))
    assert not tally.failed, tally.errors
    _said(began)


async def evaluate(url: str, concurrency: int, folder: str) -> None:
    """An evaluation as a search makes it, without pairs."""
    from meta_reward.evaluation.evaluate import evaluate
    from meta_reward.kinds.reward import reward_examples
    from meta_reward.models.billing import BillingLog
    from meta_reward.run.config import new_config
    from meta_reward.run.evaluations import journal_result
    from meta_reward.search.open import open_backend, open_gateway, open_sandbox
    from meta_reward.trajectory import Rollout
    from meta_reward.use.trajectories import Shared, read_trajectories

    judge = {"spec": f"openai:m@{url}", "concurrency": concurrency, "settings": SETTINGS}
    config, journal = new_config({"judge": judge}), Path(folder) / "journal.jsonl"
    rows = read_trajectories(Path(folder) / "runs.jsonl", Shared())
    rollouts = [Rollout(str(row.id), str(row.task), row.trajectory) for row in rows if row.trajectory]
    gateway = open_gateway(config, open_backend(config), billing=BillingLog(Path(folder) / "account.jsonl"))
    async with await open_sandbox(config) as sandbox:
        began = time.perf_counter()
        done = await evaluate(
            BASELINE.read_text(),
            reward_examples(rollouts),
            gateway=gateway,
            sandbox=sandbox,
            on_result=lambda result: journal_result(journal, result),
        )
        assert all(result.score == 72 for result in done.results)
        _said(began)


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        asyncio.run(serve())
    elif sys.argv[1:] and sys.argv[1].startswith("--"):
        asyncio.run({"score": score, "evaluate": evaluate}[sys.argv[1].removeprefix("--")](*json.loads(sys.argv[2])))
    else:
        main(*(int(argument) for argument in sys.argv[1:]))
