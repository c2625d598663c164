"""What the gateway and the sandbox cost: judged trajectories a second and CPU milliseconds for each of them.

    python benchmarks/judging.py [TRAJECTORIES] [CONCURRENCY ...]
    INSPECT_PYTHON=/path/to/venv/bin/python python benchmarks/judging.py

All against one server on loopback that speaks chat completions and answers after 50 ms:

    bare      the openai client and a semaphore, nothing else: no sandbox, no record, no cache
    evaluate  our evaluation with the seed `baseline`, in the strictest sandbox, journal and cache on disk
    again     the same a second time, from what the first has kept
    inspect   the same judging as a scorer of Inspect AI, where INSPECT_PYTHON has it (pip install inspect-ai openai)

Each runs in a process of its own; CPU is that of the process, plus that of its children, without imports and server.
A process that asks judges has one thread: with processors enough its own CPU is what bounds its throughput.
"""

import asyncio
import contextlib
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
LATENCY_S = 0.05
CONCURRENCIES = (8, 64, 256)
WAYS = ("bare", "evaluate", "again", "inspect")
QUESTION = "Rate this run from 0 to 100."


class Server(asyncio.Protocol):
    """Chat completions: every request gets the same reply after a while."""

    REPLY = json.dumps(
        {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "Score: 72"}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": 900, "completion_tokens": 2, "total_tokens": 902},
        }
    ).encode()
    RESPONSE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
        len(REPLY),
        REPLY,
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._data = transport, bytearray()

    def data_received(self, data: bytes) -> None:
        self._data += data
        head = self._data.find(b"\r\n\r\n")
        if head < 0:
            return
        length = re.search(rb"content-length: *(\d+)", self._data[:head], re.IGNORECASE)
        end = head + 4 + (int(length[1]) if length else 0)
        if len(self._data) >= end:
            del self._data[:end]
            asyncio.get_running_loop().call_later(LATENCY_S, self._answer)

    def _answer(self) -> None:
        if isinstance(self._transport, asyncio.WriteTransport) and not self._transport.is_closing():
            self._transport.write(self.RESPONSE)


async def serve() -> None:
    """Serve until killed; the first line printed is the address."""
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


def main(trajectories: int = 1000, *concurrencies: int) -> None:
    """Print the table."""
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    inspect = os.environ.get("INSPECT_PYTHON", "")
    try:
        cores = len(os.sched_getaffinity(0))
        print(f"{trajectories} trajectories, {LATENCY_S * 1000:.0f} ms a call, {cores} processors", end="; ")
        print("trajectories/s (CPU ms each: own + children's)")
        print("concurrency " + "".join(f"{way:>18}" for way in WAYS) + "   evaluate/bare  again/evaluate")
        for concurrency in concurrencies or CONCURRENCIES:
            with tempfile.TemporaryDirectory() as folder:
                task = json.dumps([url, trajectories, concurrency, folder])
                took = {way: _run(way, task, inspect) for way in WAYS if way != "inspect" or inspect}
            cells = [_cell(trajectories, *seconds) for seconds in took.values()]
            ours, bare, again = (took[way][0] for way in ("evaluate", "bare", "again"))
            print(f"{concurrency:>11} " + "".join(f"{cell:>18}" for cell in cells), end="")
            print(f"{'' if inspect else ' ' * 18}{bare / ours:>16.2f}{again / ours:>16.2f}", flush=True)
    finally:
        server.kill()


def _cell(trajectories: int, wall: float, own: float, children: float) -> str:
    return f"{trajectories / wall:.0f} ({own / trajectories * 1000:.1f} + {children / trajectories * 1000:.1f})"


def _run(way: str, task: str, inspect: str) -> tuple[float, float, float]:
    """Wall seconds of one way, CPU seconds of its process and of that one's children."""
    python = inspect if way == "inspect" else sys.executable
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OPENAI_API_KEY": "none"}
    command = [python, __file__, f"--{way}", task]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    wall, own, children = json.loads(done.stdout.splitlines()[-1])
    return wall, own, children


