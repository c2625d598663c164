"""What a candidate prints, raises or asks outside the search split is nowhere in what a proposer reads."""

import re
from pathlib import Path

from tests.conftest import ASKING_HARNESS
from tests.search.conftest import World, proposal

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


def markers(world: World, split: str) -> list[str]:
    """How the last message of each trajectory of a split begins, such as `7-2.`."""
    tasks = world.open().splits[split]
    rollouts = [rollout for rollout in world.taskset.rollouts.values() if rollout.task in tasks]
    return [rollout.trajectory.messages[-1].content.split()[1] for rollout in rollouts]


def text(folder: Path) -> str:
    return "\n".join(path.read_text() for path in sorted(folder.rglob("*")) if path.is_file())
