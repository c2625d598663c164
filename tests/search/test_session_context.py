"""What a session is given: a view, what it is told, a socket, and a record of its trials."""

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from meta_reward.kinds.registry import KINDS
from meta_reward.propose import client
from meta_reward.propose.client import ask
from meta_reward.search.context import Search
from meta_reward.search.create import keep_instructions
from meta_reward.search.session_context import SessionContext, open_session_context
from tests.search.conftest import World, harness
from tests.search.test_loop import git

BETTER = harness("Look closely at this run.")


def in_session(search: Search, act: Callable[[SessionContext], Any], iteration: int = 1) -> Any:
    """What `act` returns in a session's block; it runs in a thread, as an agent of its own would."""
    search.layout.staging(iteration).mkdir(parents=True, exist_ok=True)

    async def run() -> Any:
        async with open_session_context(search, iteration) as briefing:
            return await asyncio.to_thread(act, briefing)

    return asyncio.run(run())


def test_session_of_a_whole_history_sees_the_history(begun: World) -> None:
    search = begun.open()
    view = in_session(search, lambda briefing: briefing.view)
    assert view == begun.layout.history.resolve()
    assert (search.layout.session(1) / "history").resolve() == view


@pytest.mark.parametrize(
    ("level", "sees"), [("scores", "ledger.jsonl"), ("none", "candidates/c0001-baseline/harness.py")]
)
def test_session_of_less_sees_a_view_beside_its_staging_folder(world: World, level: str, sees: str) -> None:
    world.create(proposer={"spec": "command:true", "jail": "none", "history": level}, limits={"iterations": 0})
    world.search()
    view = in_session(world.open(), lambda briefing: briefing.view)
    assert view == world.layout.session(1).resolve() / "history"
    assert (view / sees).exists()
    assert not (view / "taskset").exists()


def test_agent_at_the_socket_tries_and_queries(begun: World) -> None:
    search = begun.open()
    draft = search.layout.staging(1) / "draft"
    draft.mkdir(parents=True)
    (draft / "harness.py").write_text(BETTER)

    def act(briefing: SessionContext) -> tuple[Any, ...]:
        socket = str(briefing.socket)
        tried = ask(socket, "try", {"path": "draft", "pairs": []})
        return tried, ask(socket, "ledger", {"limit": 0}), briefing.trials

    tried, ledger, record = in_session(search, act)
    assert (tried["score"], ledger["best"]) == (2 / 3, "c0001")
    assert [(trial["path"], trial["ok"], trial["score"]) for trial in record] == [("draft", True, 2 / 3)]
    assert record[0]["new_calls"] == tried["judge_calls"]["new"] > 0
    assert json.dumps(record)


def test_every_command_of_the_client_is_understood(begun: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run = min(path.stem for path in (begun.layout.taskset / "trajectories").iterdir())
    commands = ("ledger", "failures c0001", "flips c0001 c0001", "diff c0001 c0001", f"trace c0001 {run}")

    def act(briefing: SessionContext) -> list[int]:
        monkeypatch.setenv(client.SOCKET, str(briefing.socket))
        return [client.main(command.split()) for command in commands]

    assert in_session(begun.open(), act) == [0] * len(commands)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("rm", {}, "there is no command 'rm': known: try, ledger"),
    ("ledger", {}, "ledger takes limit"),
    ("ledger", {"limit": -1}, "limit has the wrong type or size"),
    ("ledger", {"limit": True}, "limit has the wrong type or size"),
    ("failures", {"candidate": ["c0001"], "category": "", "limit": 1}, "candidate has the wrong type or size"),
    ("failures", {"candidate": "x" * 10_000, "category": "", "limit": 1}, "candidate has the wrong type or size"),
    ("diff", {"first": "c0001", "second": "c0009"}, "there is no candidate 'c0009'"),
    ("diff", {"first": "c0001", "second": "c0001", "history": "/"}, "diff takes first, second"),
    (
        "trace",
        {"candidate": "c0001", "trajectory": "../../../run", "ask": 0},
        "no trajectory or pair of c0001",
    ),
    ("try", {"path": "/etc/passwd", "pairs": []}, "is not in the staging folder"),
    ("try", {"path": "x", "pairs": [1]}, "pairs has the wrong type or size"),
    ("try", {"path": "x", "pairs": ["a"] * 1000}, "pairs has the wrong type or size"),
]


