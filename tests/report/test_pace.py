"""How long a search still takes, and what it will have used."""

from typing import Any

import pytest

from meta_reward.report.pace import Outage, Pace, Work, at_end, limits_used, outage_under_way, pace_of
from meta_reward.report.status_text import duration
from meta_reward.run.events import Event
from meta_reward.run.settings import Limits

SIZES = {"search": 100, "validation": 50, "test": 50}


def at(second: int, event: str, **facts: Any) -> Event:
    return Event(f"2026-11-21T03:{second // 60:02}:{second % 60:02}+00:00", event, event, facts)


BEGIN = at(0, "begin", trajectories=SIZES)
NOW = BEGIN.seconds


def iteration(second: int, number: int, *, candidates: int = 2, calls: int = 0) -> Event:
    spent = {"calls": calls, "tokens": 10 * calls, "usd": calls / 100}
    took = {"session_s": 30, "evaluation_s": 100}
    return at(second, "iteration", iteration=number, candidates=["c"] * candidates, spent=spent, **took)


def work(**changes: Any) -> Work:
    return Work(**{"proposing": False, "waiting": 0, "validating": False, "iterations": 0, "candidates": 2} | changes)


def test_time_left_is_that_of_what_waits_and_of_the_iterations_to_come_and_of_validation() -> None:
    events = [BEGIN, iteration(100, 0), iteration(230, 1)]  # half a second a trajectory
    found = pace_of(events, work(waiting=40, iterations=3), NOW + 240)
    assert found == Pace(240, 20, 20 + 3 * (30 + 100) + 4 * 50 * 0.5)


def test_time_left_in_the_first_session_is_not_known() -> None:
    found = pace_of([BEGIN, iteration(100, 0), at(101, "session")], work(proposing=True), NOW + 110)
    assert found == Pace(110, None, None)


def test_session_under_way_counts_with_what_is_left_of_the_mean_session() -> None:
    events = [BEGIN, iteration(100, 0), iteration(230, 1), at(231, "session")]
    found = pace_of(events, work(proposing=True), NOW + 241)
    assert found == Pace(241, 20 + 100, 20 + 100 + 100)


def test_first_evaluation_is_its_own_measure_and_the_whole_is_not_known_yet() -> None:
    evaluation = at(10, "evaluation", candidate="c0001-a", split="search", done=0, trajectories=100)
    found = pace_of([BEGIN, evaluation], work(waiting=75, iterations=8), NOW + 60)
    assert found == Pace(60, 150, None)
    assert pace_of([BEGIN, evaluation], work(waiting=100, iterations=8), NOW + 60) == Pace(60, None, None)
    assert pace_of([], work(), NOW) is None


def test_what_is_used_at_the_end_grows_as_it_did_so_far() -> None:
    events = [BEGIN, iteration(100, 0, calls=300), iteration(230, 1, calls=500), iteration(400, 2, calls=700)]
    found = at_end(events, work(iterations=2, waiting=1))
    assert found == {"max_calls": 1500, "max_tokens": 15000, "max_usd": 15}  # validation is as much as an iteration
    assert at_end(events[:2], work()) is None


def test_limits_that_are_not_set_are_not_shown() -> None:
    used = {"max_calls": 5, "max_tokens": 6, "max_usd": 7, "max_hours": 0.5}
    found = limits_used(Limits(max_usd=20, max_hours=2), used, {"max_usd": 12}, Pace(1800, 60, 1800))
    assert [(one.name, one.used, one.limit, one.at_end) for one in found] == [
        ("max_usd", 7, 20, 12),
        ("max_hours", 0.5, 2, 1),
    ]


def test_outage_lasts_until_the_judge_answers_or_the_process_ends() -> None:
    outage = at(60, "outage", why="HTTP 503")
    assert outage_under_way([BEGIN, outage]) == Outage(outage.time, "HTTP 503")
    assert outage_under_way([BEGIN, outage, at(70, "recovery")]) is None
    assert outage_under_way([BEGIN, outage, at(80, "begin")]) is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (99.4, "99 s"), (100, "2 min"), (5940, "99 min"), (6000, "1 h 40 min")]
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words
