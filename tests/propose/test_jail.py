"""The jail around a command: a program that tries to get out of it for real gets nothing."""

import asyncio
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import ProposerError, UsageError
from meta_reward.propose import jail
from meta_reward.propose.base import Assignment, collect
from meta_reward.propose.command import CommandProposer, Confinement
from meta_reward.propose.program import find_program
from tests.messages_api import messages_api, results_in, say, use
from tests.propose.test_claude_escapes import CANARY, digests, make_run

ESCAPES = Path(__file__).with_name("escapes.py")
needs_jail = pytest.mark.skipif(bool(jail.why_not()), reason=jail.why_not())


@pytest.fixture
def listener() -> Iterator[int]:
    """The port of a server of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def assignment(session: Path, **more: Any) -> Assignment:
    run = session.parents[1]
    hidden = (run, run.parent / "tasks" / "t")
    told = "# Write better harnesses"
    return Assignment(run / "history", session / "staging", 1, 2, 0, instructions=told, hidden=hidden, **more)


def propose(session: Path, *command: str, minutes: float = 0.5, **confinement: Any) -> str:
    """What a jailed command says."""
    env = confinement.pop("env", ())
    proposer = CommandProposer(command, minutes, repairs=True, confinement=Confinement(**confinement), env=env)
    asyncio.run(proposer.propose(assignment(session)))
    return said(session)


def said(session: Path) -> str:
    events = [json.loads(line) for line in (session / "transcript.jsonl").read_text().splitlines()]
    return str(next(event["text"] for event in reversed(events) if event["type"] == "output"))


def clean(session: Path) -> None:
    shutil.rmtree(session / "staging")
    (session / "staging").mkdir()


@needs_jail
@pytest.mark.slow
def test_program_that_tries_to_get_out_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: int
) -> None:
    session = make_run(tmp_path)
    run = session.parents[1]
    clean(session)
    monkeypatch.setenv("SECRET_API_KEY", CANARY)
    unseen = [
        *(run / "sealed" / "validation" / "pairs.jsonl", run / ".git" / "config", run / "run.toml"),
        *(run / ".work" / "other" / "x.json", tmp_path / "tasks" / "t" / "pairs.jsonl", Path.home() / "secret.txt"),
    ]
    facts = {
        "canary": CANARY,
        "outside": str(run),
        "unseen": list(map(str, unseen)),
        "port": listener,
        "pid": os.getpid(),
        "marker": "pytest",
        "hostname": socket.gethostname(),
        "device": Path("/").stat().st_dev,
    }
    told = tmp_path / "facts.json"
    told.write_text(json.dumps(facts))
    before = digests(tmp_path) | digests(Path.home())

    assert propose(session, sys.executable, str(ESCAPES), str(told), network=False).startswith("tried ")
    report = json.loads((session / "staging" / "report.json").read_text())
    assert len(report) >= 40
    assert {name: result for name, result in report.items() if result == "GOT IT"} == {}
    assert digests(tmp_path) | digests(Path.home()) == before
    assert not Path("/usr/bin/planted").exists()
    assert "98765" not in subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True).stdout
    assert CANARY not in (session / "transcript.jsonl").read_text()
    drafts, notes = collect(session / "staging", most=5)
    assert [draft.folder for draft in drafts] == ["big", "binary", "two\nlines"]
    assert [len(draft.source) <= 70_000 for draft in drafts] == [True] * 3
    left = [f"'{name}' holds no regular file harness.py: left out" for name in ("folder-link", "link", "pipe")]
    assert (notes[:3], len(notes), notes[-1]) == (left, 21, "992 more were left out")
    assert not any(CANARY in draft.source for draft in drafts)


@needs_jail
def test_jailed_program_reads_history_writes_into_staging_and_has_the_network(tmp_path: Path, listener: int) -> None:
    session = make_run(tmp_path)
    program = (
        "cat $META_REWARD_HISTORY/README.md ../history/candidates/*/harness.py; mkdir mine; echo x > mine/harness.py; "
        f"head -c 9 $META_REWARD_PROMPT; cat | wc -l; pwd; (exec 3<>/dev/tcp/127.0.0.1/{listener}) && echo connected"
    )
    output = propose(session, "bash", "-c", program).splitlines()
    assert output[:2] == ["Read me.", "needle = 1"]
    assert output[2].startswith("# Write b")
    assert output[3:] == ["/proposer/staging", "connected"]
    assert collect(session / "staging", most=1)[0][0].folder == "mine"


@needs_jail
@pytest.mark.skipif(not jail.keeps_from_sockets(), reason="this kernel cannot keep a program from abstract sockets")
def test_abstract_sockets_and_processes_of_this_machine_are_out_of_reach_and_its_own_are_not(tmp_path: Path) -> None:
    session = make_run(tmp_path)
    name = f"\0{tmp_path}"
    program = f"""
