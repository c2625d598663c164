"""Files that the search writes again and again: what a person made of them is set aside, with a note."""

from pathlib import Path

import pytest

from meta_reward.run import git
from meta_reward.run.layout import Layout
from meta_reward.run.set_aside import free_folder, write_over


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A run whose best harness is committed."""
    layout = Layout(tmp_path / "run")
    layout.root.mkdir()
    git.init(layout.root)
    layout.best.write_text("old")
    git.commit(layout.root, git.Commit("Run", {"harness.py": b"old"}))
    return layout


def test_what_is_as_committed_is_overwritten(layout: Layout) -> None:
    assert write_over(layout, {layout.best: b"new"}) == []
    assert layout.best.read_text() == "new"
    assert not layout.set_aside.exists()


def test_what_was_changed_by_hand_is_set_aside_before_it_is_overwritten(layout: Layout) -> None:
    layout.best.write_text("mine")
    assert write_over(layout, {layout.best: b"new"}) == [
        "harness.py was changed by hand; that is now in .work/set-aside/by-hand/harness.py"
    ]
    assert layout.best.read_text() == "new"
    assert (layout.set_aside / "by-hand" / "harness.py").read_text() == "mine"
    layout.best.write_text("mine again")
    assert "by-hand-2/harness.py" in write_over(layout, {layout.best: b"newer"})[0]


def test_what_was_changed_by_hand_stays_where_nothing_new_is_to_be_written(layout: Layout) -> None:
    layout.best.write_text("mine")
    assert write_over(layout, {layout.best: b"old"}, leave=[layout.best]) == []
    assert layout.best.read_text() == "mine"


def test_state_is_written_also_where_git_has_it_already(layout: Layout) -> None:
    layout.best.write_text("mine")
    assert "by-hand/harness.py" in write_over(layout, {layout.best: b"old"})[0]
    assert layout.best.read_text() == "old"


def test_what_was_written_before_a_kill_is_not_taken_for_a_persons(layout: Layout) -> None:
    layout.best.write_text("new")
    assert write_over(layout, {layout.best: b"new"}) == []
    assert not layout.set_aside.exists()


def test_what_is_gone_is_written_again(layout: Layout) -> None:
    layout.best.unlink()
    assert write_over(layout, {layout.best: b"old", layout.frontier: b"{}"}) == []
    assert (layout.best.read_text(), layout.frontier.read_text()) == ("old", "{}")


def test_folder_that_is_taken_is_not_used_again(layout: Layout) -> None:
    for name in ("session-0001", "session-0001-2", "by-hand"):
        (layout.set_aside / name).mkdir(parents=True)
    assert free_folder(layout, "session-0001").name == "session-0001-3"
    assert free_folder(layout, "session-0002").name == "session-0002"