def test_requests_that_are_none_are_refused(begun: World) -> None:

    def act(briefing: SessionContext) -> list[Any]:
        return [ask(str(briefing.socket), command, arguments) for command, arguments, _ in REFUSED]

    for answer, (command, arguments, complaint) in zip(in_session(begun.open(), act), REFUSED, strict=True):
        assert list(answer) == ["error"], (command, arguments)
        assert complaint in answer["error"]


def listening() -> set[str]:
    """The addresses at which this process can be reached through the network of the machine."""
    own, found = set(), set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # that of this very listing
            own.add(str(link.readlink()))
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/self/net", table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in own:
                found.add(words[1])
    for line in Path("/proc/self/net/unix").read_text().splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and words[7].startswith("@") and f"socket:[{words[6]}]" in own:
            found.add(words[7])
    return found


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="tells by /proc")
def test_session_opens_nothing_that_the_network_of_the_machine_leads_to(world: World) -> None:
    world.search(iterations=0)
    assert in_session(world.open(), lambda briefing: listening()) == set()
    with socket.create_server(("127.0.0.1", 0)):
        assert len(listening()) == 1


def test_errors_name_files_as_the_agent_sees_them(world: World) -> None:
    world.create(proposer={"spec": "command:true", "jail": "none", "history": "none"}, limits={"iterations": 0})
    world.search()
    answer = in_session(world.open(), lambda b: ask(str(b.socket), "ledger", {"limit": 0}))
    assert answer == {"error": "history shows no ledger: this history was left out of what may be seen"}


def test_run_without_trials_refuses_them_and_says_so(world: World) -> None:
    world.create(proposer={"try_calls": 0}, limits={"iterations": 0})
    world.search()

    def act(briefing: SessionContext) -> tuple[Any, ...]:
        tried = ask(str(briefing.socket), "try", {"path": "draft", "pairs": []})
        return briefing.try_harness, briefing.trials, briefing.instructions, tried

    function, record, told, tried = in_session(world.open(), act)
    assert (function, record) == (None, [])
    assert "Drafts cannot be tried in this run." in told
    assert "cannot be tried" in tried["error"]


def test_instructions_are_in_the_run_from_its_first_commit(world: World) -> None:
    layout = world.create()
    assert git(layout, "show", "main:instructions.md") == layout.instructions.read_text()
    assert layout.instructions.read_text().startswith("# Write better harnesses")


def test_edited_instructions_are_told_and_put_on_record(begun: World) -> None:
    layout = begun.layout
    layout.instructions.write_text("Be brief.\n")
    keep_instructions(layout, KINDS["reward"], None)
    assert git(layout, "show", "main:instructions.md") == "Be brief.\n"
    assert in_session(begun.open(), lambda briefing: briefing.instructions).startswith("Be brief.\n\n# This run\n")


def test_unchanged_instructions_make_no_commit(world: World) -> None:
    layout = world.create()
    before = git(layout, "rev-parse", "main")
    keep_instructions(layout, KINDS["reward"], None)
    keep_instructions(layout, KINDS["reward"], layout.instructions.read_text())
    assert git(layout, "rev-parse", "main") == before


def test_run_from_before_there_were_instructions_gets_them(world: World) -> None:
    layout = world.create()
    layout.instructions.unlink()
    keep_instructions(layout, KINDS["reward"], None)
    assert layout.instructions.read_text().startswith("# Write better harnesses")
