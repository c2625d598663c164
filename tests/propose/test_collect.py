"""What a proposer left is collected with suspicion: regular files only, bounded in number and size."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.harness.validate import MAX_BYTES, inspect_source
from meta_reward.propose.base import MAX_PROPOSAL_BYTES, Draft, collect, keep_only, slug
from meta_reward.tasks.records import is_name


def leave(staging: Path, folder: str, source: str | bytes = "pass\n", proposal: str | None = None) -> Path:
    path = staging / folder
    path.mkdir()
    (path / "harness.py").write_bytes(source if isinstance(source, bytes) else source.encode())
    if proposal is not None:
        (path / "proposal.md").write_text(proposal)
    return path


def test_drafts_come_in_the_order_of_their_folders(tmp_path: Path) -> None:
    leave(tmp_path, "b", "two\n", "why two")
    leave(tmp_path, "a", "one\n")
    assert collect(tmp_path, most=5) == ([Draft("a", "one\n", ""), Draft("b", "two\n", "why two")], [])


def test_given_order_is_kept(tmp_path: Path) -> None:
    for folder in "abc":
        leave(tmp_path, folder)
    drafts, notes = collect(tmp_path, most=2, order=["c", "a"])
    assert ([draft.folder for draft in drafts], notes) == (["c", "a"], [])


def test_what_is_beyond_the_number_asked_for_is_left_out_and_noted(tmp_path: Path) -> None:
    for folder in "abc":
        leave(tmp_path, folder)
    drafts, notes = collect(tmp_path, most=2)
    assert ([draft.folder for draft in drafts], notes) == (
        ["a", "b"],
        ["'c' is more than the 2 candidates asked for: left out"],
    )


def test_files_empty_folders_and_links_are_no_candidates(tmp_path: Path) -> None:
    staging = tmp_path / "staging"
    staging.mkdir()
    real = leave(tmp_path, "outside")
    (staging / "file.py").write_text("")
    (staging / "empty").mkdir()
    (staging / "linked").symlink_to(real)
    (staging / "link-inside").mkdir()
    (staging / "link-inside" / "harness.py").symlink_to(real / "harness.py")
    drafts, notes = collect(staging, most=5)
    assert (drafts, notes) == (
        [],
        [
            "'empty' holds no regular file harness.py: left out",
            "'link-inside' holds no regular file harness.py: left out",
            "'file.py' is not a folder: left out",
            "'linked' is not a folder: left out",
        ],
    )


def test_names_that_are_not_utf8_are_left_out_and_noted_in_printable_words(tmp_path: Path) -> None:
    leave(tmp_path, os.fsdecode(b"caf\xe9"))
    (leave(tmp_path, "a") / os.fsdecode(b"\xff.txt")).touch()
    drafts, notes = collect(tmp_path, most=5)
    assert ([draft.folder for draft in drafts], notes) == (
        ["a"],
        [r"'a' holds '\udcff.txt' as well: left out", r"'caf\udce9' is not a name in UTF-8: left out"],
    )


@pytest.mark.timeout(5)
def test_pipe_or_folder_in_place_of_a_file_neither_blocks_nor_breaks(tmp_path: Path) -> None:
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "harness.py")
    os.mkfifo(leave(tmp_path, "proposal-pipe") / "proposal.md")
    (tmp_path / "folder" / "harness.py").mkdir(parents=True)
    (leave(tmp_path, "proposal-folder") / "proposal.md").mkdir()
    drafts, notes = collect(tmp_path, most=5)
    assert [(draft.folder, draft.proposal) for draft in drafts] == [("proposal-folder", ""), ("proposal-pipe", "")]
    assert notes == [
        *(f"'{name}' holds no regular file harness.py: left out" for name in ("folder", "pipe")),
        *(f"'{name}' holds 'proposal.md' as well: left out" for name in ("proposal-folder", "proposal-pipe")),
    ]


def test_what_lies_beside_a_harness_is_left_out_and_noted(tmp_path: Path) -> None:
    mine = leave(tmp_path, "a", "x = 1\n", "why")
    (mine / "secret").symlink_to("/etc/passwd")
    (mine / "validator.json").write_text("{}")
    many = leave(tmp_path, "b", "x = 2\n", "why")
    for number in range(1000):
        (many / f"{number:04d}.txt").write_text("")
    assert collect(tmp_path, most=5)[1] == [
        "'a' holds 'secret' as well: left out",
        "'b' holds '0000.txt', '0001.txt', '0002.txt', '0003.txt', '0004.txt' and 995 more as well: left out",
    ]


def test_linked_proposal_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sealed")
    staging = tmp_path / "staging"
    staging.mkdir()
    (leave(staging, "a") / "proposal.md").symlink_to(tmp_path / "secret")
    assert collect(staging, most=1)[0] == [Draft("a", "pass\n", "")]


def test_oversized_files_are_cut_and_the_harness_still_refused(tmp_path: Path) -> None:
    leave(tmp_path, "a", "x = 1\n" * 50_000, "y" * 500_000)
    (draft,) = collect(tmp_path, most=1)[0]
    assert (len(draft.source), len(draft.proposal)) == (MAX_BYTES + 1, MAX_PROPOSAL_BYTES + 1)
    assert [finding.check for finding in inspect_source(draft.source).findings] == ["size"]


def test_what_is_not_utf8_and_foreign_line_ends_are_read_all_the_same(tmp_path: Path) -> None:
    leave(tmp_path, "a", b"x = '\xff'\r\ny = 1\r\n")
    assert collect(tmp_path, most=1)[0] == [Draft("a", "x = '\ufffd'\ny = 1\n", "")]


def test_flood_of_folders_is_noted_briefly(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number:03d}").mkdir()
    _, notes = collect(tmp_path, most=2)
    assert (len(notes), notes[-1]) == (21, "80 more were left out")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Policy Check!", "policy-check"),
        ("--a__b--", "a-b"),
        ("ç", "candidate"),
        ("", "candidate"),
        ("a" * 39 + "-b", "a" * 39),
    ],
)
def test_folder_gives_its_name_in_short(folder: str, name: str) -> None:
    assert Draft(folder, "", "").name == name


@given(st.text())
def test_any_folder_gives_a_name_that_is_safe_in_paths(folder: str) -> None:
    assert is_name(slug(folder))
    assert slug(slug(folder)) == slug(folder)


def test_hard_link_brings_its_text_and_no_way_back(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("x = 1\n")
    staging = tmp_path / "staging"
    (staging / "a").mkdir(parents=True)
    (staging / "a" / "harness.py").hardlink_to(tmp_path / "outside.py")
    drafts, _ = collect(staging, most=1)
    keep_only(staging, drafts)
    (staging / "a" / "harness.py").write_text("changed\n")
    assert (tmp_path / "outside.py").read_text() == "x = 1\n"


def test_only_what_was_collected_is_kept(tmp_path: Path) -> None:
    staging = tmp_path / "staging"
    staging.mkdir()
    leave(staging, "two\nlines", "x = 1\n", "why")
    leave(staging, "a", "y = 1\n")
    (staging / "a" / "notes.txt").write_text("mine")
    (staging / "core").write_bytes(b"\0" * 1000)
    os.mkfifo(staging / "pipe")
    drafts, _ = collect(staging, most=5)
    keep_only(staging, drafts)
    assert collect(staging, most=5) == (drafts, [])
    assert {p.relative_to(staging).as_posix() for p in staging.rglob("*") if p.is_file()} == {
        *(f"a/{name}" for name in ("harness.py", "proposal.md")),
        *(f"two\nlines/{name}" for name in ("harness.py", "proposal.md")),
    }
    assert [path.name for path in tmp_path.iterdir()] == ["staging"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is hidden from root")
def test_folder_that_cannot_be_listed_is_collected_and_noted(tmp_path: Path) -> None:
    leave(tmp_path, "a").chmod(0o300)
    drafts, notes = collect(tmp_path, most=5)
    (tmp_path / "a").chmod(0o700)
    assert ([draft.folder for draft in drafts], notes) == (["a"], ["'a' holds what cannot be listed as well: left out"])


@pytest.mark.parametrize("instead", ["link", "file", "nothing"])
def test_staging_that_was_replaced_holds_nothing(tmp_path: Path, instead: str) -> None:
    staging = tmp_path / "staging"
    leave_outside = tmp_path / "outside"
    leave_outside.mkdir()
    leave(leave_outside, "a")
    if instead == "link":
        staging.symlink_to(leave_outside)
    elif instead == "file":
        staging.write_text("")
    drafts, notes = collect(staging, most=1)
    keep_only(staging, drafts)
    assert (drafts, notes) == ([], ["the staging folder is gone"])
    assert (staging.is_dir(), list(staging.iterdir())) == (True, [])
    assert (leave_outside / "a" / "harness.py").exists()


def test_folders_nested_beyond_reason_are_removed(tmp_path: Path) -> None:
    staging = tmp_path / "staging"
    staging.mkdir()
    before = Path.cwd()
    os.chdir(staging)
    try:
        for _ in range(1500):
            Path("d").mkdir()
            os.chdir("d")
    finally:
        os.chdir(before)
    keep_only(staging, collect(staging, most=1)[0])
    assert [path.name for path in tmp_path.iterdir()] == ["staging"]
