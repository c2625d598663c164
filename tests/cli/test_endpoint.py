"""Real clients and a real endpoint that misbehaves: the same rewards, every call accounted for, clean ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from meta_reward.run.layout import Layout
from meta_reward.run.lock import locked
from tests.cli.conftest import MetaReward
from tests.conftest import ASKING_HARNESS, make_task_set
from tests.endpoints import Endpoint, Fault, Said, Seen, chat_error

PRICED = "[judge.settings]\nprice_input = 1000.0\nprice_output = 1000.0\n"
FAULTS = [
    chat_error(429, "rate_limit_exceeded", "Slow down."),
    Fault(429, {}, {"retry-after": "1"}),
    Fault(500),
    Fault(503),
    Fault(529),
    Fault(how="drop"),
    Fault(how="cut"),
    Fault(200, "<html>gateway</html>", {"content-type": "text/html"}),
    Fault(200, '{"choices": [{"mess'),
]


@dataclass
class Troubles:
    """Rates runs by their words. Until it is fixed: every question fails once, each with the next of the faults.

    poison: words that a question never gets an answer with, and what it gets instead.
    """

    faults: list[Fault] = field(default_factory=list)
    always_after: int = 10**9
    failed: set[str] = field(default_factory=set)
    answered: int = 0
    poison: tuple[str, Fault] | None = None

    def __call__(self, seen: Seen) -> Said | Fault:
        question = seen.texts[-1]
        if self.poison and self.poison[0] in question:
            return self.poison[1]
        if self.answered >= self.always_after:
            return self.faults[0]
        if self.faults and question not in self.failed:
            self.failed.add(question)
            return self.faults[len(self.failed) % len(self.faults)]
        self.answered += 1
        return Said("90" if "GOOD" in question else "10")


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


@pytest.fixture
def judge(troubles: Troubles, here: Path) -> Iterator[str]:
    make_task_set(here / "tasks" / "small", tasks=8)
    (here / "seeds").mkdir()
    (here / "seeds" / "asking.py").write_text(ASKING_HARNESS)
    (here / "priced.toml").write_text(PRICED)
    with Endpoint(troubles) as endpoint:
        yield f"openai:m@{endpoint.url}/v1"


def evaluate(meta_reward: MetaReward, judge: str, *more: object, cache: str = "cache") -> Any:
    arguments = ("evaluate", "seeds/asking.py", "small", "--judge", judge, "--max-usd", "none", "--json")
    ran = meta_reward(*arguments, *more, META_REWARD_CACHE=cache)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def traces(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "traces").iterdir()}


def killed_evaluation(judge: str, troubles: Troubles, *, after: int) -> None:
    """Start an evaluation, and kill it when the judge has answered so often."""
    arguments = ("evaluate", "seeds/asking.py", "small", "--judge", judge, "--config", "priced.toml")
    command = [sys.executable, "-c", "from meta_reward.cli import main; main()", *arguments]
    process = subprocess.Popen([*command, "--max-usd", "none", "--concurrency", "2"], stderr=subprocess.DEVNULL)
    while troubles.answered < after and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL


def search(meta_reward: MetaReward, judge: str, *more: object) -> Any:
    return meta_reward("search", "small", "--judge", judge, "--iterations", 0, "--seeds", "seeds", *more)


@pytest.mark.slow
def test_evaluation_through_all_faults_has_the_same_rewards_and_counts_every_call(
    meta_reward: MetaReward, judge: str, troubles: Troubles, here: Path
) -> None:
    smooth = evaluate(meta_reward, judge, "--config", "priced.toml", "--out", "smooth", cache="cache-1")
    troubles.faults, answered = FAULTS, troubles.answered
    rough = evaluate(meta_reward, judge, "--config", "priced.toml", "--out", "rough", cache="cache-2")
    assert rough == smooth
    assert traces(here / "rough") == traces(here / "smooth")
    calls = [json.loads(line) for line in (here / "rough" / "calls.jsonl").read_text().splitlines()]
    assert {call["tries"] for call in calls} == {2}
    assert len(calls) == rough["judge_calls_made"] == troubles.answered - answered == 16
    assert rough["spent_usd"] == pytest.approx(sum(call["cost_usd"] for call in calls))
    assert rough["spent_usd"] > 0


def test_judge_with_a_price_is_refused_without_a_limit_and_ends_at_one(
    meta_reward: MetaReward, judge: str, troubles: Troubles
) -> None:
    refused = search(meta_reward, judge, "--config", "priced.toml")
    assert (refused.code, refused.err.count("\n"), troubles.answered) == (1, 1, 0)
    assert "costs money, and no limit is set: set one with --max-usd 20, or lift it with --max-usd none" in refused.err
    assert not Path("runs").exists()
    limited = search(meta_reward, judge, "--config", "priced.toml", "--max-usd", 1, "--concurrency", 1)
    assert (limited.code, limited.out.startswith("small: stopped: limit reached: max-usd ")) == (4, True), limited
    assert 0 < troubles.answered < 16
    assert "\nunfinished: c0001-asking on search, " in limited.out
    done = search(meta_reward, judge, "--config", "priced.toml", "--max-usd", "none")
    assert done.out.startswith("small: finished: "), done
    assert troubles.answered == 16  # what was paid for was not asked again


def test_price_that_is_not_known_is_said_to_be_so(meta_reward: MetaReward, judge: str) -> None:
    refused = search(meta_reward, judge)
    assert "is not known, and nothing limits what may be spent" in refused.err
    done = search(meta_reward, judge, "--max-calls", 1000)
    assert "16 calls made anew, price unknown" in done.out
    assert json.loads(meta_reward("status", "small", "--json").out)["spent"]["cost_usd"] is None


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (Fault(429, {}, {"retry-after": "3600"}), "the judge asks to wait 3600 s, more than the 120 s"),
        (chat_error(401, "invalid_api_key", "Incorrect API key."), "key"),
        (chat_error(404, "model_not_found", "The model does not exist."), "model"),
        (chat_error(429, "insufficient_quota", "You exceeded your current quota."), "quota"),
    ],
)
def test_search_stops_cleanly_with_the_line_that_helps_and_goes_on_when_it_is_fixed(
    meta_reward: MetaReward, judge: str, troubles: Troubles, fault: Fault, line: str
) -> None:
    troubles.faults, troubles.always_after = [fault], 0
    troubles.failed = {"all"}
    stopped = search(meta_reward, judge, "--max-usd", "none")
    assert stopped.code == 1
    assert line in stopped.err.splitlines()[-1]
    status = json.loads(meta_reward("status", "small", "--json").out)
    assert (status["state"], status["candidates"]) == ("stopped", [])
    assert line in status["reason"]
    troubles.faults, troubles.always_after = [], 10**9
    assert search(meta_reward, judge).out.startswith("small: finished: ")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500),
        Fault(403, {"error": {"message": "flagged"}}),
        chat_error(400, None, "Your credit balance is too low, says a candidate"),
    ],
    ids=["5xx", "permission", "words of credit"],
)
def test_request_that_always_fails_costs_its_trajectory_and_the_search_finishes(
    meta_reward: MetaReward, judge: str, troubles: Troubles, fault: Fault
) -> None:
    troubles.poison = ("-1.\n", fault)
    Path("no-retries.toml").write_text("[judge]\nretries = 0\n")
    done = search(meta_reward, judge, "--max-usd", "none", "--config", "no-retries.toml")
    assert done.out.startswith("small: finished: "), done
    errors = [json.loads(path.read_text())["error"] for path in Path("runs/small").glob("*/candidates/*/traces/*.json")]
    assert sorted(error["kind"] if error else "" for error in errors) == [""] * 12 + ["judge-request"] * 4


def test_evaluation_has_a_result_for_each_trajectory_though_all_of_them_fail(
    meta_reward: MetaReward, judge: str, troubles: Troubles, here: Path
) -> None:
    Path("seeds/asking.py").write_text(ASKING_HARNESS.replace("    try:", "    raise KeyError(5)\n    try:"))
    result = evaluate(meta_reward, judge, "--out", "out")
    assert (result["trajectories"], result["broken"], result["not_run"]) == (len(traces(here / "out")), False, [])
    assert result["trajectories"] == 16


@pytest.mark.slow
def test_evaluation_that_is_killed_or_stopped_goes_on_with_what_it_has_spent(
    meta_reward: MetaReward, judge: str, troubles: Troubles
) -> None:
    cache = Path(os.environ["META_REWARD_CACHE"])
    killed_evaluation(judge, troubles, after=3)
    killed_evaluation(judge, troubles, after=6)
    at_least = 0.11 * 6  # tokens at a tenth of a cent, and 110 tokens a call
    command = ("evaluate", "seeds/asking.py", "small", "--judge", judge, "--config", "priced.toml")
    stopped = meta_reward(*command, "--max-usd", at_least)
    assert (stopped.code, stopped.out) == (4, "")
    said, reason = stopped.err.splitlines()
    assert said.startswith("paid so far: ")
    assert reason.startswith("meta-reward: limit reached: max-usd ")
    answered = troubles.answered
    done = meta_reward(*command, "--max-usd", "none", "--json")
    result = json.loads(done.out)
    cut_off = 2 * 2  # of each that was killed, calls under way may have been sent and count as expected
    assert 16 <= result["judge_calls_made"] <= 16 + cut_off
    assert result["earlier"]["judge_calls_made"] >= answered
    assert result["spent_usd"] >= 0.11 * 16 - 1e-9
    assert troubles.answered <= 16 + cut_off
    assert list((cache / "unfinished").iterdir()) == []
    again = meta_reward(*command, "--max-usd", 0.01)
    assert again.code == 0, again
    assert again.out.splitlines()[-1] == "spent: 0 judge calls made anew, $0.00"


def test_noise_counts_what_it_paid_before_it_was_stopped(meta_reward: MetaReward, judge: str) -> None:
    command = ("judge", "noise", "small", "--harness", "seeds/asking.py", "--judge", judge, "--config", "priced.toml")
    stopped = meta_reward(*command, "--repeats", 2, "--max-calls", 20, "--max-usd", "none")
    assert stopped.err.startswith("paid so far: 20 judge calls, $2.2000; the next start goes on from there\n"), stopped
    done = meta_reward(*command, "--repeats", 2, "--max-usd", "none", COLUMNS="200")
    assert done.code == 0, done
    assert "32; 32 judge calls made anew, $3.52; 20 of them, $2.20, before it was stopped" in done.out


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "while a search holds the run"])
def test_trial_by_hand_is_on_the_account_of_its_run(meta_reward: MetaReward, judge: str, busy: bool) -> None:
    search(meta_reward, judge, "--config", "priced.toml", "--max-usd", "none")
    Path("mine.py").write_text(ASKING_HARNESS.replace("Rate this run", "Judge this run"))
    held = locked(Layout(Path("runs/small"))) if busy else nullcontext()
    with held:
        tried = json.loads(meta_reward("try", "small", "mine.py", "--json").out)["judge_calls"]
    spent = json.loads(meta_reward("status", "small", "--json").out)["spent"]
    assert tried["new"] > 0
    assert spent["calls_made"] == 16 + tried["new"]
    assert spent["cost_usd"] == pytest.approx(0.11 * (16 + tried["new"]))
