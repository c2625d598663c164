"""Git: real commits, tags and lineage, whoever's machine it is and whatever its git is told."""

import shlex
import subprocess
from pathlib import Path

import pytest

from meta_reward.errors import GitError, UsageError
from meta_reward.run import git
from meta_reward.run.integrity import restore_unfinished
from meta_reward.run.layout import Layout

FIRST = git.Commit("First\n\nbody: é", {"a.txt": b"1\n", "deep/b.bin": bytes(range(256))})


def ask(root: Path, *arguments: str) -> str:
    command = ["git", "-c", "safe.directory=*", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "night 1"
    folder.mkdir()
    git.init(folder)
    return folder


def tagged(name: str, *parents: str, content: bytes = b"") -> git.Tag:
    return git.Tag(name, git.Commit(f"{name} alone", {"harness.py": content or name.encode()}), parents)


def test_new_repository_has_no_refs(root: Path) -> None:
    assert git.refs(root) == set()
    assert ask(root, "symbolic-ref", "HEAD") == git.BRANCH


def test_init_is_done_once(root: Path) -> None:
    git.commit(root, FIRST)
    git.init(root)
    assert ask(root, "log", "--format=%s") == "First"


def test_commit_holds_its_files_and_all_before_it(root: Path) -> None:
    git.commit(root, FIRST)
    git.commit(root, git.Commit("Second", {"a.txt": b"2\n"}))
    assert ask(root, "log", "--format=%s|%an <%ae>|%b", git.BRANCH).splitlines() == [
        "Second|meta-reward <meta-reward@localhost>|",
        "First|meta-reward <meta-reward@localhost>|body: é",
    ]
    assert ask(root, "ls-tree", "-r", "--name-only", "main").splitlines() == ["a.txt", "deep/b.bin"]
    assert ask(root, "show", "main:a.txt") == "2"
    stored = subprocess.run(["git", "show", "main:deep/b.bin"], cwd=root, capture_output=True, check=True).stdout
    assert stored == bytes(range(256))


def test_trailers_are_read_by_git(root: Path) -> None:
    git.commit(root, git.Commit("c0001 naive\n\nAsk.\n\nCandidate: c0001\nParent: c0000", {}))
    assert ask(root, "log", "--format=%(trailers:key=Candidate,valueonly)") == "c0001"
    assert git.candidates(root) == {"c0001"}


def test_tag_holds_just_its_files_and_hangs_on_its_parents_tags(root: Path) -> None:
    for number, (name, parents) in enumerate([("c0001", ()), ("c0002", ()), ("c0003", ("c0002", "c0001"))]):
        git.commit(root, git.Commit(name, {f"{number}.txt": b""}), tag=tagged(name, *parents))
    assert git.refs(root) == {git.BRANCH, *map(git.tag_ref, ("c0001", "c0002", "c0003"))}
    assert ask(root, "ls-tree", "-r", "--name-only", "c0003") == "harness.py"
    assert ask(root, "show", "c0003:harness.py") == "c0003"
    assert ask(root, "log", "-1", "--format=%P", "c0003").split() == [
        ask(root, "rev-parse", n) for n in ("c0002", "c0001")
    ]
    assert ask(root, "log", "-1", "--format=%P", "c0001") == ""
    assert ask(root, "rev-list", "--count", "main") == "3"
    assert "-c0002\n+c0003" in ask(root, "diff", "c0002", "c0003").replace("\n\\ No newline at end of file", "")


def test_what_a_parents_tag_holds_is_not_inherited(root: Path) -> None:
    scored = git.Commit("c0001 alone", {"harness.py": b"1", "scores.json": b"{}"})
    git.commit(root, FIRST, tag=git.Tag("c0001", scored, ()))
    git.commit(root, FIRST, tag=tagged("c0002", "c0001"))
    assert ask(root, "ls-tree", "-r", "--name-only", "c0002") == "harness.py"


def test_parents_that_are_unknown_or_itself_are_left_out(root: Path) -> None:
    git.commit(root, FIRST, tag=tagged("c0001", "c0099", "c0001"))
    assert ask(root, "log", "-1", "--format=%P", "c0001") == ""


def test_work_tree_is_left_alone_and_shows_what_a_person_changed(root: Path) -> None:
    git.commit(root, FIRST)
    (root / "a.txt").write_text("1\n")
    (root / "mine.txt").write_text("mine")
    git.refresh(root)
    assert ask(root, "status", "--porcelain").split("\n") == ["D deep/b.bin", "?? mine.txt"]


def test_index_follows_main_without_a_word_on_what_a_person_staged(root: Path) -> None:
    git.commit(root, FIRST)
    for name, content in FIRST.files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(content)
    git.refresh(root)
    (root / "mine.txt").write_text("mine")
    ask(root, "add", "mine.txt")
    git.commit(root, git.Commit("Second", {"b.txt": b"2\n"}))
    (root / "b.txt").write_text("2\n")
    git.refresh(root)
    assert ask(root, "status", "--porcelain") == "A  mine.txt"


def test_index_is_left_alone_where_what_was_staged_is_committed_otherwise(root: Path) -> None:
    git.commit(root, FIRST)
    git.refresh(root)
    (root / "a.txt").write_text("mine\n")
    ask(root, "add", "a.txt")
    git.commit(root, git.Commit("Second", {"a.txt": b"2\n"}))
    git.refresh(root)
    assert ask(root, "show", ":a.txt") == "mine"
    ask(root, "reset", "--quiet")
    git.commit(root, git.Commit("Third", {"a.txt": b"3\n"}))
    git.refresh(root)
    assert ask(root, "show", ":a.txt") == "3"


def test_index_of_a_clone_follows_main_from_the_start(root: Path, tmp_path: Path) -> None:
    git.commit(root, FIRST)
    clone = tmp_path / "clone"
    ask(root, "clone", "--quiet", str(root), str(clone))
    restore_unfinished(Layout(clone))
    git.commit(clone, git.Commit("Second", {"a.txt": b"2\n"}))
    (clone / "a.txt").write_text("2\n")
    git.refresh(clone)
    assert ask(clone, "status", "--porcelain") == ""


def test_index_of_another_branch_is_left_alone(root: Path) -> None:
    git.commit(root, FIRST)
    ask(root, "checkout", "--quiet", "-b", "notes")
    git.commit(root, git.Commit("Second", {"b.txt": b"2\n"}))
    git.refresh(root)
    assert ask(root, "ls-files").splitlines() == ["a.txt", "deep/b.bin"]


def test_blob_ids_are_those_of_git(root: Path) -> None:
    git.commit(root, git.Commit("First", {"a b.txt": b"1\n", "deep/\u00e9.txt": b"", "deep/er/c.txt": b"2"}))
    assert git.blob_ids(root, ["a b.txt", "deep", "none"]) == {
        "a b.txt": git.blob_id(b"1\n"),
        "deep/\u00e9.txt": git.blob_id(b""),
        "deep/er/c.txt": git.blob_id(b"2"),
    }
    assert git.blob_id(b"1\n") == ask(root, "rev-parse", "main:a b.txt")


def test_repack_keeps_every_commit_and_tag(root: Path) -> None:
    git.refresh(root)  # of a repository without commits: nothing to do
    git.commit(root, FIRST, tag=tagged("c0001"))
    before = ask(root, "show-ref")
    git.repack(root)
    assert ask(root, "show-ref") == before
    assert ask(root, "count-objects", "-v").splitlines()[0] == "count: 0"
    git.commit(root, git.Commit("Next", {}), tag=tagged("c0002", "c0001"))
    assert ask(root, "rev-parse", "c0002^") == ask(root, "rev-parse", "c0001")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GIT_DIR", "/nonexistent"),
        ("GIT_WORK_TREE", "/nonexistent"),
        ("GIT_INDEX_FILE", "/nonexistent/index"),
        ("GIT_OBJECT_DIRECTORY", "/nonexistent"),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/nonexistent"),
        ("GIT_NAMESPACE", "other"),
        ("GIT_CONFIG_GLOBAL", "/nonexistent"),
        ("GIT_CONFIG_COUNT", "nonsense"),
        ("GIT_CONFIG_PARAMETERS", "nonsense"),
        ("GIT_COMMON_DIR", "/nonexistent"),
        ("GIT_AUTHOR_NAME", ""),
        ("GIT_CEILING_DIRECTORIES", "/"),
        ("GIT_TEMPLATE_DIR", "/nonexistent"),
        ("GIT_DEFAULT_HASH", "sha256"),
    ],
)
def test_surroundings_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with monkeypatch.context() as surroundings:
        surroundings.setenv(name, value)
        git.init(tmp_path)
        git.commit(tmp_path, FIRST, tag=tagged("c0001"))
        git.refresh(tmp_path)
        assert git.refs(tmp_path) == {git.BRANCH, git.tag_ref("c0001")}
    assert ask(tmp_path, "log", "--format=%s", "main", "--") == "First"
    assert len(ask(tmp_path, "rev-parse", "main")) == 40


