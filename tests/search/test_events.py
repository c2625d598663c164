"""What a search tells of itself while it runs, and what a person may tell it."""

import asyncio
import json
import os
import shlex
import time
from pathlib import Path

import pytest

from meta_reward.errors import MetaRewardError, UsageError
from meta_reward.report.pace import since_begin
from meta_reward.report.status import status_of
from meta_reward.report.status_text import render_status
from meta_reward.run import git
from meta_reward.run.evaluations import open_journal
from meta_reward.run.events import Event, EventLog, load_events, now
from meta_reward.run.hints import add_hint, load_hints
from meta_reward.run.ledger import load_ledger
from meta_reward.search import notify
from meta_reward.search.listeners import listening
from meta_reward.search.loop import run_search
from meta_reward.search.notify import Notifier
from meta_reward.search.track import MlflowTracker
from tests.search.conftest import World, harness, proposal

BETTER = harness("Look closely and rate this run from 0 to 100.")


def words_of(world: World) -> list[str]:
    return [event.event for event in load_events(world.layout.events)]


def test_a_search_tells_what_it_does_in_order(world: World) -> None:
    world.proposer.drafts = {1: {"better": (BETTER, proposal("c0001"))}}
    world.search(iterations=1)
    assert words_of(world) == [
        *("begin", "evaluation", "candidate", "leader", "iteration"),
        *("session", "evaluation", "candidate", "leader", "iteration"),
        *("note", "evaluation", "evaluation", "decision"),
    ]
    events = load_events(world.layout.events)
    assert events[0].facts == {"trajectories": {"search": 16, "validation": 16, "test": 16}}
    leader = next(event for event in reversed(events) if event.event == "leader")
    assert (leader.facts["id"], leader.text) == ("c0002", f"c0002 leads with {leader.facts['score']:.1%} on search")
    iteration = [event.facts for event in events if event.event == "iteration"][-1]
    assert (iteration["iteration"], iteration["candidates"], iteration["spent"]["calls"]) == (1, ["c0002"], 32)


def test_events_are_not_in_git_and_shown_to_no_proposer(world: World) -> None:
    world.search(iterations=1)
    assert "events.jsonl" not in git.blob_ids(world.layout.root, ["."])
    assert "/events.jsonl" in (world.layout.root / ".gitignore").read_text()
    (assignment,) = world.proposer.assignments
    assert list(assignment.view.rglob("events*")) == []


def test_limit_that_is_nearly_reached_is_told_once(world: World) -> None:
    world.create(limits={"iterations": 3, "max_calls": 95})
    asyncio.run(run_search(world.open()))
    (limit,) = [event for event in load_events(world.layout.events) if event.event == "limit"]
    assert (limit.facts["limit"], limit.facts["of"]) == ("max-calls", 95)
    assert 0.8 <= limit.facts["used"] / 95 <= 1


@pytest.mark.parametrize(
    "damage", [b'{"time": "202', b"[]\n", b'{"time": 5, "event": "begin", "text": ""}\n', b"\xff\n"]
)
def test_damaged_events_hide_neither_the_others_nor_the_status(begun: World, damage: bytes) -> None:
    before = load_events(begun.layout.events)
    with begun.layout.events.open("ab") as file:
        file.write(damage)
    assert load_events(begun.layout.events) == before
    assert "running" not in render_status(status_of(begun.layout))


def test_hint_is_on_record_and_in_the_sessions_that_follow(begun: World) -> None:
    assert add_hint(begun.layout, "  Look at refunds.\nThey are often wrong. ", iteration=1)
    assert not add_hint(begun.layout, "Look at refunds.\nThey are often wrong.", iteration=1)
    add_hint(begun.layout, "Ask twice.", iteration=1)
    begun.search(iterations=1)
    (assignment,) = begun.proposer.assignments
    assert assignment.instructions.endswith(
        "# Advice of the user, the latest last\n\n- Look at refunds.\n  They are often wrong.\n- Ask twice.\n"
    )
    assert [(hint.iteration, hint.text) for hint in load_hints(begun.layout)][1:] == [(1, "Ask twice.")]
    assert git.read(begun.layout.root, "hints.jsonl") == begun.layout.hints.read_bytes()


@pytest.mark.parametrize("text", ["", "  \n", "x" * 5000])
def test_hint_without_words_or_with_too_many_is_refused(begun: World, text: str) -> None:
    with pytest.raises(UsageError, match="a hint has 1 to 4096 bytes"):
        add_hint(begun.layout, text, iteration=1)
    assert not begun.layout.hints.exists()


