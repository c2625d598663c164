"""What running a harness shows: it bears odd runs and odd judges, and scores the same alike whenever it is asked."""

import asyncio
from pathlib import Path

import pytest

from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.validate import Report, cases_of, fixtures, report_to_json, validate
from meta_reward.harness.validate.report import MAX_FINDINGS
from meta_reward.trajectory import parse_trajectory, trajectory_to_json
from tests.conftest import LEVEL, PROJECT, make_rollouts

SEEDS = sorted((PROJECT / "seed_harnesses").glob("*.py"))
BY_HAND = sorted((PROJECT / "tests" / "harness" / "by_hand").glob("*.py"))
OPENING = "import json, random, re, time\nfrom meta_reward.harness import *\n\nasync def reward(trajectory, judge):\n"
SCORE = "    return float(re.findall(r'Score: (\\d+)', (await judge.ask('Score: <0-100>')).text)[-1])\n"


def checked(body: str, *, budget: Budget | None = None) -> Report:
    async def work() -> Report:
        async with Sandbox(budget or Budget(active_s=5), level=LEVEL) as sandbox:
            return await validate(OPENING + body, sandbox=sandbox, cases=cases_of(make_rollouts()))

    return asyncio.run(work())


def messages(report: Report) -> list[str]:
    return [finding.message for finding in report.findings]


@pytest.mark.parametrize(
    ("body", "where", "error"),
    [
        ("return [5][len((await judge.ask('x')).text) == 0]", "against a judge that answers nothing", "IndexError"),
        ("return 5 / (\"can't\" not in (await judge.ask('x')).text)", "against a judge that refuses", "ZeroDivision"),
        ("return 5 / (len((await judge.ask('x')).text) < 10**5)", "against a judge that answers without end", "Zero"),
        ("return 5 / (len(trajectory.messages) < 500)", "on a run of 500 messages", "ZeroDivisionError"),
        ("return len(trajectory.calls()[0])", "on a run without tool calls", "IndexError"),
        (
            "return len(trajectory.transcript().encode('latin-1')) * 0",
            "on a run with odd Unicode",
            "UnicodeEncodeError",
        ),
        ("return 5 if '{' not in (await judge.ask('x')).text else 101", "against a judge that answers nonsense", "101"),
    ],
)
def test_what_a_harness_cannot_bear_is_found(body: str, where: str, error: str) -> None:
    (finding,) = checked(f"    {body}\n").findings
    assert (finding.check, where in finding.message, error in finding.message) == ("smoke", True, True)


def test_the_same_failure_in_many_runs_is_one_finding() -> None:
    assert messages(checked("    return {}[1]\n")) == [
        "fails against a judge that answers its prompt and in 8 more of 9 runs: KeyError: 1 (line 5)"
    ]


CHANCES = ["time.time() % 100", "random.SystemRandom().random() * 100", "time.monotonic_ns() % 100_000 / 1000"]


@pytest.mark.parametrize("chance", CHANCES)
def test_reward_that_hangs_on_clock_or_chance_is_found(chance: str) -> None:
    found = checked(f"    return {chance}\n").findings
    assert "repeat" in {finding.check for finding in found}
    assert "let the output depend on the input and the replies alone" in found[0].hint


def test_harness_that_refuses_what_it_cannot_read_is_valid_and_gives_rewards() -> None:
    body = (
        SCORE.replace("return", "try:\n        return").rstrip()
        + "\n    except IndexError:\n        raise ValueError('no')\n"
    )
    report = checked(body)
    assert (report.findings, report.notes) == ((), ())
    assert report.seconds is not None
    assert 0 < report.seconds < 5


@pytest.mark.parametrize("refusal", ["raise ValueError('never')", "json.loads((await judge.ask('x')).text[:2] + '#')"])
def test_harness_that_never_gives_a_reward_is_valid_and_noted(refusal: str) -> None:
    report = checked(f"    {refusal}\n")
    assert (report.ok, [note.check for note in report.notes]) == (True, ["rewards"])
    assert report.notes[0].message.startswith("never gave a reward in 13 runs")