def test_users_configuration_changes_nothing(tmp_path: Path) -> None:
    hooks = Path.home() / "hooks"
    hooks.mkdir()
    (hooks / "reference-transaction").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "reference-transaction").chmod(0o755)
    for key in ("core.hooksPath", "init.templateDir"):
        ask(hooks, "config", "--global", key, str(hooks))
    for key in ("core.autocrlf", "commit.gpgSign", "user.useConfigOnly"):
        ask(hooks, "config", "--global", key, "true")
    git.init(tmp_path)
    git.commit(tmp_path, git.Commit("First", {"a.txt": b"1\r\n"}))
    assert not (tmp_path / ".git" / "reference-transaction").exists()
    assert ask(tmp_path, "-c", "core.hooksPath=/dev/null", "cat-file", "-s", "main:a.txt") == "3"


def test_what_git_says_is_passed_on_with_place_and_command(root: Path) -> None:
    git.commit(root, FIRST)
    (root / ".git" / "refs" / "heads" / "main").write_text("0" * 39 + "1\n")
    with pytest.raises(GitError, match=r"night 1: git fast-import failed: .+"):
        git.commit(root, FIRST)


def test_machine_without_git_is_one_clear_line(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(UsageError, match="git does not run on this machine: install git, or put it on PATH"):
        git.first_commit(root)


def test_refs_are_the_same_as_git_lists_them_loose_and_packed(root: Path) -> None:
    def listed() -> set[str]:
        command = ["git", "-C", str(root), "for-each-ref", "--format=%(refname)"]
        return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

    git.init(root)
    assert git.refs(root) == listed() == set()
    for name in ("c0001", "c0002"):
        entry = git.Commit(f"Add {name}", {"file": name.encode()})
        git.commit(root, entry, tag=git.Tag(name, entry, ["c0001"]))
        assert git.refs(root) == listed()
        git.pack_refs(root)
        assert git.refs(root) == listed()
    assert git.refs(root) == {git.BRANCH, "refs/tags/c0001", "refs/tags/c0002"}


def test_lock_of_a_git_that_was_killed_is_no_ref(root: Path) -> None:
    git.init(root)
    git.commit(root, FIRST)
    (root / ".git" / "refs" / "tags" / "c0009.lock").write_text("")
    assert git.refs(root) == {git.BRANCH}


def test_what_a_killed_git_left_is_removed(root: Path) -> None:
    git.commit(root, FIRST)
    left = [
        root / ".git" / name
        for name in ("index.lock", "refs/heads/main.lock", "objects/pack/tmp_pack_a1", "objects/tmp_obj_b")
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (root / ".git" / "HEAD").write_bytes(b"ref: re")
    git.unlock(root)
    assert ask(root, "symbolic-ref", "HEAD") == git.BRANCH
    assert [path for path in left if path.exists()] == []
    assert git.read(root, next(iter(FIRST.files))) == FIRST.files[next(iter(FIRST.files))]


def test_way_back_names_the_command_that_restores_a_committed_file(root: Path) -> None:
    git.commit(root, FIRST)
    name = next(iter(FIRST.files))
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(b"damaged")
    subprocess.run(shlex.split(git.way_back(root / name)), check=True, capture_output=True)
    assert (root / name).read_bytes() == FIRST.files[name]
    assert git.way_back(root / "no such file") == git.way_back(root.parent / "elsewhere") == ""


def test_file_that_is_left_out_is_overlooked_by_git(root: Path) -> None:
    git.commit(root, FIRST)
    (root / "events.jsonl").write_text("{}\n")
    assert "?? events.jsonl" in ask(root, "status", "--porcelain")
    for _ in range(2):
        git.leave_out(root, "events.jsonl")
    assert "events.jsonl" not in ask(root, "status", "--porcelain")
    assert (root / ".git" / "info" / "exclude").read_text().count("/events.jsonl\n") == 1
