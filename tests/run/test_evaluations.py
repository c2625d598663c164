"""What an evaluation leaves behind: a journal to go on from, and files a person can read."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import DataError
from meta_reward.evaluation.metrics import Group, outcomes
from meta_reward.evaluation.records import (
    CallCost,
    CallRecord,
    Evaluation,
    FailedCallRecord,
    Failure,
    Result,
    record_to_json,
)
from meta_reward.files import dump_json
from meta_reward.harness.runtime import Reward
from meta_reward.kinds.reward import reward_part
from meta_reward.run.evaluations import (
    journal_result,
    load_outcomes,
    load_pairs,
    load_scores,
    open_journal,
    save_evaluation,
    scores_to_json,
)
from meta_reward.run.trace_file import render_trace
from meta_reward.tasks.about import About
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Pair, Rollout
from tests.conftest import make_trajectory

COST = CallCost(1, 1, 10, 2, 0, 0, 0.1, cached=False, tries=1, error=None, seconds=0.5)
CALL = CallRecord(1, 1, 0, None, [{"role": "user", "content": "Rate.\nIt."}], [], None, None, "90\n", [], "end")
UNANSWERED = FailedCallRecord(2, 1, 0, None, [], [], None, None, "", [], "error", error="Unanswerable: down")
UNIT = Result("t1-r1", "t1", Reward(90.1, "good\nwork", {"a": [1]}), None, [CALL], [COST])
FAILED = Result("t1-r2", "t1", None, Failure("KeyError", "5", "a\nb\n"), [], [])
ROLLOUTS = [Rollout("t1-r1", "t1", make_trajectory(), 1), Rollout("t1-r2", "t1", make_trajectory(), 0)]
PAIRS = [Pair("p1", "t1", "t1-r1", "t1-r2", ("refusal",)), Pair("p2", "t1", "t1-r1", "t1-r1x")]
PART = reward_part(ROLLOUTS, PAIRS)
TASKS = TaskSet(Path("made"), About("made"), "", (), {one.id: one for one in ROLLOUTS}, tuple(PAIRS), None, "")


def test_journal_gives_back_every_finished_unit(tmp_path: Path) -> None:
    path = tmp_path / "new" / "c0001-search.jsonl"
    assert open_journal(path) == {}
    for result in (UNIT, FAILED):
        journal_result(path, result)
    assert open_journal(path) == {"t1-r1": UNIT, "t1-r2": FAILED}


def test_torn_last_line_of_a_journal_is_owed_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal_result(path, UNIT)
    journal_result(path, FAILED)
    path.write_bytes(path.read_bytes()[:-5])
    assert open_journal(path) == {"t1-r1": UNIT}
    journal_result(path, FAILED)
    assert open_journal(path) == {"t1-r1": UNIT, "t1-r2": FAILED}


def test_trace_holds_the_lines_that_were_printed_where_there_are_any(tmp_path: Path) -> None:
    printed = replace(UNIT, printed="one\n\ntwo\n")
    journal_result(tmp_path / "journal.jsonl", printed)
    assert open_journal(tmp_path / "journal.jsonl") == {"t1-r1": printed}
    assert render_trace(printed)["printed"] == ["one", "", "two"]
    assert render_trace(replace(UNIT, printed="cut off"))["printed"] == ["cut off"]
    assert "printed" not in render_trace(UNIT)


def test_evaluation_is_saved_and_loaded(tmp_path: Path) -> None:
    evaluation = Evaluation([UNIT, FAILED], broken=False)
    save_evaluation(tmp_path, evaluation, PART, TASKS, judge="word")
    scores = load_scores(tmp_path)
    assert scores is not None
    assert json.loads((tmp_path / "scores.json").read_text()) == scores_to_json(scores)
    assert (scores.judge, scores.broken, scores.not_run) == ("word", False, [])
    found = scores.metrics
    assert (found.items, found.failures, found.judge_tokens) == (2, 2, 12)
    assert found.by_task == {"t1": Group(2, 0.0)}
    assert [row.n for row in found.preferences.best_of_n] == [1, 2]
    pairs = outcomes(PAIRS, evaluation.rewards)
    assert load_pairs(tmp_path) == pairs
    assert load_outcomes(tmp_path) == [pair.outcome for pair in pairs]
    assert json.loads((tmp_path / "calls.jsonl").read_text()) == {"trajectory": "t1-r1", **record_to_json(COST)}
    assert sorted(p.name for p in tmp_path.rglob("*.json*")) == [
        "calls.jsonl",
        "pairs.jsonl",
        "scores.json",
        "t1-r1.json",
        "t1-r2.json",
    ]


def test_traces_of_a_sealed_split_are_packed_into_one_file_that_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("once", "again"):
        evaluation = Evaluation([UNIT, FAILED], broken=False)
        save_evaluation(tmp_path / name, evaluation, PART, TASKS, judge="word", sealed=True)
    packed = (tmp_path / "once" / "traces.jsonl.gz").read_bytes()
    assert [json.loads(line) for line in gzip.decompress(packed).splitlines()] == [
        json.loads(dump_json(render_trace(result))) for result in (UNIT, FAILED)
    ]
    assert packed == (tmp_path / "again" / "traces.jsonl.gz").read_bytes()
    assert not (tmp_path / "once" / "traces").exists()


def test_what_differs_from_machine_to_machine_is_in_calls_alone(tmp_path: Path) -> None:
    for name, result in (("a", UNIT), ("b", replace(UNIT, costs=[replace(COST, cached=True, seconds=9.0)]))):
        save_evaluation(tmp_path / name, Evaluation([result], broken=False), PART, TASKS, judge="word")
    files = ("scores.json", "pairs.jsonl", "traces/t1-r1.json", "calls.jsonl")
    assert [(tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files] == [True] * 3 + [
        False
    ]


def test_call_without_a_reply_has_its_error_on_record_and_no_other_call_has_one(tmp_path: Path) -> None:
    result = replace(FAILED, calls=[CALL, UNANSWERED])
    journal_result(tmp_path / "journal.jsonl", result)
    assert open_journal(tmp_path / "journal.jsonl") == {"t1-r2": result}
    assert [call.get("error") for call in render_trace(result)["calls"]] == [None, "Unanswerable: down"]
    line = json.loads((tmp_path / "journal.jsonl").read_text())
    assert ["error" in call for call in line["calls"]] == [False, True]


def test_evaluation_without_scores_is_none_and_one_of_another_version_is_named(tmp_path: Path) -> None:
    assert load_scores(tmp_path) is None
    (tmp_path / "scores.json").write_text('{"schema": 9}')
    with pytest.raises(DataError, match=r"scores\.json: is not a score file of schema 2"):
        load_scores(tmp_path)


@pytest.mark.parametrize("damage", [{"score": ...}, {"by_task": None}, {"best_of_n": [{"n": 2}]}])
def test_damaged_scores_are_an_error_that_names_the_file(tmp_path: Path, damage: dict[str, Any]) -> None:
    save_evaluation(tmp_path, Evaluation([UNIT, FAILED], broken=False), PART, TASKS, judge="word")
    path = tmp_path / "scores.json"
    content = json.loads(path.read_text()) | damage
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))
    with pytest.raises(DataError, match=r"scores\.json: lacks a score, or one is damaged \(restore it from git\)"):
        load_scores(tmp_path)


def test_scores_are_written_last(tmp_path: Path) -> None:
    (tmp_path / "calls.jsonl").mkdir()  # where a write fails, nothing says that all is there
    with pytest.raises(Exception, match=r"calls\.jsonl: cannot be written"):
        save_evaluation(tmp_path, Evaluation([UNIT], broken=False), PART, TASKS, judge="word")
    assert (tmp_path / "pairs.jsonl").exists()
    assert load_scores(tmp_path) is None
