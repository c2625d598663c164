"""The command line as a person runs it, in an empty folder.

`meta_reward` calls the same `main` in the process of the test, which spares it an interpreter, its imports and a
look at the machine, unless it is given another PATH; `meta_reward_process` starts one, for whatever may differ in a
process of its own: what is imported first, a lock, what reaches the screen.
"""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from meta_reward.cli import main
from meta_reward.harness import levels
from tests.conftest import PROJECT

MetaReward = Callable[..., "Ran"]
ONE_SEED = ("--seeds", "one_seed")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def meta_reward(here: Path) -> MetaReward:
    """Runs `meta-reward ARGUMENTS` in `here`, in this process."""
    _seed(here)

    def run(*arguments: object, **environment: str) -> Ran:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, _signals_kept(), redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "argv", ["meta-reward", *map(str, arguments)])
            for name, value in environment.items():
                patch.setenv(name, value)
            if "PATH" in environment:
                patch.setattr(levels, "_found", {})
            with pytest.raises(SystemExit) as ended:
                main()
        return Ran(ended.value.code, *(_written(stream) for stream in (out, err)))  # type: ignore[arg-type]

    return run


@pytest.fixture
def meta_reward_process(here: Path) -> MetaReward:
    """Runs `meta-reward ARGUMENTS` in `here`, in a process of its own."""
    _seed(here)

    def run(*arguments: object, timeout: float = 100, **environment: str) -> Ran:
        command = [sys.executable, "-c", "from meta_reward.cli import main; main()", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, env=os.environ | environment, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


def _seed(here: Path) -> None:
    """The project's seed harnesses are `here`, and the baseline also by itself, for the shortest of searches."""
    if not (here / "one_seed").exists():
        (here / "seed_harnesses").symlink_to(PROJECT / "seed_harnesses")
        (here / "one_seed").mkdir()
        (here / "one_seed" / "baseline.py").symlink_to(PROJECT / "seed_harnesses" / "baseline.py")


def _written(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


@contextmanager
def _signals_kept() -> Iterator[None]:
    """What `main` does about signals ends with the command."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