def _cpu_s() -> float:
    """CPU seconds of this process and all below it, those that have ended included (Linux)."""
    below: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            fields = entry.read_text().rpartition(")")[2].split()
            below.setdefault(int(fields[1]), []).append(int(entry.parent.name))
            used[int(entry.parent.name)] = sum(map(int, fields[11:15]))
    family = [os.getpid()]
    for pid in family:
        family += below.get(pid, [])
    return sum(used.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")


async def _timed(work: Callable[[], Awaitable[object]]) -> None:
    began, own, family = time.perf_counter(), time.process_time(), _cpu_s()
    await work()
    wall, own = time.perf_counter() - began, time.process_time() - own
    print(json.dumps([wall, own, max(0.0, _cpu_s() - family - own)]))


def _rollouts(count: int) -> list[Any]:
    """So many trajectories of Skyways; past the end they begin again, each with a policy of its own."""
    from dataclasses import replace

    from meta_reward.tasks.taskset import load_task_set

    known = list(load_task_set(PROJECT / "tasks" / "skyways").rollouts.values())
    made = []
    for number in range(count):
        rollout = known[number % len(known)]
        trajectory = replace(rollout.trajectory, policy=f"{rollout.trajectory.policy}\n{number}")
        made.append(replace(rollout, id=f"r{number}", trajectory=trajectory))
    return made


def _score(reply: str | None) -> float:
    return float((reply or "").removeprefix("Score: "))


async def bare(url: str, trajectories: int, concurrency: int, folder: str) -> None:
    """The openai client and a semaphore."""
    import openai

    prompts = [f"{QUESTION}\n\n{rollout.trajectory.transcript()}" for rollout in _rollouts(trajectories)]
    slots = asyncio.Semaphore(concurrency)
    async with openai.AsyncOpenAI(api_key="none", base_url=url) as client:

        async def judge(prompt: str) -> float:
            async with slots:
                reply = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": prompt}])
                return _score(reply.choices[0].message.content)

        await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "warm up"}])
        await _timed(lambda: asyncio.gather(*map(judge, prompts)))


async def evaluation(url: str, trajectories: int, concurrency: int, folder: str) -> None:
    """Our evaluation, with a cache and a journal in the folder."""
    from meta_reward.completion import Request
    from meta_reward.evaluation.evaluate import evaluate
    from meta_reward.harness.budget import Budget
    from meta_reward.harness.levels import choose_level
    from meta_reward.harness.sandbox import Sandbox
    from meta_reward.kinds.reward import reward_examples
    from meta_reward.models.billing import BillingLog
    from meta_reward.models.cache import Cache
    from meta_reward.models.gateway import Gateway
    from meta_reward.models.registry import make_backend
    from meta_reward.run.evaluations import journal_result
    from meta_reward.trajectory import Message

    backend = make_backend(f"openai:m@{url}", {"price_input": 1.0, "price_output": 1.0})
    billing = BillingLog(Path(folder) / "account.jsonl")
    gateway = Gateway(backend, Cache(Path(folder) / "cache"), concurrency=concurrency, billing=billing)
    source, rollouts = (PROJECT / "seed_harnesses" / "baseline.py").read_text(), _rollouts(trajectories)
    journal = Path(folder) / f"{time.time()}.jsonl"
    level = await choose_level("auto")
    await backend.complete(Request((Message("user", "warm up"),)), draw=0)

    async def work(sandbox: Sandbox) -> None:
        done = await evaluate(
            source,
            reward_examples(rollouts),
            gateway=gateway,
            sandbox=sandbox,
            on_result=lambda result: journal_result(journal, result),
        )
        assert all(result.score == 72 for result in done.results), next(
            result for result in done.results if result.score != 72
        )

    async with Sandbox(Budget(), level=level) as sandbox:
        await _timed(lambda: work(sandbox))


async def inspect(url: str, trajectories: int, concurrency: int, folder: str) -> None:
    """The same judging as an Inspect scorer."""
    ai, dataset, models, scorers = map(
        importlib.import_module, ("inspect_ai", "inspect_ai.dataset", "inspect_ai.model", "inspect_ai.scorer")
    )
    config = models.GenerateConfig(max_connections=concurrency)
    model = models.get_model("openai/m", base_url=url, api_key="none", responses_api=False, config=config)

    async def score(state: Any, target: Any) -> Any:
        reply = await model.generate(f"{QUESTION}\n\n{state.input_text}")
        return scorers.Score(value=_score(reply.completion), explanation=reply.completion)

    async def run(prompts: list[str]) -> None:
        samples = dataset.MemoryDataset([dataset.Sample(input=prompt) for prompt in prompts])
        judged = scorers.scorer(metrics=[scorers.mean()], name="judged")(lambda: score)
        task = ai.Task(dataset=samples, solver=[], scorer=judged())
        (log,) = await ai.eval_async(task, model=model, max_samples=concurrency, log_dir=folder, log_realtime=False)
        assert log.status == "success", log.error

    await run(["warm up"])
    prompts = [rollout.trajectory.transcript() for rollout in _rollouts(trajectories)]
    await _timed(lambda: run(prompts))


if __name__ == "__main__":
    way = sys.argv[1].removeprefix("--") if sys.argv[1:] and sys.argv[1].startswith("--") else ""
    if way == "serve":
        asyncio.run(serve())
    elif way:
        ways = {"bare": bare, "evaluate": evaluation, "again": evaluation, "inspect": inspect}
        asyncio.run(ways[way](*json.loads(sys.argv[2])))
    else:
        main(*(int(argument) for argument in sys.argv[1:]))
