"""Any program as a proposer: it works in its staging folder and is done when it exits."""

import asyncio
import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from meta_reward.errors import ProposerError, UsageError
from meta_reward.propose.base import Assignment
from meta_reward.propose.command import CommandProposer, Confinement
from meta_reward.propose.registry import make_proposer
from meta_reward.run.settings import ProposerSettings

TOLD = "# Write better harnesses"


def propose(tmp_path: Path, program: str, *, minutes: float = 0.5, rejected: tuple[str, ...] = ()) -> str:
    """What a shell program says that is run as a proposer."""
    (tmp_path / "staging").mkdir(exist_ok=True)
    assignment = Assignment(tmp_path / "history", tmp_path / "staging", 3, 2, 7, rejected, TOLD)
    asyncio.run(CommandProposer(("sh", "-c", program), minutes, repairs=True).propose(assignment))
    events = [json.loads(line) for line in (tmp_path / "transcript.jsonl").read_text().splitlines()]
    return str(next(event["text"] for event in reversed(events) if event["type"] == "output"))


def ends(pid: int) -> bool:
    """Whether a process ends within two seconds; one that nobody has asked after yet has ended too."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def wait_for(path: Path) -> None:
    while not path.exists() or not path.read_text():
        time.sleep(0.01)


def test_program_works_in_staging_and_finds_its_assignment(tmp_path: Path) -> None:
    program = "pwd > where; env | grep ^META_REWARD_ | grep -v CACHE | sort > told; mkdir a; touch a/harness.py"
    propose(tmp_path, program, rejected=("a", "b"))
    staging = tmp_path / "staging"
    assert (staging / "where").read_text().strip() == str(staging)
    assert (staging / "told").read_text().splitlines() == [
        "META_REWARD_CANDIDATES=2",
        f"META_REWARD_HISTORY={tmp_path / 'history'}",
        "META_REWARD_ITERATION=3",
        "META_REWARD_KIND=reward",
        f"META_REWARD_PROMPT={tmp_path / 'prompt.md'}",
        "META_REWARD_REJECTED=a",
        "META_REWARD_SEED=7",
    ]
    assert (staging / "a" / "harness.py").exists()


def test_prompt_comes_on_standard_input_and_as_a_file(tmp_path: Path) -> None:
    assert propose(tmp_path, "cat > in; cmp in $META_REWARD_PROMPT && echo same") == "same\n"
    told = (tmp_path / "staging" / "in").read_text()
    assert told.startswith(TOLD)
    assert f"The history is in {tmp_path / 'history'}" in told


def test_who_is_asked_to_mend_is_told_everything_again(tmp_path: Path) -> None:
    propose(tmp_path, "cat > in", rejected=("a b",))
    told = (tmp_path / "staging" / "in").read_text()
    assert told.startswith(TOLD)
    assert told.endswith(f"change nothing else.\n\n- {tmp_path / 'staging' / 'a b'}\n")


def test_log_holds_what_is_said_on_both_streams(tmp_path: Path) -> None:
    assert propose(tmp_path, "echo one; echo two >&2; printf 'caf\\351\\n'") == "one\ntwo\ncaf\ufffd\n"


def test_program_that_reads_nothing_and_says_much_is_no_trouble(tmp_path: Path) -> None:
    log = propose(tmp_path, "head -c 6000000 /dev/zero | tr '\\0' x; echo end")
    assert (len(log), log[-5:]) == (4 * 1024 * 1024, "xend\n")


def test_failed_program_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ProposerError, match=r"^sh: exit code 3: no luck$"):
        propose(tmp_path, "echo trying; echo no luck >&2; exit 3")
    with pytest.raises(ProposerError, match=r"^sh: killed by another process, or because memory ran out$"):
        propose(tmp_path, "kill -9 $$")


def test_program_that_does_not_end_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    with pytest.raises(ProposerError, match=r"sh: no end within 0\.005 minutes"):
        propose(tmp_path, "sleep 60 & echo $! > pid; sleep 60", minutes=0.005)
    assert ends(int((tmp_path / "staging" / "pid").read_text()))


def test_program_is_done_when_it_exits_and_leaves_nothing_running(tmp_path: Path) -> None:
    began = time.monotonic()
    assert propose(tmp_path, "sleep 60 & echo $! > pid; echo done", minutes=0.05) == "done\n"
    assert time.monotonic() - began < 2
    assert ends(int((tmp_path / "staging" / "pid").read_text()))


def test_interrupt_ends_the_program_too(tmp_path: Path) -> None:
    async def interrupted() -> None:
        (tmp_path / "staging").mkdir()
        proposer = CommandProposer(("sh", "-c", "echo $$ > pid; sleep 60"), 1.0, repairs=True)
        session = asyncio.create_task(proposer.propose(Assignment(tmp_path, tmp_path / "staging", 1, 1, 0)))
        await asyncio.to_thread(wait_for, tmp_path / "staging" / "pid")
        session.cancel()
        await asyncio.gather(session, return_exceptions=True)

    asyncio.run(interrupted())
    assert ends(int((tmp_path / "staging" / "pid").read_text()))


def test_program_is_out_of_reach_of_our_terminals_interrupt(tmp_path: Path) -> None:
    program = f"{shlex.quote(sys.executable)} -c 'import os; print(os.getsid(0) == os.getpgid(0) != {os.getpgid(0)})'"
    assert propose(tmp_path, program) == "True\n"
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


def test_program_that_does_not_exist_is_the_users_error(tmp_path: Path) -> None:
    proposer = CommandProposer(("./my-agent",), 1.0, repairs=True)
    with pytest.raises(UsageError, match=r"proposer \./my-agent does not start: no such program: give its path"):
        asyncio.run(proposer.propose(Assignment(tmp_path, tmp_path, 1, 1, 0)))


def test_settings_name_the_catalog_or_a_command() -> None:
    catalog = make_proposer(ProposerSettings("catalog", minutes=2.0))
    unjailed = make_proposer(ProposerSettings("command:./my-agent --model 'a b'", minutes=2.0, jail="none"))
    jailed = make_proposer(ProposerSettings("command:x", bind=("~/.x:rw",), env=("X_KEY",), net="none"))
    python = (sys.executable, "-P", "-m", "meta_reward.offline.proposer")
    assert catalog == CommandProposer(python, 2.0, repairs=False)
    assert unjailed == CommandProposer(["./my-agent", "--model", "a b"], 2.0, repairs=True)
    confinement = Confinement(("~/.x:rw",), network=False)
    assert jailed == CommandProposer(["x"], 60.0, repairs=True, confinement=confinement, env=("X_KEY",))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (
            ProposerSettings("catalog", bind=("/x",)),
            "--proposer-bind has no effect on proposer catalog: it is for command",
        ),
        (
            ProposerSettings("catalog", env=("X",)),
            "--proposer-env has no effect on proposer catalog: it is for claude and co",
        ),
        (
            ProposerSettings("claude:m", jail="none"),
            "--proposer-jail has no effect on proposer claude: it is for command",
        ),
        (
            ProposerSettings("claude:m", net="none"),
            "--proposer-net has no effect on proposer claude: it is for command",
        ),
        (
            ProposerSettings("command:x", max_usd=1.0),
            "proposer.max_usd has no effect on proposer command: it is for claude",
        ),
        (ProposerSettings("catalog", turns=3), "proposer.turns has no effect on proposer catalog: it is for claude"),
        (ProposerSettings("command:x", jail="none", net="none"), "--proposer-net none needs a jail, and --proposer-j"),
    ],
)
def test_setting_that_would_not_be_heeded_is_refused(settings: ProposerSettings, complaint: str) -> None:
    with pytest.raises(UsageError) as raised:
        make_proposer(settings)
    assert complaint in str(raised.value)


def test_claude_is_not_begun_without_a_variable_that_it_was_to_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-dummy")
    make_proposer(ProposerSettings("claude:m", env=("ANTHROPIC_API_KEY",))).check()
    with pytest.raises(UsageError, match="--proposer-env NO_SUCH_KEY: it is not set"):
        make_proposer(ProposerSettings("claude:m", env=("NO_SUCH_KEY",))).check()


@pytest.mark.parametrize(
    ("spec", "jail", "complaint"),
    [
        ("", "", "unknown proposer '': known: catalog, stock, claude:MODEL, gepa, openevolve, writer, library:MODEL"),
        ("oracle:fast", "", "unknown proposer 'oracle:fast'"),
        ("catalog:x", "", "proposer catalog takes no argument, and was given 'x'"),
        ("claude", "", "proposer claude: names no model: for example claude:claude-opus-4-6"),
        ("command:", "none", "names no program"),
        ("command:'a", "none", "cannot be read: No closing quotation"),
    ],
)
def test_settings_that_name_no_proposer_are_one_clear_line(spec: str, jail: str, complaint: str) -> None:
    with pytest.raises(UsageError) as raised:
        make_proposer(ProposerSettings(spec, jail=jail))
    assert complaint in str(raised.value)
