"""A whole search in which the real SDK and its command line propose, told what to do by a scripted model."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import ProposerUnavailable
from meta_reward.propose import jail, shell
from meta_reward.propose.claude.agent import ClaudeProposer
from meta_reward.propose.client import rendered
from meta_reward.propose.command import CommandProposer, Confinement
from meta_reward.propose.guard import FILE_TOOLS
from meta_reward.propose.session_cost import proposer_usd
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.record import load_iterations
from meta_reward.run.settings import ProposerSettings
from meta_reward.search.create import raise_limits
from meta_reward.search.loop import run_search
from tests.conftest import PROJECT, make_task_set
from tests.messages_api import Fault, MessagesApi, Step, messages_api, results_in, say, use
from tests.search.conftest import World, harness, proposal

pytestmark = pytest.mark.slow
MODEL = "claude-haiku-4-5-20251001"
KEY = "sk-ant-a-key-that-nobody-must-see"
BETTER = harness("Look closely.")


def investigate(history: Path) -> list[Step]:
    """Look at the ledger, at what is lost and at a raw trace, as the found file names it."""

    def read_the_found_trace(request: dict[str, Any]) -> Any:
        found = [line for line in results_in(request)[-1].splitlines() if line.endswith(".json")]
        return [use("Read", file_path=found[0])]

    return [
        [use("Read", file_path=str(history / "ledger.jsonl"))],
        [use("Grep", pattern='"reply": "50"', path=str(history / "candidates"), head_limit=1)],
        read_the_found_trace,
        [use("Read", file_path=str(history / "candidates" / "c0001-baseline" / "harness.py"))],
    ]


def write(folder: str, source: str, *parents: str) -> list[Step]:
    return [
        [
            use("Write", file_path=f"{folder}/harness.py", content=source),
            use("Write", file_path=f"{folder}/proposal.md", content=proposal(*parents)),
        ],
        [say("I am done.")],
    ]


def use_api(api: MessagesApi, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BASE_URL": api.url, "API_KEY": KEY}.items():
        monkeypatch.setenv(f"ANTHROPIC_{name}", value)
    monkeypatch.setenv("CLAUDE_CODE_MAX_RETRIES", "1")


def agent(**settings: Any) -> ClaudeProposer:
    return ClaudeProposer(MODEL, ProposerSettings(**{"minutes": 1.0, "tools": FILE_TOOLS, **settings}))


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_agent_investigates_writes_and_repairs(begun: World, monkeypatch: pytest.MonkeyPatch) -> None:
    history = begun.layout.history.resolve()
    repair: list[Step] = [
        [use("Read", file_path="closer/validator.json"), use("Grep", pattern="socket", output_mode="content")],
        [use("Edit", file_path="closer/harness.py", old_string="import socket\n", new_string="")],
        [say("Fixed.")],
    ]
    scripts = {
        "session-0001": [*investigate(history), *write("closer", "import socket\n" + BETTER, "c0001"), *repair],
        "session-0002": [
            *write("closest", harness("Look closely, and twice."), "c0002")[:1],
            [use("mcp__meta_reward__try_harness", path="closest")],
            [say("It works.")],
        ],
    }
    begun.proposer = agent()
    with messages_api(scripts) as api:
        use_api(api, monkeypatch)
        assert begun.search(iterations=2).reason == "2 iterations done"

    rows = load_ledger(begun.layout.ledger)
    assert [(row.id, row.name, row.status, row.parents) for row in rows[1:]] == [
        ("c0002", "closer", "scored", ("c0001",)),
        ("c0003", "closest", "scored", ("c0002",)),
    ]
    own = begun.layout.candidate("c0002-closer") / "proposer"
    session = json.loads((own / "session.json").read_text())
    assert session | {"minutes": 0, "files_read": []} == {
        "schema": 1,
        "iteration": 1,
        "proposer": "catalog",
        "jail": "tools",
        "status": "ended",
        "reason": "",
        "minutes": 0,
        "turns": 11,
        "input_tokens": 9000,
        "output_tokens": 900,
        "cost_usd": 0.0135,
        "tool_calls": 9,
        "refused": 0,
        "files_read": [],
        "candidates": ["c0001"],
        "trials": [],
    }
    assert session["files_read"][:2] == ["ledger.jsonl", "candidates"]
    assert session["files_read"][2].startswith("candidates/c0001-baseline/traces/")
    assert session["files_read"][3] == "candidates/c0001-baseline/harness.py"
    told = [event["text"] for event in events(own / "transcript.jsonl") if event["type"] == "prompt"]
    assert told[0].startswith("# Write better harnesses")
    assert "The validator refused these candidates" in told[1]
    assert "c0001 baseline:" not in json.dumps(api.requests[0])
    findings = results_in(api.requests[-4])
    assert any("imports 'socket'" in text for text in findings)
    assert any("import socket" in text for text in findings)
    tried = json.loads(results_in(api.requests[-1])[-1])[0]["text"].strip()
    assert (json.loads(tried)["score"], tried) == (2 / 3, rendered(json.loads(tried)))
    second = json.loads((begun.layout.candidate("c0003-closest") / "proposer" / "session.json").read_text())
    assert [(trial["path"], trial["ok"]) for trial in second["trials"]] == [("closest", True)]
    assert proposer_usd(begun.layout) == pytest.approx(0.0135 + 0.0045)
    assert_in_git_and_without_the_key(begun.layout)


def assert_in_git_and_without_the_key(layout: Layout) -> None:
    git = ["git", "-C", str(layout.root)]
    last = [*git, "log", "-1", "--stat", "--format=%s", "--grep=Candidate: c0002", "main"]
    shown = subprocess.run(last, capture_output=True, text=True, check=True)
    assert "c0002 closer" in shown.stdout
    assert "proposer/transcript.jsonl" in shown.stdout
    status = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert status.stdout == ""
    files = [path for path in layout.root.rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("steps", "settings", "status", "reason"),
    [
        ([Fault(529, "overloaded_error")], {}, "failed", "the API failed (529): "),
        ([Fault(0)], {"minutes": 0.05}, "timed out", "no end within 0.05 minutes"),
        ([[use("Read", file_path="x")]] * 9, {"turns": 2}, "out of turns", "the session used up its turns"),
        ([[use("Read", file_path="x")]] * 9, {"max_usd": 0.004}, "out of budget", "the session used up its money"),
        ([[say("I have no idea.")]], {}, "left nothing", "the session left no candidate"),
    ],
)
def test_session_that_fails_is_on_record_and_the_search_goes_on(
    begun: World,
    monkeypatch: pytest.MonkeyPatch,
    steps: Sequence[Step],
    settings: dict[str, Any],
    status: str,
    reason: str,
) -> None:
    begun.proposer = agent(**settings)
    with messages_api({"session-0001": steps, "": []}) as api:
        use_api(api, monkeypatch)
        assert begun.search(iterations=1).state == "finished"
    kept = json.loads((begun.layout.empty_session(1) / "session.json").read_text())
    assert (kept["status"], kept["reason"][: len(reason)]) == (status, reason)
    assert load_iterations(begun.layout)[1].notes == (kept["reason"],)
    assert events(begun.layout.empty_session(1) / "transcript.jsonl")[-1]["status"] == status
    assert len(api.requests) <= 4


def test_refused_key_stops_the_search_at_once_and_the_same_session_is_run_again(
    begun: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun.proposer = agent()
    with messages_api([Fault(401, "authentication_error")]) as api:
        use_api(api, monkeypatch)
        with pytest.raises(ProposerUnavailable, match=r"the API refuses the key \(401\): .*: check ANTHROPIC_API_KEY"):
            begun.search(iterations=1)
    with messages_api(write("closer", BETTER, "c0001")) as api:
        use_api(api, monkeypatch)
        assert begun.search().state == "finished"
    assert [row.name for row in load_ledger(begun.layout.ledger)] == ["baseline", "closer"]


@pytest.mark.parametrize(("last", "cost"), [(Fault(0), 0.0015), (Fault(200), 0.002505)])
def test_session_that_takes_too_long_has_cost_what_was_answered(
    begun: World, monkeypatch: pytest.MonkeyPatch, last: Fault, cost: float
) -> None:
    begun.proposer = agent(minutes=0.1)
    with messages_api([[use("Read", file_path="x")], last]) as api:
        use_api(api, monkeypatch)
        begun.search(iterations=1)
    kept = json.loads((begun.layout.empty_session(1) / "session.json").read_text())
    assert (kept["status"], kept["cost_usd"]) == ("timed out", cost)


def test_session_and_its_trials_end_together_where_the_money_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create(limits={"iterations": 3, "max_usd": 5.0})
    search = world.open()

    def spend(request: dict[str, Any]) -> Any:  # as a trial under way would
        search.gateway._meter.spent = replace(search.gateway.spent, cost_usd=4.999)
        return [use("Read", file_path="y")]

    world.proposer = search.proposer = agent()
    with messages_api([[use("Read", file_path="x")], spend, *[[use("Read", file_path="z")]] * 9]) as api:
        use_api(api, monkeypatch)
        outcome = asyncio.run(run_search(search))
    assert outcome.reason.startswith("limit reached: max-usd 5.00")
    kept = json.loads((world.layout.session_record(1)).read_text())["summary"]
    assert (kept["status"], kept["reason"]) == (
        "out of budget",
        "the session and its trials used up the run's money",
    )
    assert 2 <= len(api.requests) <= 3


@pytest.mark.parametrize(
    "tools", [FILE_TOOLS, pytest.param((), marks=pytest.mark.skipif(bool(shell.why_not()), reason=shell.why_not()))]
)
def test_agent_writes_tries_and_asks_with_file_tools_and_with_a_shell(
    begun: World, monkeypatch: pytest.MonkeyPatch, tools: tuple[str, ...]
) -> None:
    program, why = BETTER.replace("'", "'\"'\"'"), proposal("c0001")
    command = f"mkdir closer; printf %s '{program}' > closer/harness.py; printf %s '{why}' > closer/proposal.md"
    steps: list[Step] = write("closer", BETTER, "c0001")[:1] if tools else [[use("Bash", command=command)]]
    asked = [
        use("mcp__meta_reward__try_harness", path="closer"),
        use("mcp__meta_reward__query", words="meta-reward failures c0001 --limit 1"),
        use("mcp__meta_reward__query", words="trace c0001"),
        use("mcp__meta_reward__query", words="failures c0009"),
    ]
    begun.proposer = agent(tools=tools)
    with messages_api([*steps, asked, [say("I am done.")]]) as api:
        use_api(api, monkeypatch)
        begun.search(iterations=1)
    tried, failures, *wrong = results_in(api.requests[-1])[-4:]
    assert json.loads(json.loads(tried)[0]["text"])["score"] == 2 / 3
    assert json.loads(json.loads(failures)[0]["text"])["candidate"]["id"] == "c0001"
    assert "the following arguments are required: trajectory" in wrong[0]
    assert "c0009" in wrong[1]
    assert [row.name for row in load_ledger(begun.layout.ledger)] == ["baseline", "closer"]
    assert load_iterations(begun.layout)[1].notes == ()


def test_killed_agent_ends_its_session_only(begun: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = begun.layout.session(1) / "home" / "pid"

    def kill(_request: dict[str, Any]) -> Any:
        os.kill(int(pid.read_text()), signal.SIGKILL)
        return [say("nobody listens")]

    begun.proposer = agent()
    looked: Step = [use("Read", file_path="x"), use("WebFetch", url="http://x")]
    with messages_api({"session-0001": [looked, kill], "session-0002": write("closer", BETTER, "c0001")}) as api:
        use_api(api, monkeypatch)
        assert begun.search(iterations=2).state == "finished"
    lines = load_iterations(begun.layout)
    assert lines[1].notes[0].startswith("the agent's program ")
    assert lines[2].candidates == ("c0002",)
    killed = json.loads((begun.layout.empty_session(1) / "session.json").read_text())
    assert [killed[key] for key in ("turns", "input_tokens", "output_tokens", "cost_usd")] == [1, 1000, 100, 0.0015]
    assert (killed["tool_calls"], killed["refused"]) == (2, 1)


def test_three_sessions_in_a_row_that_leave_nothing_stop_the_search_cleanly(begun: World) -> None:
    outcome = begun.search(iterations=9)
    assert (outcome.state, len(load_iterations(begun.layout))) == ("stopped", 4)
    assert outcome.reason == (
        "3 sessions of the proposer in a row left no candidate; the last: the session left no candidate"
    )
    assert begun.search().state == "stopped"
    assert len(load_iterations(begun.layout)) == 7


def test_search_killed_in_a_session_leaves_no_agent_behind_and_runs_the_session_again(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_task_set(here / "tasks" / "small", tasks=4, rollouts=2)
    arguments = ["search", "small", "--judge", "simulated", "--iterations", "1", "--proposer", f"claude:{MODEL}"]
    (here / "tools.toml").write_text(f"[proposer]\ntools = {list(FILE_TOOLS)}\n")
    arguments += ["--config", str(here / "tools.toml")]
    arguments += ["--baseline", str(PROJECT / "seed_harnesses" / "baseline.py"), "--seeds", str(here / "none")]
    program = [sys.executable, "-c", "from meta_reward.cli import main; main()", *arguments]
    waiting = here / "runs" / "small" / ".work" / "session-0001" / "home" / "pid"
    with messages_api([[use("Read", file_path="x")], Fault(0)]) as api:
        use_api(api, monkeypatch)
        search = subprocess.Popen(program, stderr=subprocess.DEVNULL)
        wait_until(lambda: len(api.requests) == 2)
        agent_pid = int(waiting.read_text())
        search.kill()
        search.wait(10)
        wait_until(lambda: not is_running(agent_pid))
    layout = Layout(here / "runs" / "small")
    assert proposer_usd(layout) == 0.0015
    with messages_api(write("closer", BETTER, "c0001")) as api:
        use_api(api, monkeypatch)
        done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert [row.name for row in load_ledger(layout.ledger) if row.iteration == 1] == ["closer"]
    assert proposer_usd(layout) == pytest.approx(0.0015 + 0.003)


def wait_until(is_so: Any) -> None:
    for _ in range(3000):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to pass")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_interrupt_during_a_session_ends_the_agent(begun: World, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_limits(begun.layout, {"limits": {"iterations": 1}})
    begun.proposer = agent()

    async def interrupted() -> int:
        task = asyncio.create_task(run_search(begun.open()))
        await asyncio.to_thread(wait_until, lambda: bool(api.requests))
        pid = int((begun.layout.session(1) / "home" / "pid").read_bytes())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return pid

    with messages_api([Fault(0)]) as api:
        use_api(api, monkeypatch)
        pid = asyncio.run(interrupted())
    wait_until(lambda: not is_running(pid))
    assert not begun.layout.session_record(1).exists()


@pytest.mark.skipif(bool(jail.why_not()), reason=jail.why_not())
def test_jailed_program_asks_the_search_for_its_history_and_for_a_trial(begun: World) -> None:
    source = BETTER.replace("'", "'\"'\"'")
    program = (
        f"mkdir closer; printf %s '{source}' > closer/harness.py; cp $META_REWARD_PROMPT closer/proposal.md; "
        "meta-reward ledger > ledger.json; meta-reward try closer > tried.json; cat ledger.json tried.json"
    )
    begun.proposer = CommandProposer(("sh", "-c", program), 1.0, repairs=True, confinement=Confinement(network=False))
    begun.search(iterations=1)
    own = begun.layout.candidate("c0002-closer") / "proposer"
    said = next(event["text"] for event in events(own / "transcript.jsonl") if event["type"] == "output")
    assert '"id": "c0001"' in said
    assert '"score": 1.0' in said
    session = json.loads((own / "session.json").read_text())
    assert [trial["ok"] for trial in session["trials"]] == [True]
    assert (session["status"], session["jail"]) == ("ended", "bubblewrap")
    assert "Drafts can be tried" in (begun.layout.candidate("c0002-closer") / "proposal.md").read_text()