def test_hint_that_is_not_utf_8_is_refused(begun: World) -> None:
    with pytest.raises(UsageError, match="the hint is not UTF-8"):
        add_hint(begun.layout, os.fsdecode(b"\xff refunds"), iteration=1)


def test_text_of_an_event_is_one_line(tmp_path: Path) -> None:
    EventLog(tmp_path / "events.jsonl").note("look at\n\n- refunds\n- \x1b[31mred")
    (event,) = load_events(tmp_path / "events.jsonl")
    assert event.text == "look at - refunds - \\u001b[31mred"


DAMAGED = (
    {"candidate": ["c0001-better"], "split": "search", "trajectories": 16},
    {"candidate": "c0001-better", "split": {}, "trajectories": "many"},
    {"time": "0001-01-01T00:00:00"},
)


@pytest.mark.parametrize("facts", DAMAGED)
def test_status_of_a_run_with_a_strange_event_is_told(world: World, facts: dict[str, object]) -> None:
    world.search(iterations=0)
    strange = {"time": now(), "event": "evaluation", "text": "strange", **facts}
    with world.layout.events.open("a") as file:
        file.write(json.dumps(strange) + "\n")
    assert "c0001" in render_status(status_of(world.layout))


def test_notifying_command_gets_what_is_worth_it_as_json(tmp_path: Path) -> None:
    notifier = Notifier(f"cat >> {shlex.quote(str(tmp_path / 'told'))}", "night")
    with listening({"notify": notifier}, pytest.fail) as listeners:
        log = EventLog(tmp_path / "events.jsonl", listeners=listeners)
        log.add("candidate", "c0001: 50%")
        log.add("end", "the search finished", state="finished")
    last = json.loads((tmp_path / "events.jsonl").read_text().splitlines()[-1])
    assert [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()] == [{"run": "night", **last}]


def test_listener_that_fails_is_told_once_and_stops_nothing(tmp_path: Path) -> None:
    notes: list[str] = []
    with listening({"the command": Notifier("echo no route >&2; exit 7", "night")}, notes.append) as listeners:
        log = EventLog(tmp_path / "events.jsonl", listeners=listeners)
        log.add("outage", "the judge does not answer")
        log.add("recovery", "the judge answers again")
    assert notes == ["the command failed: exit code 7, no route"]


@pytest.mark.slow
def test_search_is_tracked_in_mlflow_and_goes_on_there(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.tracking import MlflowClient  # takes seconds

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # a local store without a database
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    for iterations in (0, 1):
        world.proposer.drafts = {1: {"better": (BETTER, proposal("c0001"))}}
        world.search(iterations)
        with listening({"mlflow": MlflowTracker(world.layout)}, pytest.fail) as (listener,):
            for event in since_begin(load_events(world.layout.events)):
                listener(event)
            listener(Event(now(), "end", "the search finished", {"state": "finished"}))
    client = MlflowClient()
    (run,) = client.search_runs([client.get_experiment_by_name("meta-reward").experiment_id])
    assert (run.info.run_name, run.info.status, run.data.params["judge"]) == ("r1", "FINISHED", "simulated")
    scores = [metric.value for metric in client.get_metric_history(run.info.run_id, "search")]
    assert scores == [row.score for row in load_ledger(world.layout.ledger)]
    assert (run.data.metrics["judge_calls"], run.data.tags["chosen"]) == (32, "c0001")


def test_event_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    shown: list[str] = []
    (tmp_path / "events.jsonl").mkdir()
    EventLog(tmp_path / "events.jsonl", shown.append).note("here")
    assert shown == ["here"]


def test_what_a_notifying_command_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    Notifier("sleep 20 & cat", "night")(Event(now(), "end", "over"))
    assert time.monotonic() - began < 10


def test_notifying_command_that_takes_too_long_is_ended_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "_MOST_S", 0.3)
    late = tmp_path / "late"
    with pytest.raises(MetaRewardError, match="more than"):
        Notifier(f"(sleep 0.8; touch {shlex.quote(str(late))}) | cat", "night")(Event(now(), "end", "over"))
    time.sleep(0.8)
    assert not late.exists()


def test_search_goes_on_where_its_events_cannot_be_written(begun: World) -> None:
    begun.layout.events.unlink()
    begun.layout.events.mkdir()
    assert begun.search(iterations=1).state == "finished"


def test_evaluation_without_any_result_is_shown_as_under_way(begun: World) -> None:
    open_journal(begun.layout.journal("validation", "c0001-asking"))
    assert [(one.split, one.done) for one in status_of(begun.layout).under_way] == [("validation", 0)]
