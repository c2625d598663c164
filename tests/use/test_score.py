"""`meta-reward score`: as many lines out as in, in order, through kills, limits and odd input."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import MetaReward
from tests.conftest import ASKING_HARNESS
from tests.endpoints import Endpoint, Fault, Said, Seen
from tests.use.conftest import PRICED, PROGRAM, lines_of, messages, some_runs, write_rows

SIMULATED = ("--judge", "simulated")


def rates_by_word(seen: Seen) -> Said | Fault:
    """The odd ones get no number, which makes the harness fail."""
    question = seen.texts[-1]
    return Said("unsure" if "UNSURE" in question else "90" if "GOOD" in question else "10")


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(rates_by_word, latency_s=0.02) as endpoint:
        yield endpoint


@pytest.fixture
def paid(here: Path, endpoint: Endpoint) -> tuple[str, ...]:
    """The arguments of a judge that costs money."""
    (here / "asking.py").write_text(ASKING_HARNESS)
    (here / "priced.toml").write_text(PRICED)
    return ("--judge", f"openai:m@{endpoint.url}/v1", "--config", "priced.toml", "--concurrency", "4")


def scores(path: Path) -> list[float | None]:
    return [line["score"] for line in lines_of(path)]


def test_chosen_harness_of_a_run_scores_a_file(meta_reward: MetaReward, finished: Path, here: Path) -> None:
    write_rows(here / "runs.jsonl", some_runs(6))
    ran = meta_reward("score", finished, "runs.jsonl", "--out", "scored.jsonl")
    assert (ran.code, [line["id"] for line in lines_of(here / "scored.jsonl")]) == (0, [f"r{n}" for n in range(6)])
    assert ran.out == (
        "6 lines in scored.jsonl\n"
        "harness c0001 of run night-1, judge simulated\n"
        "decision: the baseline c0001 stays: nothing was better on search\n"
        "not tested: the test split is still sealed; `meta-reward test night-1` opens it\n"
        "scores run from 0 to 100; divide by 100 for what expects 0 to 1\n"
        "simulated judge: these numbers say nothing about any real model\n"
    )


def test_lines_go_to_standard_output_and_all_else_to_standard_error(meta_reward: MetaReward, here: Path) -> None:
    write_rows(here / "runs.jsonl", some_runs(3))
    ran = meta_reward("score", "seed_harnesses/baseline.py", "runs.jsonl", *SIMULATED)
    assert [json.loads(line)["n"] for line in ran.out.splitlines()] == [1, 2, 3]
    assert ran.err.startswith("3 lines\nharness seed_harnesses/baseline.py, judge simulated\nnot tested: ")


def test_odd_rows_are_null_with_a_reason_in_their_place(
    meta_reward: MetaReward, here: Path, paid: tuple[str, ...]
) -> None:
    rows = [*some_runs(1), "{not json", {"messages": []}, {"messages": messages("UNSURE")}, 7, {"messages": "\x1b[2J"}]
    write_rows(here / "odd.jsonl", rows)
    ran = meta_reward("score", "asking.py", "odd.jsonl", *paid, "--max-usd", "none", "--out", "scored.jsonl")
    lines = lines_of(here / "scored.jsonl")
    assert (ran.code, [line["score"] for line in lines]) == (0, [10.0, None, None, None, None, None])
    assert [line["error"] for line in lines] == [
        None,
        "unreadable: is not valid JSON: unexpected character, expected a string key",
        "unreadable: has no messages",
        "ValueError: could not convert string to float: 'unsure' (line 9)",
        "unreadable: is 7, not an object",
        "unreadable: messages: is text that is not valid JSON, not a list of messages",
    ]
    assert "6 lines, 5 without a score" in ran.out
    assert "\x1b" not in ran.out + ran.err + (here / "scored.jsonl").read_text()


def test_rows_that_cannot_be_read_keep_their_id_task_and_line(meta_reward: MetaReward, here: Path) -> None:
    odd = {"id": 7, "task": "t0", "messages": []}
    write_rows(here / "odd.jsonl", [some_runs(1)[0], "", odd, '{"id": "torn", "messages": [{'])
    command = ("score", "seed_harnesses/baseline.py", "odd.jsonl", *SIMULATED, "--best-of", "task", "--out")
    assert meta_reward(*command, "scored.jsonl").code == 0
    assert [(line["place"], line["id"], line["task"]) for line in lines_of(here / "scored.jsonl")] == [
        ("odd.jsonl, line 1", "r0", "t0"),
        ("odd.jsonl, line 3", "7", "t0"),
        ("odd.jsonl, line 4", None, None),
    ]
    assert [(best["of"], best["failed"]) for best in lines_of(here / "scored.best.jsonl")] == [(2, 1)]


def test_broken_rows_of_a_table_are_lines_too(meta_reward: MetaReward, here: Path) -> None:
    good = '"' + json.dumps(messages()).replace('"', '""') + '"'
    table = f'id,messages\na,{good}\nb,"x"y\nc,\udcff\nd,{good}\ne,"['
    (here / "runs.csv").write_bytes(table.encode(errors="surrogateescape"))
    assert meta_reward("score", "seed_harnesses/baseline.py", "runs.csv", *SIMULATED, "--out", "s.jsonl").code == 0
    assert [(line["place"][-6:], line["id"], line["error"]) for line in lines_of(here / "s.jsonl")] == [
        ("line 2", "a", None),
        ("line 3", None, "unreadable: is not a valid table: ',' expected after '\"'"),
        ("line 4", None, "unreadable: is not UTF-8 text"),
        ("line 5", "d", None),
        ("line 6", None, "unreadable: is not a valid table: unexpected end of data"),
    ]


def test_standard_input_is_scored_like_a_file_and_resumed(
    here: Path, meta_reward_process: MetaReward, paid: tuple[str, ...], endpoint: Endpoint
) -> None:
    rows = write_rows(here / "runs.jsonl", some_runs(6))
    command = [*PROGRAM, "score", "asking.py", "-", *paid, "--max-usd", "none", "--out", "scored.jsonl"]
    for lines in (3, 6):
        (here / "part.jsonl").write_text("".join(rows.read_text().splitlines(keepends=True)[:lines]))
        with (here / "part.jsonl").open() as given:
            done = subprocess.run(command, stdin=given, capture_output=True, text=True, check=True)
    assert "3 of them by an earlier start" in done.stdout
    assert scores(here / "scored.jsonl") == [10.0, 90.0] * 3
    assert lines_of(here / "scored.jsonl")[5]["place"] == "standard input, line 6"
    assert len(endpoint.seen) == 6


def test_format_task_policy_and_tools_are_named_as_for_import(
    meta_reward: MetaReward, here: Path, paid: tuple[str, ...], endpoint: Endpoint
) -> None:
    own = {"messages": messages(), "policy": "Own.", "tools": [{"name": "own"}], "meta": {"case": 5}}
    write_rows(here / "runs.jsonl", [own])
    (here / "policy.md").write_text("Shared by all.\n")
    (here / "tools.json").write_text('[{"name": "look"}]')
    (here / "asking.py").write_text(
        ASKING_HARNESS.replace("trajectory.transcript()", "trajectory.policy + str(trajectory.tools)")
    )
    options = ("--policy", "policy.md", "--tools", "tools.json", "--task-key", "meta.case", "--format", "labelled")
    ran = meta_reward("score", "asking.py", "runs.jsonl", *paid, "--max-usd", "none", *options, "--out", "scored.jsonl")
    assert (ran.code, lines_of(here / "scored.jsonl")[0]["task"]) == (0, "5"), ran
    asked = endpoint.seen[-1].texts[-1]
    assert ("Shared by all." in asked, "look" in asked, "own" in asked.lower()) == (True, True, False), asked
    wrong = meta_reward("score", "asking.py", "runs.jsonl", *paid, "--max-usd", "none", "--format", "tau-bench")
    assert (wrong.code, json.loads(wrong.out)["score"]) == (1, None)


def test_nothing_scored_is_an_error_of_the_command(meta_reward: MetaReward, here: Path) -> None:
    write_rows(here / "odd.jsonl", ["not json"])
    assert meta_reward("score", "seed_harnesses/baseline.py", "odd.jsonl", *SIMULATED).code == 1


@pytest.mark.slow
def test_kill_in_the_middle_pays_nothing_twice_and_ends_like_one_that_was_not(
    here: Path, paid: tuple[str, ...], endpoint: Endpoint, meta_reward_process: MetaReward
) -> None:
    write_rows(here / "runs.jsonl", some_runs(40))
    arguments = ["score", "asking.py", "runs.jsonl", *paid, "--max-usd", "none", "--out"]
    assert meta_reward_process(*arguments, "whole.jsonl", META_REWARD_CACHE="other").code == 0
    endpoint.seen.clear()
    for wanted in (8, 20):
        kill_after(wanted, [*arguments, "scored.jsonl"], here / "scored.jsonl")
    with (here / "scored.jsonl").open("a") as out:
        out.write('{"n": 3')  # a line that the kill has torn
    ran = meta_reward_process(*arguments, "scored.jsonl")
    assert ran.code == 0, ran
    assert (here / "scored.jsonl").read_bytes() == (here / "whole.jsonl").read_bytes()
    asked = Counter(seen.texts[-1] for seen in endpoint.seen)
    assert len(asked) == 40
    assert sum(asked.values()) <= 40 + 2 * 4  # what was in flight when it was killed
    assert "40 lines in scored.jsonl\n" in ran.out
    assert "of them, $" in ran.out  # earlier starts count


def kill_after(wanted: int, arguments: list[Any], out: Path) -> None:
    """Start the command, and kill it when it has written so many lines."""
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ
    )
    wait_for_lines(out, wanted)
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def wait_for_lines(out: Path, wanted: int) -> None:
    for _ in range(6000):
        if out.exists() and out.read_bytes().count(b"\n") >= wanted:
            return
        time.sleep(0.01)
    raise AssertionError(f"{out} never had {wanted} lines")


@pytest.mark.slow
def test_interrupt_ends_cleanly_and_the_same_command_goes_on(
    here: Path, paid: tuple[str, ...], meta_reward_process: MetaReward
) -> None:
    write_rows(here / "runs.jsonl", some_runs(40))
    arguments = ["score", "asking.py", "runs.jsonl", *paid, "--max-usd", "none", "--out", "scored.jsonl"]
    process = subprocess.Popen([*PROGRAM, *arguments], stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for_lines(here / "scored.jsonl", 5)
    os.killpg(process.pid, signal.SIGINT)  # as the keyboard does: the sandbox gets it too
    _, said = process.communicate(timeout=30)
    assert (process.returncode, "the same command goes on" in said) == (130, True), said
    assert meta_reward_process(*arguments).code == 0
    assert scores(here / "scored.jsonl") == [10.0, 90.0] * 20


def test_finished_output_costs_nothing_again(
    meta_reward: MetaReward, here: Path, paid: tuple[str, ...], endpoint: Endpoint
) -> None:
    write_rows(here / "runs.jsonl", some_runs(8))
    arguments = ("score", "asking.py", "runs.jsonl", *paid, "--max-usd", "none", "--out", "scored.jsonl")
    assert meta_reward(*arguments).code == 0
    before, asked = (here / "scored.jsonl").read_bytes(), len(endpoint.seen)
    again = meta_reward(*arguments)
    assert (again.code, (here / "scored.jsonl").read_bytes(), len(endpoint.seen)) == (0, before, asked)
    assert "8 of them by an earlier start" in again.out


def test_limit_in_dollars_holds_for_all_starts_together(
    meta_reward: MetaReward, here: Path, paid: tuple[str, ...], endpoint: Endpoint
) -> None:
    write_rows(here / "runs.jsonl", some_runs(40))
    arguments = ("score", "asking.py", "runs.jsonl", *paid, "--out", "scored.jsonl", "--max-usd")
    first = meta_reward(*arguments, 2)
    assert (first.code, "limit reached: max-usd" in first.err, "is paid" in first.err) == (4, True, True)
    for _ in range(2):  # each gets less far, since calls in flight count at what they may take
        assert meta_reward(*arguments, 2).code == 4
    costs = [line["usage"]["cost_usd"] for line in lines_of(here / "scored.jsonl")]
    assert 0 < len(endpoint.seen) < 40
    assert max(costs) * len(endpoint.seen) < 2 + max(costs)
    assert meta_reward(*arguments, "none").code == 0
    assert scores(here / "scored.jsonl") == [10.0, 90.0] * 20


def test_best_of_each_task_is_picked(meta_reward: MetaReward, here: Path, paid: tuple[str, ...]) -> None:
    write_rows(
        here / "runs.jsonl",
        [*some_runs(8), {"messages": messages("GOOD")}, {"task": "t9", "messages": messages("UNSURE")}],
    )
    options = ("--max-usd", "none", "--out", "scored.jsonl", "--best-of", "task")
    ran = meta_reward("score", "asking.py", "runs.jsonl", *paid, *options)
    assert "the best of 3 tasks in scored.best.jsonl; 1 line without a field task\n" in ran.out
    assert lines_of(here / "scored.best.jsonl") == [
        {"task": "t0", "n": 2, "id": "r1", "score": 90.0, "of": 4, "failed": 0},
        {"task": "t1", "n": 6, "id": "r5", "score": 90.0, "of": 4, "failed": 0},
        {"task": "t9", "n": None, "id": None, "score": None, "of": 1, "failed": 1},
    ]


def test_output_of_something_else_is_never_written_over(meta_reward: MetaReward, here: Path) -> None:
    write_rows(here / "runs.jsonl", some_runs(2))
    (here / "mine.txt").write_text("my notes\n")
    command = ("score", "seed_harnesses/baseline.py", "runs.jsonl", *SIMULATED, "--out")
    assert meta_reward(*command, "mine.txt").err == (
        "meta-reward: mine.txt, line 1, is not the score of runs.jsonl, line 1 by this harness and judge: "
        "choose another --out, or remove it\n"
    )
    assert "is one of the files to score" in meta_reward(*command, "runs.jsonl").err
    assert (here / "mine.txt").read_text() == "my notes\n"
    assert meta_reward(*command, "scored.jsonl").code == 0
    write_rows(here / "runs.jsonl", some_runs(1))
    assert "has more lines than there are trajectories" in meta_reward(*command, "scored.jsonl").err
    other = ("score", "seed_harnesses/policy.py", "runs.jsonl", *SIMULATED, "--out", "scored.jsonl")
    assert "scored.jsonl, line 1, is not the score of runs.jsonl, line 1 by this harness" in meta_reward(*other).err


def test_outage_stops_and_the_same_command_goes_on(meta_reward: MetaReward, here: Path) -> None:
    (here / "asking.py").write_text(ASKING_HARNESS)
    (here / "priced.toml").write_text("[judge]\nretries = 0\n" + PRICED)
    write_rows(here / "runs.jsonl", some_runs(12))
    up = True

    def answer(seen: Seen) -> Said | Fault:
        return rates_by_word(seen) if up or "GOOD" in seen.texts[-1] else Fault(500)

    with Endpoint(answer) as endpoint:
        judge = ("--judge", f"openai:m@{endpoint.url}/v1", "--config", "priced.toml", "--max-usd", "none")
        command = ("score", "asking.py", "runs.jsonl", *judge, "--out", "scored.jsonl")
        up = False
        down = meta_reward(*command)
        assert (down.code, "Traceback" in down.err) == (1, False)
        up = True
        assert meta_reward(*command).code == 0
    assert scores(here / "scored.jsonl") == [10.0, 90.0] * 6


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere", "runs.jsonl"), "there is no run 'nowhere'"),
        (("c0001", "runs.jsonl"), "c0001 is a candidate, not a run"),
        (("seed_harnesses/baseline.py", "runs.jsonl"), "names no judge"),
        (("seed_harnesses/baseline.py", "gone.jsonl", *SIMULATED), "gone.jsonl: no such file"),
        (("seed_harnesses/baseline.py", ".", *SIMULATED), "cannot be read: Is a directory"),
        (("runs.jsonl", "runs.jsonl", *SIMULATED), "is not a valid harness"),
        (("seed_harnesses/baseline.py", "runs.jsonl", *SIMULATED, "--best-of", "task"), "--best-of needs --out"),
    ],
)
def test_mistakes_are_one_line(meta_reward: MetaReward, here: Path, arguments: tuple[str, ...], says: str) -> None:
    write_rows(here / "runs.jsonl", some_runs(1))
    ran = meta_reward("score", *arguments)
    assert ran.code in (1, 2)
    assert says in ran.err
    assert "Traceback" not in ran.err
