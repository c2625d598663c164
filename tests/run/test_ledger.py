"""The ledger, and what follows from its rows alone: best, frontier, progress."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.errors import DataError
from meta_reward.run.ledger import (
    Row,
    candidate_id,
    frontier_on_search,
    idle_iterations,
    leader_of,
    load_ledger,
    render_frontier,
    render_ledger,
)

ROW = Row("c0001", "naive", 0, (), "scored", 0.5, None, None, 100, "word", "Ask.", "")
SCORE = st.tuples(st.none() | st.sampled_from([0.5, 0.6, 0.7]), st.sampled_from([10, 20, 30]))
SCORES = st.lists(SCORE, max_size=7)


def rows_of(*scores: tuple[float | None, int]) -> list[Row]:
    return [replace(ROW, id=candidate_id(n), score=a, judge_tokens=t) for n, (a, t) in enumerate(scores, 1)]


def test_rows_are_loaded_as_they_were_saved(tmp_path: Path) -> None:
    failed = replace(ROW, id="c0002", parents=("c0001", "c9999"), status="failed", score=None, reason="KeyError\n5")
    rows = [ROW, failed, replace(ROW, id="c0003", low=0.25, high=0.75, hypothesis="é\u202e")]
    (tmp_path / "ledger.jsonl").write_bytes(render_ledger(rows))
    assert load_ledger(tmp_path / "ledger.jsonl") == rows


def test_line_is_readable_by_eye_and_by_program(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_bytes(render_ledger([ROW]))
    line = (tmp_path / "ledger.jsonl").read_text()
    assert line.startswith('{"schema":1,"id":"c0001","name":"naive","iteration":0,"parents":[],"status":"scored"')
    assert {"score", "low", "high", "judge_tokens", "hypothesis"} <= set(json.loads(line))


def test_run_without_candidates_has_an_empty_ledger(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_bytes(render_ledger([]))
    assert load_ledger(tmp_path / "ledger.jsonl") == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("5", "line 2: is not a ledger line of schema 1"),
        ('{"schema": 9}', "line 2: is not a ledger line of schema 1"),
        ('{"schema": 1, "id": "c0002"}', "line 2: has no 'name'"),
        ('{"schema": 1, ', "line 2: is not valid JSON"),
    ],
)
def test_broken_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "ledger.jsonl"
    (path).write_bytes(render_ledger([ROW]))
    path.write_text(path.read_text() + line)
    with pytest.raises(DataError) as raised:
        load_ledger(path)
    assert complaint in str(raised.value)


def test_leader_is_the_best_on_search_then_the_cheaper_then_the_older() -> None:
    assert leader_of(rows_of((0.5, 10), (0.9, 20), (0.9, 10), (0.9, 10), (0.6, 1))).id == "c0003"
    assert leader_of(rows_of((None, 10), (0.1, 10))).id == "c0002"
    assert leader_of(rows_of((None, 10), (None, 10))).id == "c0001"


@given(SCORES)
def test_frontier_is_what_no_other_candidate_beats(scores: list[tuple[float | None, int]]) -> None:
    scored = [row for row in rows_of(*scores) if row.score is not None]

    def beaten(row: Row, by: Row) -> bool:
        mine, others = (row.score or 0, -row.judge_tokens), (by.score or 0, -by.judge_tokens)
        no_worse = others[0] >= mine[0] and others[1] >= mine[1]
        return no_worse and (others != mine or by.id < row.id)

    kept = [row for row in scored if not any(beaten(row, by) for by in scored)]
    assert frontier_on_search(rows_of(*scores)) == sorted(kept, key=lambda row: row.judge_tokens)


def test_frontier_is_written_cheapest_first() -> None:
    text = render_frontier(rows_of((0.9, 500), (None, 5), (0.5, 100), (0.4, 200)))
    assert json.loads(text) == {
        "schema": 1,
        "frontier": [
            {"id": "c0003", "name": "naive", "score": 0.5, "judge_tokens": 100},
            {"id": "c0001", "name": "naive", "score": 0.9, "judge_tokens": 500},
        ],
    }


@pytest.mark.parametrize(
    ("agreements", "idle"),
    [([0.5], 0), ([0.5, 0.4, 0.5], 2), ([0.5, 0.6, 0.6], 1), ([0.5, 0.4, None], 2), ([None, 0.1], 0)],
)
def test_iterations_since_progress(agreements: list[float | None], idle: int) -> None:
    rows = [replace(ROW, iteration=n, score=a) for n, a in enumerate(agreements)]
    assert idle_iterations(rows, len(rows) - 1) == idle


def test_iterations_without_candidates_are_idle_too() -> None:
    assert idle_iterations([ROW], 3) == 3
    assert idle_iterations([], 2) == 2


def test_ids_sort_as_numbers_do() -> None:
    assert [candidate_id(n) for n in (1, 42, 9999)] == ["c0001", "c0042", "c9999"]
