"""How fast are 1,000 predictions with the simulated reader?

The opening messages of `tasks/errands`, labelled by a program whose memory is all training examples and whose prompt
is about 20,000 characters, through the sandbox; then once more, from the cache of outputs; and the same prompts given
to the reader directly.

    python benchmarks/predictions.py [PREDICTIONS]

Prints seconds on the clock and of the processor (this process and all below it), goal: under 10 s on a quiet
machine.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from meta_reward import shipped
from meta_reward.completion import Request
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.outcome import Example
from meta_reward.evaluation.records import Evaluation
from meta_reward.harness.budget import Budget
from meta_reward.harness.levels import choose_level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.registry import KINDS
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from meta_reward.tasks.texts import load_text_set
from meta_reward.trajectory import Message

GOAL_S = 10.0
PROJECT = Path(__file__).parents[1]
_T = TypeVar("_T")


def main(predictions: int = 1_000) -> None:
    """Print what they take."""
    examples = _examples(predictions)
    source = (shipped.seeds() / "classify" / "few_shot_all.py").read_text()
    with tempfile.TemporaryDirectory() as folder:
        evaluation = _timed(f"{predictions:,} predictions", lambda: _evaluate(source, examples, Path(folder)))
        _timed("from the cache of outputs", lambda: _evaluate(source, examples, Path(folder)))
    prompts = [call.messages[0]["content"] for result in evaluation.results for call in result.calls]
    failed = sum(result.error is not None for result in evaluation.results)
    _timed("the reader alone", lambda: _read(prompts))
    steps, chars = len(examples) - predictions, sum(map(len, prompts)) / len(prompts)
    print(f"with {steps} steps of learning; {chars:,.0f} characters a prompt; {failed} failures")
    print(f"goal: {GOAL_S:g} s on a quiet machine")


def _examples(predictions: int) -> Sequence[Example]:
    """The training examples, and texts to predict: those of the task set again and again, each with another end."""
    taskset = load_text_set(PROJECT / "tasks" / "errands")
    part = KINDS["classify"].part(taskset, taskset.tasks)
    learned = [example for example in part.examples if example.entry == "learn"]
    texts = [example for example in part.examples if example.entry == "predict"]
    chosen = [(texts[n % len(texts)], f"{texts[n % len(texts)].arguments['text']} ({n})") for n in range(predictions)]
    return [*learned, *(replace(one, id=f"p{n}", arguments={"text": text}) for n, (one, text) in enumerate(chosen))]


async def _evaluate(source: str, examples: Sequence[Example], folder: Path) -> Evaluation:
    gateway = Gateway(make_backend("simulated:reader", {}), Cache(folder))
    async with Sandbox(Budget(), level=await choose_level()) as sandbox:
        return await evaluate(source, examples, gateway=gateway, sandbox=sandbox)


async def _read(prompts: Sequence[str]) -> None:
    reader = make_backend("simulated:reader", {})
    for prompt in prompts:
        await reader.complete(Request((Message("user", prompt),)), draw=0)


def _timed(name: str, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """What the work returns; prints what it took."""
    began, before = time.perf_counter(), _processor_s()
    value = asyncio.run(work())
    print(f"{name:28} {time.perf_counter() - began:6.2f} s, {_processor_s() - before:6.2f} s of the processor")
    return value


def _processor_s(pid: int | str = "self") -> float:
    """Of a process, of those below it, and of those below that have ended."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]
    below = Path(f"/proc/{pid}/task/{os.getpid() if pid == 'self' else pid}/children").read_text().split()
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") + sum(map(_processor_s, below))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