def test_failure_on_a_run_of_the_search_split_is_noted_and_left_to_the_evaluation() -> None:
    report = checked("    return 5 / ('Case' not in trajectory.transcript())\n")
    assert report.ok
    assert "fails on run 1 of the search split and in 3 more of 4 runs: ZeroDivisionError" in report.notes[0].message


def test_endless_loop_is_run_once() -> None:
    report = checked("    while True: pass\n", budget=Budget(active_s=0.3))
    assert [finding.message.split(":")[0] for finding in report.findings] == [
        "fails against a judge that answers its prompt"
    ]


def test_asking_again_until_the_reply_can_be_read_is_found() -> None:
    body = "    while 'Score: 7' not in (await judge.ask('x')).text: pass\n    return 7\n"
    assert "judge-calls" in messages(checked(body, budget=Budget(judge_calls=10)))[0]


class ClosedSandbox(Sandbox):
    """One in which nothing can be run."""

    async def run(self, *_: object, **__: object) -> None:  # type: ignore[override]
        raise AssertionError("the harness was run")


def test_harness_that_nothing_speaks_against_is_run_once_and_anew_where_anything_is_otherwise() -> None:
    source, budget, sample = (
        OPENING + "    return 50\n",
        Budget(active_s=5),
        cases_of(make_rollouts()),
    )
    report = checked("    return 50\n")
    assert report.ok
    again = ClosedSandbox(budget, level=LEVEL)
    assert asyncio.run(validate(source, sandbox=again, cases=sample)) == report
    for other in (Budget(active_s=6), Budget(active_s=5, memory_mb=500)):
        with pytest.raises(AssertionError, match="was run"):
            asyncio.run(validate(source, sandbox=ClosedSandbox(other, level=LEVEL), cases=sample))
    for cases in (None, cases_of(make_rollouts(3))):
        with pytest.raises(AssertionError, match="was run"):
            asyncio.run(validate(source, sandbox=again, cases=cases))
    with pytest.raises(AssertionError, match="was run"):
        asyncio.run(validate(source + "#", sandbox=again, cases=sample))


def test_harness_that_something_speaks_against_is_run_again() -> None:
    body = "    return 101\n"
    assert not checked(body).ok
    with pytest.raises(AssertionError, match="was run"):
        asyncio.run(
            validate(
                OPENING + body,
                sandbox=ClosedSandbox(Budget(active_s=5), level=LEVEL),
                cases=cases_of(make_rollouts()),
            )
        )


def test_findings_are_short_printable_and_the_same_everywhere() -> None:
    body = "    raise KeyError(f'{object()!r}' + '\\x1b[31m\\u202e' + 'x' * 10_000)\n"
    first, second = (report_to_json(checked(body)) for _ in range(2))
    assert first == second
    said = first["findings"][0]["message"]
    assert len(said) < 700
    assert said.isprintable()
    assert len(first["findings"]) <= MAX_FINDINGS


def test_fixtures_are_what_they_are_called() -> None:
    assert len(fixtures.LONG.messages) == 500
    assert fixtures.WITHOUT_CALLS.calls() == []
    assert {"\u202e", "\u0301", "\u200b", "\0", "\u2028"} <= set(fixtures.ODD_RUN.transcript())
    for trajectory in (fixtures.PLAIN, fixtures.WITHOUT_CALLS, fixtures.LONG, fixtures.ODD_RUN):
        assert parse_trajectory(trajectory_to_json(trajectory)) == trajectory


@pytest.mark.parametrize("path", [*SEEDS, *BY_HAND], ids=lambda path: path.stem)
def test_seeds_and_harnesses_written_by_hand_are_valid(path: Path) -> None:
    source = path.read_text()

    async def work() -> Report:
        async with Sandbox(Budget(), level=LEVEL) as sandbox:
            return await validate(source, sandbox=sandbox)

    report = asyncio.run(work())
    assert report.findings == ()
    assert path in BY_HAND or (report.notes, report.separable) == ((), True)
