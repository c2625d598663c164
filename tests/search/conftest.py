"""Searches in this process: a real run directory, real git, the real sandbox; judge and proposer at our own seams."""

import asyncio
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import ProposerError
from meta_reward.models.billing import BillingLog
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.models.rate_limit import Clock
from meta_reward.propose.base import Assignment
from meta_reward.run.create import Seed
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row
from meta_reward.run.stop_reason import Stop
from meta_reward.run.usage import spent_on_disk
from meta_reward.search.context import Search
from meta_reward.search.create import create, raise_limits
from meta_reward.search.loop import add, run_search
from meta_reward.search.open import open_search
from meta_reward.search.test_split import Choice, TestResult, chosen_alone, open_test
from meta_reward.tasks.taskset import TaskSet, load_task_set
from tests.conftest import ASKING_HARNESS, WordJudge, made_once, make_task_set

TASKS = Path("tasks/small")


class Quiet:
    """A display that keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def evaluation(self, *_: object) -> None:
        pass

    def result(self, *_: object) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass(slots=True)
class WritingProposer:
    """Leaves the folders it is given, an iteration after the other: {iteration: {folder: (harness, proposal)}}."""

    drafts: dict[int, dict[str, tuple[str, str]]] = field(default_factory=dict)
    repairs: bool = False
    assignments: list[Assignment] = field(default_factory=list)

    async def propose(self, assignment: Assignment) -> str:
        self.assignments.append(assignment)
        for name, (source, proposal) in self.drafts.get(assignment.iteration, {}).items():
            folder = assignment.staging / name
            folder.mkdir(exist_ok=True)
            (folder / "harness.py").write_text(source)
            (folder / "proposal.md").write_text(proposal)
        return f"wrote for iteration {assignment.iteration}"


@dataclass(slots=True)
class RepairingProposer:
    """Leaves `draft` with an import that is refused, and fixes it when told."""

    source: str
    repairs: bool = True
    findings: list[str] = field(default_factory=list)

    async def propose(self, assignment: Assignment) -> str:
        folder = assignment.staging / "draft"
        if assignment.rejected:
            report = json.loads((folder / "validator.json").read_text())
            self.findings += [finding["check"] for finding in report["findings"]]
        folder.mkdir(exist_ok=True)
        (folder / "harness.py").write_text(self.source if assignment.rejected else "import socket\n" + self.source)
        return ""


class FailingProposer:
    """Its sessions end badly."""

    repairs = False

    async def propose(self, assignment: Assignment) -> str:
        raise ProposerError("the agent gave up")


def harness(prompt: str, *, note: str = "") -> str:
    """A harness that asks with this prompt before the transcript."""
    return ASKING_HARNESS.replace("Rate this run from 0 to 100.", prompt) + (f'\nNOTE = "{note}"\n' if note else "")


def proposal(*parents: str, hypothesis: str = "Asking otherwise helps.") -> str:
    return f"---\nparents: [{', '.join(parents)}]\npart: rubric\n---\n## Hypothesis\n\n{hypothesis}\n"


@dataclass(slots=True)
class World:
    """A task set, a judge and a proposer, and searches on them."""

    folder: Path
    judge: WordJudge
    proposer: Any
    seeds: list[Seed]
    taskset: TaskSet
    notes: list[str] = field(default_factory=list)
    clock: Clock | None = None

    @property
    def layout(self) -> Layout:
        return Layout(self.folder / "runs" / "r1")

    def create(self, **requested: object) -> Layout:
        """A new run that has not begun."""
        asyncio.run(create(self.layout, requested, self.taskset, judge="simulated", seeds=self.seeds))
        return self.layout

    def open(self) -> Search:
        """A search on the run with this world's judge and proposer in place of the named ones."""
        display = Quiet()
        display.notes = self.notes
        search = open_search(self.layout, display, taskset=self.taskset)
        cache = Cache(self.folder / "cache")
        billing = BillingLog(self.layout.account)
        search.gateway = Gateway(
            self.judge, cache, concurrency=8, spent=spent_on_disk(self.layout), billing=billing, clock=self.clock
        )
        search.proposer = self.proposer
        return search

    def search(self, iterations: int | None = None) -> Stop:
        """Create the run if need be, and search."""
        if not self.layout.config.exists():
            self.create(limits={"iterations": iterations or 0})
        elif iterations is not None:
            raise_limits(self.layout, {"limits": {"iterations": iterations}})
        return asyncio.run(run_search(self.open()))

    def add(self, name: str, source: str) -> Row:
        """Add a harness of one's own."""
        return asyncio.run(add(self.open(), name, source))

    def test(self, wanted: Choice | Sequence[str] = chosen_alone, *, controls: bool = False) -> TestResult:
        """Open the test split."""
        return asyncio.run(open_test(self.open(), wanted, controls=controls))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Twelve tasks, a judge that rates GOOD above most of BAD only when told to look closely, one naive seed."""
    return make_world(tmp_path)


@pytest.fixture
def begun(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> World:
    """The same world after a search of no iterations: its seed is scored, and a search goes on from there."""
    once = made_once(tmp_path_factory, "begun", lambda folder: make_world(folder).search(iterations=0))
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return _world(tmp_path, load_task_set(tmp_path / TASKS))


@pytest.fixture
def wide(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> World:
    """The begun world with twenty tasks, of which the six of validation are enough for a test."""
    once = made_once(tmp_path_factory, "wide", lambda folder: make_world(folder, tasks=20).search(iterations=0))
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return _world(tmp_path, load_task_set(tmp_path / TASKS))


def make_world(folder: Path, *, tasks: int = 12) -> World:
    """The same world in any folder."""
    return _world(folder, make_task_set(folder / TASKS, tasks=tasks))


def _world(folder: Path, taskset: TaskSet) -> World:
    seeds = [Seed("baseline", harness("Rate this run."))]
    return World(folder, WordJudge(_looks_closely), WritingProposer(), seeds, taskset)


def _looks_closely(prompt: str, draw: int) -> str:
    if "closely" in prompt:
        overlooked = re.search(r"Case \d+-4", prompt) and "every detail" not in prompt
        return "90" if "GOOD" in prompt or overlooked else "10"
    return "50"
