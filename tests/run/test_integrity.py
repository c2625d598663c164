"""What a session changed in the history is undone, whatever it was."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from meta_reward.run import git
from meta_reward.run.integrity import restore_history, restore_unfinished, save_digests
from meta_reward.run.layout import Layout

FILES = {
    "README.md": b"Read me.\n",
    "candidates/c0001-a/harness.py": b"x = 1\n",
    "candidates/c0001-a/t/r.json": b"[]",
}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A run with a history, at the beginning of a session."""
    layout = Layout(tmp_path / "run")
    for name, content in FILES.items():
        path = layout.history / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    git.init(layout.root)
    git.commit(layout.root, git.Commit("Run", {f"history/{name}": content for name, content in FILES.items()}))
    layout.staging(1).mkdir(parents=True)
    save_digests(layout, 1)
    return layout


def content(layout: Layout) -> dict[str, bytes]:
    files = [path for path in layout.history.rglob("*") if path.is_file() and not path.is_symlink()]
    return {path.relative_to(layout.history).as_posix(): path.read_bytes() for path in files}


def test_file_written_right_before_a_session_is_read_again_after_it(layout: Layout) -> None:
    # Two writes within a tick of the file system's clock look like one: only older files are known by their times.
    digests = json.loads((layout.session(1) / "digests.json").read_text())
    assert [len(digest) for digest in digests.values()] == [1] * len(FILES)


def keeping_its_time(path: Path, text: bytes) -> None:
    before = path.stat()
    path.write_bytes(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a changed file": lambda h: (h / "README.md").write_text("Believe me.\n"),
    "a changed file of the same size and time": lambda h: keeping_its_time(h / "README.md", b"Read it.\n"),
    "a removed file": lambda h: (h / "README.md").unlink(),
    "an added file": lambda h: (h / "candidates" / "more.py").write_text("x"),
    "an added file whose name is not UTF-8": lambda h: (h / os.fsdecode(b"caf\xe9")).write_text("x"),
    "an ignored file": lambda h: (h / ".gitignore").write_text("*") + (h / "more.py").write_text("x"),
    "a removed folder": lambda h: shutil.rmtree(h / "candidates"),
    "a file for a folder": lambda h: (shutil.rmtree(h / "candidates"), (h / "candidates").write_text("x")),
    "a link for a file": lambda h: ((h / "README.md").unlink(), (h / "README.md").symlink_to("/etc/passwd")),
    "a link for a folder": lambda h: (shutil.move(h / "candidates", h.parent), (h / "candidates").symlink_to("..")),
    "an added link to a folder": lambda h: (h / "etc").symlink_to("/etc"),
    "a pipe": lambda h: os.mkfifo(h / "pipe"),
    "no history at all": lambda h: shutil.rmtree(h),
    "a link for the history": lambda h: (shutil.move(h, h.parent / "h"), h.symlink_to("h")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_change_is_undone_and_noted(layout: Layout, change: Callable[[Path], object]) -> None:
    change(layout.history)
    notes = restore_history(layout, 1)
    assert content(layout) == FILES
    assert not layout.history.is_symlink()
    assert [path for path in layout.history.rglob("*") if path.is_symlink()] == []
    assert notes[0].startswith("the session changed ")
    assert restore_history(layout, 1) == []


def test_what_a_session_put_there_is_set_aside_and_the_note_says_where(layout: Layout) -> None:
    (layout.history / "README.md").write_text("Believe me.\n")
    (layout.history / "candidates" / "more.py").write_text("x")
    (layout.history / "etc").symlink_to("/etc")
    notes = restore_history(layout, 1)
    assert notes == [
        "the session changed 3 files of the history, which were restored: 'README.md', 'candidates/more.py', 'etc'; "
        "what stood there is in .work/set-aside/session-0001"
    ]
    aside = layout.set_aside / "session-0001" / "history"
    assert (aside / "README.md").read_text() == "Believe me.\n"
    assert (aside / "candidates" / "more.py").read_text() == "x"
    assert (aside / "etc").readlink() == Path("/etc")
    (layout.history / "README.md").write_text("Believe me again.\n")
    assert restore_history(layout, 1)[0].endswith(".work/set-aside/session-0001-2")


def test_what_is_seen_through_a_link_is_not_touched(layout: Layout, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "c0001-a"
    elsewhere.mkdir(parents=True)
    (elsewhere / "harness.py").write_text("a person's own")
    shutil.rmtree(layout.history / "candidates")
    (layout.history / "candidates").symlink_to(elsewhere.parent)
    restore_history(layout, 1)
    assert content(layout) == FILES
    assert (elsewhere / "harness.py").read_text() == "a person's own"


def test_file_with_a_name_that_is_no_text_is_set_aside(layout: Layout) -> None:
    name = b"caf\xe9.md"
    (layout.history / os.fsdecode(name)).write_text("x")
    assert "'caf\\\\xe9.md'" in restore_history(layout, 1)[0]
    kept = (layout.set_aside / "session-0001" / "history").iterdir()
    assert [os.fsencode(path.name) for path in kept] == [name]
    assert restore_history(layout, 1) == []


def test_folder_that_was_missing_when_a_session_began_and_is_as_git_has_it_stays(layout: Layout) -> None:
    shutil.rmtree(layout.history / "candidates")
    save_digests(layout, 1)
    git.refresh(layout.root)
    subprocess.run(["git", "checkout", "--", "."], cwd=layout.root, check=True)
    assert restore_unfinished(layout) == []
    assert content(layout) == FILES


def test_note_of_a_person_stays_where_no_session_touched_it(layout: Layout) -> None:
    (layout.history / "note.md").write_text("look at c0001")
    save_digests(layout, 1)
    assert restore_history(layout, 1) == []
    assert (layout.history / "note.md").read_text() == "look at c0001"


def test_untouched_history_has_no_note(layout: Layout) -> None:
    assert restore_history(layout, 1) == []


def test_only_a_session_that_did_not_end_is_undone_when_a_search_begins(layout: Layout) -> None:
    (layout.history / "README.md").write_bytes(b"spoiled")
    layout.session_record(1).write_bytes(b"{}")
    restore_unfinished(layout)
    assert (layout.history / "README.md").read_bytes() == b"spoiled"
    layout.session_record(1).unlink()
    restore_unfinished(layout)
    assert content(layout) == FILES


def test_change_that_keeps_size_and_time_is_found(layout: Layout) -> None:
    path = layout.history / "candidates" / "c0001-a" / "harness.py"
    times = path.stat()
    path.write_bytes(b"x = 2\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert "harness.py" in restore_history(layout, 1)[0]
    assert content(layout) == FILES


def test_file_that_was_only_touched_is_left_alone(layout: Layout) -> None:
    os.utime(layout.history / "README.md")
    assert restore_history(layout, 1) == []


def test_next_session_begins_from_the_digests_of_the_last(layout: Layout) -> None:
    (layout.history / "README.md").write_bytes(b"Read me twice.\n")
    layout.staging(2).mkdir(parents=True)
    save_digests(layout, 2)
    assert restore_history(layout, 2) == []
    (layout.history / "README.md").write_bytes(b"Read me never.\n")
    assert "README.md" in restore_history(layout, 2)[0]
    assert restore_history(layout, 1) == []
