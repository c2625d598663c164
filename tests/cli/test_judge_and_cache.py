"""What a person does around the judge's calls: forecast them, limit them, measure their noise, look at what is kept."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from meta_reward.completion import Usage
from meta_reward.models.registry import make_backend
from tests.cli.conftest import ONE_SEED, MetaReward
from tests.conftest import ASKING_HARNESS, make_task_set

EVALUATE = ("evaluate", "seed_harnesses/baseline.py", "small", "--judge", "simulated")


@pytest.fixture(autouse=True)
def small(here: Path) -> Path:
    make_task_set(here / "tasks" / "small", tasks=8)
    return here / "tasks" / "small"


def test_dry_run_forecasts_the_calls_of_the_seeds_and_spends_and_writes_nothing(
    meta_reward: MetaReward, here: Path
) -> None:
    ran = meta_reward("search", "small", "--judge", "simulated", "--iterations", 3, "--max-calls", 50, "--dry-run")
    assert ran.code == 0, ran.err
    rows = {line.split("  ")[0]: line.split()[-3:] for line in ran.out.splitlines()[1:6]}
    seeds, iteration, validation, search = (rows[name] for name in rows if "test" not in name)
    # Three seeds ask once a trajectory: 16 on search; validation has 8, for the baseline and three finalists.
    assert (seeds[0], iteration[0], validation[0], search[0]) == ("48", "32", "32", "176")
    assert "it would stop early, at --max-calls 50" in ran.out
    assert "An estimate, and nothing was sent" in ran.out
    assert not (here / "runs").exists()
    assert meta_reward("cache").out.endswith("empty\n")


def test_forecast_prices_calls_one_by_one_where_long_prompts_cost_more_a_token(meta_reward: MetaReward) -> None:
    judge = "openai:gpt-5.5"
    assert 1.5 * price(judge, calls=1000, at_once=False) < price(judge, calls=1000, at_once=True)
    ran = meta_reward("search", "small", "--judge", judge, "--iterations", 5000, "--dry-run")
    rows = [line.split()[-2:] for line in ran.out.splitlines()[2:5]]  # an iteration, validation, the whole search
    (few, little), _, (many, much) = ((int(t.replace(",", "")), float(c[1:].replace(",", ""))) for t, c in rows)
    assert much / many == pytest.approx(little / few, rel=0.05)


def price(judge: str, *, calls: int, at_once: bool) -> float:
    """Of calls with a thousand tokens each."""
    times = calls if at_once else 1
    return (make_backend(judge, {}).cost_usd(Usage(1000 * times, 1000 * times)) or 0.0) * calls / times


def test_forecast_of_the_seeds_is_what_their_search_takes(meta_reward: MetaReward) -> None:
    arguments = ("search", "small", "--judge", "simulated", "--iterations", 0)
    forecast = meta_reward(*arguments, "--dry-run").out.splitlines()[1].split()[-3:]
    meta_reward(*arguments)
    spent = json.loads(meta_reward("status", "small", "--json").out)["spent"]
    calls, tokens = (int(number.replace(",", "")) for number in forecast[:2])
    # The baseline and each finalist ask 8 times on validation, where a seed is above the baseline on search.
    assert spent["judge_calls"] in (calls, calls + 16, calls + 24)
    assert tokens == pytest.approx(spent["judge_tokens"], rel=0.5)


def test_dry_run_says_how_many_transcripts_exceed_the_window_of_the_judge(meta_reward: MetaReward, here: Path) -> None:
    (here / "narrow.toml").write_text("[judge.settings]\nwindow_tokens = 3000\n")
    long = here / "tasks" / "small" / "trajectories" / "t01-r1.json"
    long.write_text(long.read_text().replace("Where is my order?", "Where is my order? " * 1000))
    dry, local = ("search", "small", "--dry-run", *ONE_SEED, "--judge"), "openai:mine@http://localhost:1/v1"
    judges = [(local, "--config", "narrow.toml"), (local,), ("simulated",)]
    exceeding, unknown, fitting = (" ".join(meta_reward(*dry, *judge).out.split()) for judge in judges)
    assert "1 of 32 inputs exceeds the judge's window of 3,000 tokens: the longest has about 4,7" in exceeding
    assert "The judge's window is not known, and the longest has about 4,7" in unknown
    assert "Every input fits the judge's window of 200,000 tokens: the longest has about 4,7" in fitting


def test_dry_run_of_a_run_forecasts_what_is_left_of_it(meta_reward: MetaReward) -> None:
    meta_reward("search", "small", *ONE_SEED, "--judge", "simulated", "--iterations", 1, "--candidates", 1)
    ran = meta_reward("search", "small", "--iterations", 4, "--dry-run")
    assert "the whole search (3 iterations to go)" in ran.out


def test_limit_ends_an_evaluation_with_one_line_and_raised_it_goes_on_from_the_cache(meta_reward: MetaReward) -> None:
    stopped = meta_reward(*EVALUATE, "--max-calls", 5)
    assert (stopped.code, stopped.out) == (4, "")
    assert stopped.err == "meta-reward: limit reached: max-calls 5 of 5; raise it to go on\n"
    done = json.loads(meta_reward(*EVALUATE, "--max-calls", 500, "--json").out)
    assert (done["judge_calls"], done["judge_calls_made"]) == (16, 11)


@pytest.mark.parametrize("amount", ["0", "-1", "nan", "inf", "lots"])
def test_amount_that_is_none_is_wrong_usage(meta_reward: MetaReward, amount: str) -> None:
    ran = meta_reward(*EVALUATE, f"--max-usd={amount}")
    assert ran.code == 2
    assert "is neither an amount such as 20 nor none" in ran.err


def test_no_limit_on_money_may_be_said(meta_reward: MetaReward) -> None:
    assert meta_reward(*EVALUATE, "--max-usd", "none").code == 0


def test_noise_of_a_judge_is_measured_by_asking_it_anew(meta_reward: MetaReward) -> None:
    arguments = ("judge", "noise", "small", "--judge", "simulated", "--repeats", 3)
    noise = json.loads(meta_reward(*arguments, "--json").out)
    assert (noise["repeats"], noise["trajectories"], noise["judge_calls_made"]) == (3, 16, 48)
    assert len(set(noise["agreement"])) >= 1
    assert noise["score_sd_max"] > 0
    again = json.loads(meta_reward(*arguments, "--json").out)
    assert (again.pop("judge_calls_made"), noise.pop("judge_calls_made")) == (0, 48)
    assert again == noise
    assert "pairs that flip" in meta_reward(*arguments).out
    assert json.loads(meta_reward(*EVALUATE, "--json").out)["judge_calls_made"] == 0


def test_judge_without_any_noise_has_none(meta_reward: MetaReward) -> None:
    ran = meta_reward("judge", "noise", "small", "--judge", "simulated:perfect", "--repeats", 2, "--json")
    noise = json.loads(ran.out)
    assert (noise["score_sd_max"], noise["flips"], noise["disagreement"], noise["unchanged"]) == (0, 0, 0, 1)


@pytest.mark.parametrize(("fails_on", "code"), [("Case", 1), ("-2.", 0)])
def test_noise_names_what_goes_wrong_most_often(meta_reward: MetaReward, here: Path, fails_on: str, code: int) -> None:
    guard = f'    if "{fails_on}" in trajectory.transcript():\n        raise RuntimeError("no such order")\n'
    reading = ASKING_HARNESS.replace("float(reply.text)", "float(reply.text.split()[-1])")
    (here / "failing.py").write_text(reading.replace("    reply =", f"{guard}    reply ="))
    ran = meta_reward("judge", "noise", "small", "--judge", "simulated:perfect", "--harness", "failing.py")
    assert ran.code == code
    assert "commonest failure" in ran.out + ran.err
    assert "RuntimeError: no such order" in ran.out + ran.err


def test_cache_is_shown_and_cleared_by_judge(meta_reward: MetaReward, here: Path) -> None:
    meta_reward(*EVALUATE)
    meta_reward(*EVALUATE[:-1], "simulated:perfect")
    held = json.loads(meta_reward("cache", "--json").out)
    assert [(judge["judge"], judge["entries"]) for judge in held["judges"]] == [
        ("simulated", 16),
        ("simulated:perfect", 16),
    ]
    assert "16 replies removed" in meta_reward("cache", "clear", "--judge", "simulated", "--yes").out
    assert "nothing to remove" in meta_reward("cache", "clear", "--older-than", 1).out
    assert [judge["judge"] for judge in json.loads(meta_reward("cache", "--json").out)["judges"]] == [
        "simulated:perfect"
    ]
    wrong = meta_reward("cache", "clear", "--judge", "other")
    assert wrong.err == "meta-reward: the cache holds nothing of judge 'other': known: simulated:perfect\n"


def test_clearing_says_what_goes_and_wants_a_yes_where_nobody_can_be_asked(meta_reward: MetaReward) -> None:
    meta_reward(*EVALUATE)
    (held,) = json.loads(meta_reward("cache", "--json").out)["judges"]
    ran = meta_reward("cache", "clear")
    folder, megabytes = Path(os.environ["META_REWARD_CACHE"]), f"{held['bytes'] / 1e6:.1f}"
    assert ran.out.splitlines()[0] == str(folder)
    assert ["simulated", "16", megabytes] in [line.split() for line in ran.out.splitlines()]
    expected = "meta-reward: nothing was removed: pass --yes to remove these without being asked\n"
    assert (ran.code, ran.err) == (1, expected)
    assert json.loads(meta_reward("cache", "--json").out)["judges"] == [held]


@pytest.mark.parametrize(("answer", "code", "last"), [("n", 1, "nothing was removed"), ("y", 0, "16 replies removed")])
def test_clearing_asks_on_a_terminal(meta_reward: MetaReward, answer: str, code: int, last: str) -> None:
    meta_reward(*EVALUATE)
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    command = [sys.executable, "-c", "from meta_reward.cli import main; main()", "cache", "clear"]
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, last in done.stdout.splitlines()[-1]) == (code, True), done
    assert ("empty" in meta_reward("cache").out) == (answer == "y")


def test_entries_of_a_certain_age_are_counted_as_they_are_removed(meta_reward: MetaReward) -> None:
    meta_reward(*EVALUATE)
    for path in list(Path(os.environ["META_REWARD_CACHE"]).rglob("*.json"))[:5]:
        os.utime(path, (0, 0))
    ran = meta_reward("cache", "clear", "--older-than", 1, "--yes")
    assert (ran.out.split()[5:7], "5 replies removed" in ran.out) == (["5", "0.0"], True)
