"""A run with a damaged file: one line names the file, and says how git restores it; never a traceback."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import MetaReward
from tests.run.test_queries import history as history

Damage = Callable[[bytes], bytes]
DAMAGES: dict[str, Damage] = {
    "truncated": lambda content: content[: len(content) * 2 // 3],
    "empty": lambda content: b"",
    "of another shape": lambda content: b"[]\n",
    "lacking": lambda content: b"{}\n",
}
KEPT = (
    "run.toml",
    "decision.json",
    "history/ledger.jsonl",
    "history/iterations.jsonl",
    "history/frontier.json",
    "history/outcomes.jsonl",
    "history/candidates/c0001-baseline/scores.json",
    "history/candidates/c0001-baseline/pairs.jsonl",
    "history/candidates/c0001-baseline/calls.jsonl",
    "history/candidates/c0001-baseline/validator.json",
    "history/candidates/c0001-baseline/proposal.md",
    "sealed/*/decisions.jsonl",
    "sealed/*/taskset.json",
    "sealed/*/validation/c0001-baseline/scores.json",
    "sealed/*/validation/c0001-baseline/pairs.jsonl",
    ".work/session-0001/session.json",
    ".work/account.jsonl",
    ".work/stop.json",
    ".git/HEAD",
    ".git/refs/heads/main",
    ".git/packed-refs",
    ".git/index",
)


@pytest.fixture
def night(history: object, here: Path) -> Path:
    shutil.copytree(history.path.parent, here / "runs" / "night")  # type: ignore[attr-defined]
    return here / "runs" / "night"


def test_probe(meta_reward: MetaReward, night: Path, here: Path) -> None:
    shutil.copytree(night, here / "pristine", symlinks=True)
    for pattern in KEPT:
        for name, damage in DAMAGES.items():
            for command in ("status", "search", "test"):
                shutil.rmtree(night)
                shutil.copytree(here / "pristine", night, symlinks=True)
                path = next(iter(night.glob(pattern)), None)
                if path is None:
                    print("MISSING", pattern)
                    continue
                path.write_bytes(damage(path.read_bytes()))
                ran = meta_reward(command, "night")
                print(f"{pattern} | {name} | {command} | {ran.code} | {ran.err.strip().splitlines()[-1:]}")
