"""Levels are found out by a job that tries to get out, and what is missing is said in one line."""

import asyncio
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from meta_reward.errors import UsageError
from meta_reward.harness import levels
from meta_reward.harness.confinement import readable_paths
from meta_reward.harness.levels import choose_level, problem_of, strictest
from meta_reward.harness.sandbox import Sandbox
from tests.harness.attacks.arena import LEVELS


@pytest.fixture(autouse=True)
def _unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of this machine yet."""
    monkeypatch.setattr(levels, "_found", {})


def refusal(wanted: str) -> str:
    with pytest.raises(UsageError) as caught:
        asyncio.run(choose_level(wanted))
    return str(caught.value)


def test_probe_tells_all_that_an_unconfined_candidate_can_do() -> None:
    assert asyncio.run(problem_of("none")) == "a candidate could still read, write, connect, start, signal"


def test_elsewhere_than_on_linux_every_level_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    advice = "run it on Linux, for example in a container; --sandbox none goes without, at your own risk"
    why = "(it needs Linux, and this is darwin)"
    assert refusal("strict") == f"this machine cannot do sandbox level strict {why}: {advice}"
    assert refusal("auto") == f"this machine cannot confine candidates {why}: {advice}"
    assert asyncio.run(strictest()) is None


def test_strict_without_bubblewrap_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refusal("strict") == (
        "this machine cannot do sandbox level strict (there is no bwrap on PATH): "
        "install bubblewrap; --sandbox locked works here"
    )


def test_auto_without_bubblewrap_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert asyncio.run(choose_level()) == "locked"


def test_bubblewrap_that_may_not_make_namespaces_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bwrap = tmp_path / "bwrap"
    bwrap.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    bwrap.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = refusal("strict")
    assert "(bwrap: No permissions to create new namespace): allow user namespaces (sysctl " in said
    assert said.endswith("; --sandbox locked works here")


def test_sandbox_that_gives_no_sign_is_no_level(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(sandbox: Sandbox) -> Sandbox:
        raise TimeoutError

    monkeypatch.setattr(Sandbox, "__aenter__", never)
    assert asyncio.run(problem_of("locked")) == "TimeoutError"
    assert asyncio.run(strictest()) is None


@pytest.mark.slow
def test_bubblewrap_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bwrap = tmp_path / "bwrap"
    bwrap.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    bwrap.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("meta_reward.harness.zygote_process._PATIENCE_S", 1.0)
    assert asyncio.run(problem_of("strict")) == "no sign of it within 1 s"


def test_none_is_taken_by_name_alone() -> None:
    assert asyncio.run(choose_level("none")) == "none"
    assert asyncio.run(choose_level()) == asyncio.run(strictest())


def test_links_out_of_the_standard_library_are_not_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "python"
    library.mkdir()
    (tmp_path / "secret.py").write_text("")
    (library / "json.py").write_text("")
    (library / "alias.py").symlink_to("json.py")
    (library / "sitecustomize.py").symlink_to("../secret.py")
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(library))
    assert [path for path in readable_paths(()) if path.is_relative_to(tmp_path)] == [library / "json.py"]
    assert library / "sitecustomize.py" not in readable_paths(())


@pytest.mark.parametrize("level", LEVELS)
def test_level_works_where_few_files_may_be_open(level: str) -> None:
    program = (
        "import asyncio, resource; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))\n"
        f"from meta_reward.harness.levels import problem_of; print(asyncio.run(problem_of({level!r})))"
    )
    usual = asyncio.run(problem_of(level))  # type: ignore[arg-type]
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(usual)