import os, signal, socket, subprocess
def tried(action):
    try:
        action()
        return "done"
    except OSError as error:
        return type(error).__name__
own = socket.socket(socket.AF_UNIX)
own.bind("\\0own")
own.listen()
print(tried(lambda: socket.socket(socket.AF_UNIX).connect({name!r})))
print(tried(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", {name + "-datagrams"!r})))
print(tried(lambda: socket.socket(socket.AF_UNIX).connect("\\0own")))
sleeper = subprocess.Popen(["sleep", "60"])
print(tried(lambda: sleeper.send_signal(signal.SIGTERM)), sleeper.wait())
"""
    (tmp_path / "agent.py").write_text(program)
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
        listening.bind(name)
        listening.listen()
        datagrams.bind(f"{name}-datagrams")
        output = propose(session, sys.executable, str(tmp_path / "agent.py"))
    assert output.splitlines() == ["PermissionError", "PermissionError", "done", "done -15"]


@needs_jail
def test_what_is_named_is_there_and_only_as_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_run(tmp_path)
    settings, notes = Path.home() / ".agent", Path.home() / ".notes"
    for folder in (settings, notes):
        folder.mkdir()
        (folder / "auth.json").write_text("signed in\n")
    monkeypatch.setenv("AGENT_API_KEY", "a-key-of-its-own")
    monkeypatch.setenv("OTHER_API_KEY", "another-key-entirely")
    program = (
        "cat ~/.agent/auth.json; echo changed > ~/.agent/auth.json; echo changed > ~/.notes/auth.json; "
        "ls -A ~ | tr '\\n' ' '; echo $AGENT_API_KEY $OTHER_API_KEY"
    )
    bind = (f"{settings}:rw", "~/.notes")
    output = propose(session, "/usr/bin/sh", "-c", program, bind=bind, env=("AGENT_API_KEY",))
    assert output.splitlines() == [
        "signed in",
        f"/usr/bin/sh: 1: cannot create {notes}/auth.json: Read-only file system",
        ".agent .notes [key]",
    ]
    assert (settings / "auth.json").read_text() == "changed\n"


@needs_jail
def test_program_that_does_not_end_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    session = make_run(tmp_path)
    with pytest.raises(ProposerError, match=r"^sh: no end within 0\.02 minutes$") as raised:
        propose(session, "sh", "-c", "setsid sleep 87654 & sleep 87654", minutes=0.02)
    assert raised.value.status == "timed out"
    time.sleep(0.1)
    assert "87654" not in subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True).stdout


@needs_jail
def test_run_stays_hidden_where_it_lies_in_a_folder_that_is_shown(tmp_path: Path) -> None:
    session = make_run(tmp_path)
    output = propose(session, "sh", "-c", f"ls -A {tmp_path} {tmp_path}/run {tmp_path}/tasks/t", bind=(str(tmp_path),))
    assert output.split() == [f"{tmp_path}:", "run", "tasks", f"{tmp_path}/run:", f"{tmp_path}/tasks/t:"]


@needs_jail
def test_script_brings_its_interpreter_and_its_environment(tmp_path: Path) -> None:
    session = make_run(tmp_path)
    script = tmp_path / "agent"
    script.write_text(f"#!{sys.executable}\nimport orjson\nprint('it runs')\n")
    script.chmod(0o755)
    assert propose(session, str(script)) == "it runs\n"


@needs_jail
def test_script_that_asks_for_its_interpreter_by_name_gets_a_version_managers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager, script = tmp_path / "manager", tmp_path / "agent"
    shim, real = manager / "shims" / "pyth", manager / "versions" / "9" / "bin" / "pyth"
    for path, text in {
        shim: f'#!/usr/bin/env bash\nexec "{manager}/versions/9/bin/${{0##*/}}" "$@"\n',
        real: '#!/bin/sh\necho "it runs $(basename "$1")"\n',
        script: "#!/usr/bin/env pyth\n",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    assert propose(make_run(tmp_path), str(script)) == "it runs agent\n"


@pytest.mark.parametrize("asked", ["/opt/none/python", "/usr/bin/env no-such-python", "/opt/none/env python3"])
def test_script_whose_interpreter_is_not_there_is_one_clear_line(tmp_path: Path, asked: str) -> None:
    script = tmp_path / "agent"
    script.write_text(f"#!{asked}\n")
    script.chmod(0o755)
    with pytest.raises(
        UsageError, match=r"its first line asks for .*, which is not there: install it, or fix that line"
    ):
        find_program([str(script)])


@needs_jail
def test_program_that_misses_something_is_told_how_to_name_it(tmp_path: Path) -> None:
    session = make_run(tmp_path)
    script = tmp_path / "agent"
    script.write_text(f"#!/bin/sh\nexec {Path.home()}/bin/real-agent\n")
    script.chmod(0o755)
    with pytest.raises(
        ProposerError, match=r"127: .*not found \(the jail does not show what it misses: name .* --proposer-bind PATH\)"
    ):
        propose(session, str(script))


@needs_jail
def test_script_that_misses_its_neighbour_is_told_how_to_name_it(tmp_path: Path) -> None:
    session, script = make_run(tmp_path), tmp_path / "agent" / "main"
    script.parent.mkdir()
    (script.parent / "helper.py").write_text("print('it helps')\n")
    script.write_text(f"#!{sys.executable}\nimport helper\n")
    script.chmod(0o755)
    with pytest.raises(ProposerError, match=r"No module named 'helper' \(the jail does not show what it misses"):
        propose(session, str(script))
    assert propose(session, str(script), bind=(str(script.parent),)) == "it helps\n"


@needs_jail
@pytest.mark.parametrize(
    ("command", "confinement", "complaint"),
    [
        (("no-such-agent",), {}, "proposer no-such-agent does not start: no such program: give its path"),
        (("true",), {"bind": ("/no/such",)}, "--proposer-bind /no/such: there is no /no/such"),
        (("true",), {"bind": ("~",)}, "shows a whole home folder: name what the agent needs in there"),
        (("true",), {"bind": ("/",)}, "shows a whole home folder"),
        (("true",), {"env": ("NO_SUCH",)}, "--proposer-env NO_SUCH: it is not set"),
    ],
)
def test_what_cannot_be_shown_is_one_clear_line(
    tmp_path: Path, command: tuple[str, ...], confinement: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UsageError) as raised:
        propose(make_run(tmp_path), *command, **confinement)
    assert complaint in str(raised.value)


@needs_jail
def test_sealed_part_cannot_be_named(tmp_path: Path) -> None:
    session = make_run(tmp_path)
    with pytest.raises(UsageError, match=r"the jail would show .*/run: name something else"):
        propose(session, "true", bind=(str(session.parents[1] / "sealed"),))


def test_machine_that_cannot_jail_says_so_and_how_to_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "bin" / "bwrap"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:/usr/bin:/bin")
    jail.why_not.cache_clear()
    try:
        with pytest.raises(UsageError) as raised:
            CommandProposer(("true",), 1.0, repairs=True, confinement=Confinement()).check()
    finally:
        jail.why_not.cache_clear()
    assert str(raised.value) == (
        "this machine cannot jail a command proposer: bubblewrap does not jail here: "
        "bwrap: No permissions to create new namespace: install bubblewrap and allow user namespaces, "
        "or pass --proposer-jail none to run it with your own rights"
    )


def test_program_in_a_package_of_node_brings_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "lib" / "node_modules" / "@maker" / "agent"
    script = package / "bin" / "agent.js"
    script.parent.mkdir(parents=True)
    script.write_text("#!/usr/bin/env -S node --no-warnings\n")
    script.chmod(0o755)
    (package / "package.json").write_text("{}")
    node, link = tmp_path / "bin" / "node", tmp_path / "bin" / "agent"
    node.parent.mkdir()
    node.write_bytes(b"\x7fELF")
    node.chmod(0o755)
    link.symlink_to(script)
    monkeypatch.setenv("PATH", str(node.parent))
    program = find_program(["agent", "--model", "x y", shlex.quote("none.txt")])
    assert program.command == (str(link), "--model", "x y", "none.txt")
    assert set(program.needs) == {link, script, package, node}
    assert program.folders == (node.parent,)


@needs_jail
def test_linked_program_finds_its_neighbours_where_the_link_leads(tmp_path: Path) -> None:
    package, link = tmp_path / "lib" / "node_modules" / "agent", tmp_path / "bin" / "agent"
    for folder in (package, link.parent):
        folder.mkdir(parents=True)
    (package / "package.json").write_text("{}")
    (package / "helper.sh").write_text("echo it helps\n")
    (package / "main.sh").write_text('#!/bin/sh\n. "$(dirname "$(readlink -f "$0")")/helper.sh"\n')
    (package / "main.sh").chmod(0o755)
    link.symlink_to("../lib/node_modules/agent/main.sh")
    assert propose(make_run(tmp_path), str(link)) == "it helps\n"


@needs_jail
def test_linked_program_in_the_home_folder_starts_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    link, real = home / ".local" / "bin" / "agent", home / "agents" / "agent"
    for path in (link, real):
        path.parent.mkdir(parents=True)
    real.write_text('#!/bin/sh\necho "it runs with $(ls -A ~ | tr -d "\\n")"; touch ~/mine\n')
    real.chmod(0o755)
    link.symlink_to(real)
    monkeypatch.setenv("HOME", str(home))
    session = make_run(tmp_path)
    assert [propose(session, str(link)) for _ in range(2)] == ["it runs with .localagents\n"] * 2


@needs_jail
@pytest.mark.parametrize(("more", "network"), [({}, "host"), ({"network": False}, "none")])
def test_record_says_which_network_and_sockets_a_program_had(
    tmp_path: Path, more: dict[str, Any], network: str
) -> None:
    session = make_run(tmp_path)
    propose(session, "true", **more)
    begin = json.loads((session / "transcript.jsonl").read_text().partition("\n")[0])
    assert (begin["type"], begin["jail"], begin["network"]) == ("begin", "bubblewrap", network)
    assert begin["abstract_sockets"] == ("own" if jail.keeps_from_sockets() or network == "none" else "host")


@needs_jail
@pytest.mark.slow
def test_claude_code_itself_runs_in_the_jail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import claude_agent_sdk

    session = make_run(tmp_path)
    program = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
    look = "cat /proposer/history/README.md; mkdir mine; echo 'x = 1' > mine/harness.py"
    with messages_api([[use("Bash", command=look, description="Look")], [say("I am done.")]]) as api:
        for name, value in {"BASE_URL": api.url, "API_KEY": "sk-ant-a-key-of-its-own"}.items():
            monkeypatch.setenv(f"ANTHROPIC_{name}", value)
        monkeypatch.setenv("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
        names = ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
        words = ("-p", "--dangerously-skip-permissions", "--model", "claude-haiku-4-5-20251001")
        assert propose(session, str(program), *words, env=names, minutes=1.0) == "I am done.\n"
    assert "Read me." in results_in(api.requests[-1])[0]
    assert [draft.folder for draft in collect(session / "staging", most=1)[0]] == ["mine"]
