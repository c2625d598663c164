"""What damage to git's own files does: what follows from others is made again, the rest is one line with a way out."""

import shutil
from pathlib import Path

import pytest

from meta_reward.errors import DataError
from meta_reward.run import git
from meta_reward.run.git_repair import repair
from tests.run.test_git import FIRST, ask, tagged

AFTER_POWER_WAS_LOST = [b"", None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A run with a commit and a tag, both packed, and an index."""
    git.init(tmp_path)
    git.commit(tmp_path, FIRST, tag=tagged("c0001"))
    git.repack(tmp_path)
    git.restore(tmp_path, list(FIRST.files))
    git.refresh(tmp_path)
    assert ask(tmp_path, "status", "--short") == ""
    return tmp_path


def damage(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


def assert_whole(root: Path) -> None:
    assert ask(root, "status", "--short", "--branch") == "## main"
    assert ask(root, "log", "--format=%s") == "First"
    assert ask(root, "fsck", "--strict", "--no-dangling") == ""
    assert repair(root) == []


def test_whole_repository_is_left_alone(root: Path) -> None:
    before = {path: path.read_bytes() for path in (root / ".git").rglob("*") if path.is_file()}
    assert repair(root) == []
    assert {path: path.read_bytes() for path in (root / ".git").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("content", [*AFTER_POWER_WAS_LOST, b"\xff\xfe\n", b"ref: refs/hea"])
def test_head_is_on_main_again(root: Path, content: bytes | None) -> None:
    damage(root / ".git" / "HEAD", content)
    assert repair(root) == []
    assert_whole(root)


@pytest.mark.parametrize("kept", [0, 3, 40, -1])
def test_index_is_made_again(root: Path, kept: int) -> None:
    index = root / ".git" / "index"
    index.write_bytes(index.read_bytes()[:kept])
    assert repair(root) == ["git's index was damaged and is made again"]
    git.refresh(root)
    assert_whole(root)


def test_index_without_a_digest_is_left_alone(root: Path) -> None:
    index = root / ".git" / "index"
    index.write_bytes(index.read_bytes()[:-20] + bytes(20))
    assert repair(root) == []


@pytest.mark.parametrize("content", AFTER_POWER_WAS_LOST)
def test_settings_that_are_lost_are_written_anew(root: Path, content: bytes | None) -> None:
    config = root / ".git" / "config"
    before = config.read_bytes()
    damage(config, content)
    assert repair(root) == ["git's settings were lost and have been written again"]
    assert config.read_bytes() == before
    assert_whole(root)


@pytest.mark.parametrize("content", AFTER_POWER_WAS_LOST)
def test_main_that_is_lost_is_found_in_its_log(root: Path, content: bytes | None) -> None:
    last = ask(root, "rev-parse", "main")
    damage(root / ".git" / "packed-refs", content)
    assert repair(root) == [f"git had lost its branch main, which is restored to its last commit, {last[:12]}"]
    assert ask(root, "rev-parse", "main") == last
    assert_whole(root)


@pytest.mark.parametrize("content", [b"", b"0123\n", b"\xff"])
def test_loose_refs_that_are_damaged_are_not_believed(root: Path, content: bytes) -> None:
    git.commit(root, git.Commit("Second", {"a.txt": b"2\n"}), tag=tagged("c0002"))
    last = ask(root, "rev-parse", "main")
    for name in (git.BRANCH, git.tag_ref("c0002")):
        (root / ".git" / name).write_bytes(content)
    assert repair(root) == [
        f"git had lost its branch main, which is restored to its last commit, {last[:12]}",
        "damaged tags are made again: c0002",
    ]
    assert ask(root, "rev-parse", "main") == last
    assert ask(root, "tag", "--list") == "c0001"
    assert repair(root) == []


def test_folder_of_refs_that_is_lost_is_made_again(root: Path) -> None:
    shutil.rmtree(root / ".git" / "refs")
    assert repair(root) == []
    assert_whole(root)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("config", b"\xff\xfe\n", r"config: is damaged: bad config line 1 in file .+ \(move it away; "),
        ("config", b"[core]\n\tautocrlf = f", r"config: is damaged: bad boolean config value .+ \(move it away; "),
        ("packed-refs", b"\xff\xfe\n", r"packed-refs: is damaged: unexpected line in .+ \(move it away; "),
        ("packed-refs", b"0123", r"packed-refs: is damaged: .+ \(move it away; "),
    ],
)
def test_file_that_git_cannot_read_is_named_and_can_be_moved_away(
    root: Path, name: str, content: bytes, complaint: str
) -> None:
    path = root / ".git" / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=complaint):
        repair(root)
    path.rename(root / ".git" / f"{name}.damaged")
    assert len(repair(root)) == 1
    assert_whole(root)


def test_what_cannot_be_restored_is_said(root: Path) -> None:
    (root / ".git" / "packed-refs").unlink()
    (root / ".git" / "logs" / git.BRANCH).write_bytes(b"\xff\n")
    with pytest.raises(DataError, match=r"main: does not end with a commit, .+ \(restore .git from a copy\)"):
        repair(root)
    shutil.rmtree(root / ".git" / "objects")
    with pytest.raises(DataError, match="has lost its folder objects"):
        repair(root)
    shutil.rmtree(root / ".git")
    with pytest.raises(DataError, match=r"\.git: is gone \(restore it from a copy, or start another run"):
        repair(root)


def test_repository_that_is_kept_elsewhere_is_left_to_git(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /elsewhere\n")
    assert repair(tmp_path) == []


@pytest.mark.parametrize("content", [b"\xff\n", b"0123\n", b""])
def test_damaged_note_on_the_index_does_not_matter(root: Path, content: bytes) -> None:
    (root / ".git" / "meta-reward-index").write_bytes(content)
    git.commit(root, git.Commit("Second", {"a.txt": b"2\n"}))
    git.restore(root, ["a.txt"])
    git.refresh(root)
    assert ask(root, "fsck") == ""


def test_damaged_list_of_what_git_overlooks_is_kept(root: Path) -> None:
    (root / ".git" / "info" / "exclude").write_bytes(b"\xff\n")
    git.leave_out(root, "events.jsonl")
    assert (root / ".git" / "info" / "exclude").read_bytes() == b"\xff\n/events.jsonl\n"
