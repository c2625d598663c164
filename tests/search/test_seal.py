"""What a candidate prints, raises or asks outside the search split is nowhere in what a proposer reads."""

import gzip
import re
import sys
from pathlib import Path

import pytest

from meta_reward.errors import JudgeUnavailable
from meta_reward.harness.runtime import Reward
from tests.conftest import ASKING_HARNESS
from tests.harness.boxed import score_all
from tests.search.conftest import World, harness, make_world, proposal

LOUD = (
    ASKING_HARNESS.partition("    reply =")[0]
    + """
    marker = " ".join(trajectory.messages[-1].content.split()[1:2])
    print("printed", marker)
    reply = await judge.ask(f"asked {marker} look closely\\n" + trajectory.transcript())
    if marker[:1] in ("3", "6", "9") and marker.endswith("-2."):
        raise ValueError(f"raised {marker}")
    return Reward(float(reply.text), reason=f"reason {marker}", findings={"found": marker})
"""
)
"""Says which trajectory it sees in every way it has, and fails on some."""


def test_proposer_reads_nothing_of_what_happens_outside_the_search_split(world: World) -> None:
    world.proposer.drafts = {1: {"loud": (LOUD, proposal("c0001"))}}
    world.search(iterations=1)
    history, sealed = text(world.layout.history), text(world.layout.sealed)
    search, validation, test = (markers(world, split) for split in ("search", "validation", "test"))
    assert all(f"asked {marker}" in history for marker in search)
    assert all(f"asked {marker}" in sealed for marker in validation)
    assert "raised " in history
    assert "raised " in sealed
    assert not [m for m in validation + test if re.search(rf"(?<!\d){re.escape(m)}", history)]


@pytest.mark.skipif(sys.platform != "linux", reason="the level is Linux's")
def test_candidate_at_level_locked_learns_nothing_from_asking_which_paths_exist(world: World) -> None:
    world.judge.score = sees_half_of_it
    world.proposer.drafts = {1: {"look": (harness("Look closely."), proposal("c0001"))}}
    world.search(iterations=1)
    world.proposer.drafts = {2: {"again": (harness("Look very closely."), proposal("c0002"))}}
    layout, answers = world.layout, world.judge.score
    asked = len(world.judge.requests)

    def fail_on_validation(prompt: str, draw: int) -> str:
        if len(world.judge.requests) > asked + 20:  # search has 16 trajectories
            raise JudgeUnavailable("down")
        return answers(prompt, draw)

    world.judge.score = fail_on_validation
    with pytest.raises(JudgeUnavailable):
        world.search(iterations=2)
    assert [path.stem for path in layout.journals.iterdir()] == ["c0003-again-validation"]
    hidden = [path for path in layout.root.rglob("*") if path.is_relative_to(layout.sealed)] + [
        *layout.journals.iterdir()
    ]
    guesses = [Path(*(part for part in path.parts if part != layout.sealed.name)) for path in hidden]
    assert len(guesses) > 12
    assert seen_at_locked([layout.config, *guesses, layout.sealed]) == [
        layout.config,
        layout.sealed.parent,
        layout.sealed,
    ]


def sees_half_of_it(prompt: str, draw: int) -> str:
    """Of a judge that is to look closely: what it says, half of it unless it is to look very closely."""
    if "closely" not in prompt:
        return "50"
    sees = "GOOD" in prompt and ("very" in prompt or sum(prompt.encode()) % 2)
    return "90" if sees else "10"


def seen_at_locked(paths: list[Path]) -> list[Path]:
    """Those of some paths that a candidate finds to exist."""
    source = (
        "import os\nfrom meta_reward.harness import Reward\n\nasync def reward(trajectory, judge):\n"
        f"    return Reward(1, findings={{'seen': [p for p in {list(map(str, paths))!r} if os.path.exists(p)]}})\n"
    )
    seen = score_all(source, level="locked")[0]
    assert isinstance(seen, Reward), seen
    return [Path(path) for path in seen.findings["seen"]]


def test_random_name_is_stable_and_nowhere_but_in_the_sealed_folder_and_git(world: World) -> None:
    world.proposer.drafts = {1: {"look": (harness("Look closely."), proposal("c0001"))}}
    world.create(limits={"iterations": 1})
    name = world.layout.sealed.name
    assert len(name) == 32
    world.search()
    assert world.layout.sealed.name == name
    assert (world.layout.sealed / "validation" / "c0002-look" / "scores.json").exists()
    told = text(world.layout.history) + str(world.proposer.assignments) + world.layout.config.read_text()
    assert name not in told


def test_runs_of_one_seed_have_different_random_names(world: World, tmp_path: Path) -> None:
    other = make_world(tmp_path / "other")
    assert world.create().sealed.name != other.create().sealed.name


def markers(world: World, split: str) -> list[str]:
    """How the last message of each trajectory of a split begins, such as `7-2.`."""
    tasks = world.open().splits[split]
    rollouts = [rollout for rollout in world.taskset.rollouts.values() if rollout.task in tasks]
    return [rollout.trajectory.messages[-1].content.split()[1] for rollout in rollouts]


def text(folder: Path) -> str:
    """All that stands in the files of a folder, packed ones included."""
    found = ((path, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file())
    return "\n".join((gzip.decompress(data) if path.suffix == ".gz" else data).decode() for path, data in found)
