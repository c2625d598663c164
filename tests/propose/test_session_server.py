"""The socket of a session: one line asks, one line answers, whatever the other side does."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import UsageError
from meta_reward.propose import client
from meta_reward.propose.pack_client import pack_client
from meta_reward.propose.session_server import MAX_REQUEST_BYTES, MOST_WAITING, open_session_server


async def echo(command: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answers with what was asked, and refuses to be shouted at."""
    if command == "shout":
        raise UsageError("no shouting\x1b", hint="speak")
    await asyncio.sleep(arguments.get("seconds", 0))
    return {"command": command, **arguments}


def talk(*lines: bytes) -> list[bytes]:
    """What comes back for each of these, sent over connections of their own one after the other."""

    async def run() -> list[bytes]:
        answers = []
        async with open_session_server(echo) as path:
            for line in lines:
                reader, writer = await asyncio.open_unix_connection(path, limit=10**7)
                writer.write(line)
                writer.write_eof()
                answers.append(await reader.read())
                writer.close()
        return answers

    return asyncio.run(run())


def test_request_is_answered() -> None:
    assert talk(b'{"command": "try", "arguments": {"path": "a"}}\n') == [b'{"command":"try","path":"a"}\n']


def test_refusal_is_an_answer_without_control_characters() -> None:
    assert talk(b'{"command": "shout", "arguments": {}}\n') == [b'{"error":"no shouting\\\\u001b: speak"}\n']


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"\n", b"hello\n", b"[1]\n", b"\xff\n", b"{", b"[" * 60_000 + b"\n", b"x" * (2 * MAX_REQUEST_BYTES)),
        *(b'{"command": 1, "arguments": {}}\n', b'{"command": "try"}\n', b'{"command": "try", "arguments": []}\n'),
    ],
)
def test_nonsense_is_an_error_and_the_next_is_served(line: bytes) -> None:
    first, second = talk(line, b'{"command": "try", "arguments": {}}\n')
    assert "error" in json.loads(first)
    assert json.loads(second) == {"command": "try"}


def test_client_that_leaves_early_is_no_trouble() -> None:
    async def run() -> dict[str, Any]:
        async with open_session_server(echo) as path:
            for _ in range(20):
                _, writer = await asyncio.open_unix_connection(path)
                writer.write(b'{"command": "try", "arguments": {"seconds": 0.01}}\n')
                await writer.drain()
                writer.close()
            return await asyncio.to_thread(client.ask, str(path), "ledger", {})

    assert asyncio.run(run()) == {"command": "ledger"}


def test_many_at_once_are_served_in_turn() -> None:
    async def run() -> list[dict[str, Any]]:
        async with open_session_server(echo) as path:
            asks = (asyncio.to_thread(client.ask, str(path), "try", {"n": n, "seconds": 0.01}) for n in range(12))
            return await asyncio.gather(*asks)

    assert [answer["n"] for answer in asyncio.run(run())] == list(range(12))


def test_flood_of_connections_is_turned_away_and_does_no_harm() -> None:
    async def run() -> dict[str, Any]:
        async with open_session_server(echo) as path:
            held = [await asyncio.open_unix_connection(path) for _ in range(3 * MOST_WAITING)]
            await asyncio.sleep(0.05)
            for _, writer in held:
                writer.close()
            await asyncio.sleep(0.05)
            return await asyncio.to_thread(client.ask, str(path), "ledger", {})

    assert asyncio.run(run()) == {"command": "ledger"}


def test_socket_is_ours_alone_and_gone_afterwards() -> None:
    async def run() -> Path:
        async with open_session_server(echo) as path:
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            return path

    assert not asyncio.run(run()).parent.exists()


def test_end_of_the_session_does_not_wait_for_an_answer_under_way() -> None:
    async def run() -> None:
        async with asyncio.timeout(5), open_session_server(echo) as path:
            _, writer = await asyncio.open_unix_connection(path)
            writer.write(b'{"command": "try", "arguments": {"seconds": 60}}\n')
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.close()

    asyncio.run(run())


