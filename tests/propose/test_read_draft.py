"""Reading a draft at the request of whoever may write into staging: nothing else can be reached."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from meta_reward.errors import ProposerError
from meta_reward.harness.validate import MAX_BYTES
from meta_reward.propose.read_draft import read_draft


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    """A staging folder with a draft, beside a secret."""
    folder = tmp_path / "staging"
    (folder / "draft").mkdir(parents=True)
    (folder / "draft" / "harness.py").write_text("X = 1\r\n")
    (tmp_path / "secret.py").write_text("SECRET")
    return folder


@pytest.mark.parametrize("path", ["draft/harness.py", "draft", "./draft/", "draft/../draft/harness.py"])
def test_file_and_folder_name_the_same_draft(staging: Path, path: str) -> None:
    assert read_draft(staging, path) == "X = 1\n"


def test_absolute_path_below_staging_is_as_good(staging: Path) -> None:
    assert read_draft(staging, str(staging / "draft")) == "X = 1\n"


def test_staging_itself_may_hold_the_draft(staging: Path) -> None:
    (staging / "harness.py").write_text("Y = 2\n")
    assert read_draft(staging, ".") == "Y = 2\n"


@pytest.mark.parametrize(
    "path", ["../secret.py", "/etc/passwd", "draft/../../secret.py", "..", "/", "a\0b", "../staging-2/x.py", "~/x"]
)
def test_nothing_outside_of_staging_is_read(staging: Path, path: str) -> None:
    with pytest.raises(ProposerError, match=r"is not in the staging folder|cannot be read: No such file"):
        read_draft(staging, path)


def _link_file(staging: Path) -> None:
    (staging / "x").symlink_to(staging.parent / "secret.py")


def _link_folder(staging: Path) -> None:
    (staging / "y").symlink_to(staging.parent)
    (staging / "x").mkdir()
    (staging / "x" / "harness.py").symlink_to(staging / "y" / "secret.py")


def _hard_link(staging: Path) -> None:
    os.link(staging.parent / "secret.py", staging / "x")


def _pipe(staging: Path) -> None:
    os.mkfifo(staging / "x")


def _socket(staging: Path) -> None:
    here = Path.cwd()
    os.chdir(staging)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("x")
    finally:
        os.chdir(here)


def _too_large(staging: Path) -> None:
    (staging / "x").write_bytes(b"#" * (MAX_BYTES + 1))


def _binary(staging: Path) -> None:
    (staging / "x").write_bytes(b"\xff\xfe")


def _empty_folder(staging: Path) -> None:
    (staging / "x").mkdir()


@pytest.mark.parametrize(
    "place", [_link_file, _link_folder, _hard_link, _pipe, _socket, _too_large, _binary, _empty_folder]
)
def test_only_small_regular_text_files_are_read(staging: Path, place: Callable[[Path], None]) -> None:
    place(staging)
    with pytest.raises(ProposerError, match=r"^draft 'x' (cannot be read|is no)"):
        read_draft(staging, "x")


def test_link_on_the_way_is_not_followed(staging: Path) -> None:
    (staging / "up").symlink_to(staging.parent)
    with pytest.raises(ProposerError, match="cannot be read"):
        read_draft(staging, "up/secret.py")
    with pytest.raises(ProposerError, match="cannot be read"):
        read_draft(staging, "up/staging/draft")


def test_longest_harness_is_read(staging: Path) -> None:
    (staging / "x").write_bytes(b"#" * MAX_BYTES)
    assert len(read_draft(staging, "x")) == MAX_BYTES
