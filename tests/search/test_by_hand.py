"""What a person, or a session with a person's rights, puts into a run or changes there is never lost in silence."""

import shutil
from pathlib import Path

import pytest

from meta_reward.errors import JudgeUnavailable
from meta_reward.kinds.registry import KINDS
from meta_reward.propose.base import Assignment
from meta_reward.run.integrity import restore_unfinished
from meta_reward.run.stop_reason import Stop
from meta_reward.run.usage import spent_on_disk
from meta_reward.search.create import keep_instructions, raise_limits
from tests.search.conftest import World, harness, proposal
from tests.search.test_loop import BETTER, git

DONE = Stop("finished", "1 iteration done")


class CutOff:
    """Leaves a draft, and is then cut off by what stops a whole search."""

    repairs = False

    async def propose(self, assignment: Assignment) -> str:
        (assignment.staging / "draft").mkdir()
        (assignment.staging / "draft" / "harness.py").write_text(BETTER)
        raise JudgeUnavailable("down")


@pytest.fixture
def cut_off(begun: World) -> World:
    """A search that was stopped in its first session."""
    writing, begun.proposer = begun.proposer, CutOff()
    with pytest.raises(JudgeUnavailable):
        begun.search(iterations=1)
    begun.proposer = writing
    return begun


def test_candidate_folder_that_was_deleted_and_checked_out_again_survives_a_resume(cut_off: World) -> None:
    folder = cut_off.layout.candidate("c0001-baseline")
    before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    shutil.rmtree(folder)
    cut_off.layout.session(1).joinpath("digests.json").write_text("{}")  # as if the session had begun without it
    git(cut_off.layout, "checkout", "--", ".")
    assert restore_unfinished(cut_off.layout) == []
    assert cut_off.search() == DONE
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before
    assert git(cut_off.layout, "status", "--porcelain") == ""


@pytest.mark.parametrize("gone", ["history/candidates/c0002-a", "sealed"])
def test_what_was_deleted_of_the_record_is_restored_before_the_search_goes_on(begun: World, gone: str) -> None:
    begun.proposer.drafts = {1: {"a": (BETTER, proposal("c0001"))}}
    begun.search(iterations=1)
    spent, folder = spent_on_disk(begun.layout), next(begun.layout.root.glob(gone))
    before = sorted(path for path in begun.layout.root.rglob("*.json*") if ".work" not in path.parts)
    shutil.rmtree(folder if gone != "sealed" else begun.layout.sealed)
    begun.search(iterations=2)
    assert any("files of the record were missing or empty and are restored from git" in note for note in begun.notes)
    assert set(before) <= set(begun.layout.root.rglob("*.json*"))
    assert spent_on_disk(begun.layout).tokens == spent.tokens
    assert git(begun.layout, "status", "--porcelain") == ""


def test_note_left_while_a_session_is_unfinished_is_set_aside_and_said_where(cut_off: World) -> None:
    (cut_off.layout.history / "note.md").write_text("mine")
    notes = restore_unfinished(cut_off.layout)
    assert notes[0].endswith("'note.md'; what stood there is in .work/set-aside/session-0001")
    assert cut_off.search() == DONE
    assert (cut_off.layout.set_aside / "session-0001" / "history" / "note.md").read_text() == "mine"


def test_note_left_between_sessions_stays(begun: World) -> None:
    (begun.layout.history / "note.md").write_text("mine")
    begun.proposer.drafts = {1: {"a": (BETTER, proposal("c0001"))}}
    assert begun.search(iterations=1) == DONE
    assert (begun.layout.history / "note.md").read_text() == "mine"
    assert git(begun.layout, "status", "--porcelain") == "?? history/note.md\n"


def test_drafts_of_a_session_that_was_cut_off_are_set_aside(cut_off: World) -> None:
    assert cut_off.search() == DONE
    assert "iteration 1 was cut off and starts over; its drafts are in .work/set-aside/session-0001" in cut_off.notes
    assert (cut_off.layout.set_aside / "session-0001/staging/draft/harness.py").read_text() == BETTER


def test_harness_changed_by_hand_stays_until_another_is_the_best_and_is_then_set_aside(wide: World) -> None:
    wide.layout.best.write_text("# mine\n")
    wide.search(iterations=1)
    assert wide.layout.best.read_text() == "# mine\n"
    wide.proposer.drafts = {2: {"a": (BETTER, proposal("c0001"))}}
    wide.search(iterations=2)
    assert wide.layout.best.read_text() == BETTER
    assert "harness.py was changed by hand; that is now in .work/set-aside/by-hand/harness.py" in wide.notes
    assert (wide.layout.set_aside / "by-hand" / "harness.py").read_text() == "# mine\n"


def test_settings_and_instructions_changed_by_hand_are_set_aside_when_they_are_replaced(begun: World) -> None:
    layout, notes = begun.layout, []
    layout.config.write_text("# my remark\n" + layout.config.read_text())
    layout.instructions.write_text("Mine.\n")
    raise_limits(layout, {"limits": {"iterations": 3}}, notice=notes.append)
    keep_instructions(layout, KINDS["reward"], "Others.\n", notice=notes.append)
    assert [note.partition(";")[0] for note in notes] == [
        "run.toml was changed by hand",
        "instructions.md was changed by hand",
    ]
    kept = {path.name: path.read_text() for path in layout.set_aside.rglob("*") if path.is_file()}
    assert kept["run.toml"].startswith("# my remark")
    assert kept["instructions.md"] == "Mine.\n"


def test_what_a_person_staged_in_git_stays_staged(begun: World) -> None:
    (begun.layout.root / "mine.md").write_text("mine")
    git(begun.layout, "add", "mine.md")
    begun.proposer.drafts = {1: {"a": (harness("Look closely."), proposal("c0001"))}}
    begun.search(iterations=1)
    assert git(begun.layout, "status", "--porcelain") == "A  mine.md\n"


def test_new_run_is_clean_in_git(world: World) -> None:
    layout = world.create()
    assert git(layout, "status", "--porcelain") == ""
    assert Path(layout.root, ".git", "index").exists()