def packed(folder: Path) -> Path:
    """The client as one file, to be executed."""
    path = folder / "meta-reward"
    path.write_bytes(pack_client())
    path.chmod(0o755)
    return path


def run_client(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The client as a jail has it: one file, an interpreter, and nothing of the package."""
    command = [sys.executable, "-I", "-S", str(packed(cwd)), *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=30, check=False)


def test_client_needs_nothing_of_the_package(tmp_path: Path) -> None:
    async def run() -> subprocess.CompletedProcess[str]:
        async with open_session_server(echo) as path:
            environment = {client.SOCKET: str(path), client.PROMPT: str(tmp_path / "prompt.md")}
            return await asyncio.to_thread(
                run_client, "try", "../draft", "--pairs", "a,b c", cwd=tmp_path / "staging" / "sub", **environment
            )

    (tmp_path / "staging" / "sub").mkdir(parents=True)
    ran = asyncio.run(run())
    assert (ran.returncode, json.loads(ran.stdout)) == (
        0,
        {"command": "try", "path": "draft", "pairs": ["a", "b", "c"]},
    )


def test_client_without_a_search_says_so(tmp_path: Path) -> None:
    for environment in ({}, {client.SOCKET: str(tmp_path / "none")}):
        ran = run_client("ledger", cwd=tmp_path, **environment)
        assert ran.returncode == 1
        assert ran.stderr.startswith("meta-reward: ")
        assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("ledger --json --history /proposer/history", {"limit": 40}),
        ("failures night c0007 --limit 0", {"candidate": "c0007", "category": "", "limit": 0}),
        ("flips c3 c7 --category bias", {"first": "c3", "second": "c7", "category": "bias", "limit": 5}),
        ("diff c3 c7 --full", {"first": "c3", "second": "c7"}),
        ("trace c3 t1-r1 --ask 2 --full", {"candidate": "c3", "trajectory": "t1-r1", "ask": 2}),
    ],
)
def test_client_takes_what_the_command_outside_takes(
    words: str, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> int:
        async with open_session_server(echo) as path:
            monkeypatch.setenv(client.SOCKET, str(path))
            return await asyncio.to_thread(client.main, words.split())

    assert asyncio.run(run()) == 0
    assert json.loads(capsys.readouterr().out) == {"command": words.split()[0], **arguments}


@pytest.mark.parametrize(
    ("told", "code"),
    [({"error": "no"}, 1), ({"error": {"kind": "ValueError"}}, 0), ({"ok": False}, 1), ({"ok": True}, 0)],
)
def test_client_exits_with_1_on_an_error_and_on_a_draft_that_is_no_harness(
    told: dict[str, Any], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def tell(command: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return told

    async def run() -> int:
        async with open_session_server(tell) as path:
            monkeypatch.setitem(os.environ, client.SOCKET, str(path))
            return await asyncio.to_thread(client.main, ["flips", "c0001", "c0002"])

    assert asyncio.run(run()) == code


def test_client_does_not_take_a_candidate_for_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        client.main(["flips", "c0001", "c0002", "c0003"])
    assert "one name too many: c0001 is a candidate, not a run" in capsys.readouterr().err


def test_client_shows_an_item_a_line_and_stays_json() -> None:
    answer = {"a": [], "b": [{"c": 1}, {"c": "\x1b\n"}], "d": {"e": None}}
    assert json.loads(client.rendered(answer)) == answer
    assert client.rendered(answer).splitlines() == [
        "{",
        '"a": [],',
        '"b": [',
        ' {"c": 1},',
        ' {"c": "\\u001b\\n"}',
        "],",
        '"d": {"e": null}',
        "}",
    ]


def test_packed_client_is_a_program_and_the_same_each_time(tmp_path: Path) -> None:
    ran = subprocess.run(
        [packed(tmp_path), "ledger"], env={"PATH": os.environ["PATH"]}, capture_output=True, check=False
    )
    assert (ran.returncode, ran.stderr.startswith(b"meta-reward: META_REWARD_TRY is not set")) == (1, True)
    assert pack_client() == pack_client()
