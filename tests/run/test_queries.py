"""The questions one asks of a history, on a run with a naive, a better, a failing and a rejected candidate."""

import inspect
import itertools
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.propose import client
from meta_reward.propose.trace_summary import render_summary
from meta_reward.report.queries import RENDERERS
from meta_reward.run import queries
from meta_reward.run.layout import HistoryLayout, Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.lookup import find_candidate
from meta_reward.run.query_table import QUERIES, Query
from meta_reward.run.record import render_outcomes
from tests.conftest import made_once
from tests.search.conftest import harness, make_world, proposal

BETTER = harness("Look closely at this run.\\nTake your time.")


@pytest.fixture
def history(tmp_path_factory: pytest.TempPathFactory) -> HistoryLayout:
    """Of a run in which c0001 ties every pair, c0002 wins all, c0003 fails on one trajectory, c0004 is rejected.

    To be read only.
    """
    return HistoryLayout(made_once(tmp_path_factory, "searched", _search) / "runs" / "r1" / "history")


def _search(folder: Path) -> None:
    world = make_world(folder)
    history = HistoryLayout(world.create(limits={"iterations": 2}).history)
    world.proposer.drafts = {
        1: {"look-closely": (BETTER, proposal("c0001"))},
        2: {
            "now-and-then": (failing_on(first_run(history)), proposal("c0002", hypothesis="Some are \x1b[31modd.")),
            "socket": ("import socket\n" + BETTER, proposal("c0002")),
        },
    }
    world.search()


def first_run(history: HistoryLayout) -> str:
    """The id of a trajectory that did well."""
    return min(path.stem for path in (history.taskset / "trajectories").glob("*-r1.json"))


def failing_on(trajectory: str) -> str:
    """A harness that fails on this trajectory."""
    task, _, number = trajectory.partition("-r")
    case = f"Case {int(task[1:])}-{number}."
    return BETTER.replace(
        "    try:", f"    if {case!r} in trajectory.transcript():\n        raise ValueError('odd')\n    try:"
    )


def test_ledger_lists_candidates_with_what_each_changed(history: HistoryLayout) -> None:
    answer = queries.ledger(history)
    assert [(c.id, c.parents, c.part, c.status, c.frontier) for c in answer.candidates] == [
        ("c0001", (), "", "scored", True),
        ("c0002", ("c0001",), "rubric", "scored", True),
        ("c0003", ("c0002",), "rubric", "scored", False),
        ("c0004", ("c0002",), "rubric", "rejected", False),
    ]
    assert (answer.best, answer.left_out) == ("c0002", 0)


def test_ledger_shows_the_last_candidates_and_says_how_many_came_before(history: HistoryLayout) -> None:
    answer = queries.ledger(history, limit=1)
    assert ([c.id for c in answer.candidates], answer.left_out, answer.frontier) == (
        ["c0004"],
        3,
        ["c0001", "c0002"],
    )


def test_failures_of_a_naive_candidate_are_ties(history: HistoryLayout) -> None:
    answer = queries.failures(history, "c0001", limit=2)
    counts = {key: getattr(answer, key) for key in ("pairs", "lost", "tied", "failed")}
    assert counts == {"pairs": answer.pairs, "lost": 0, "tied": answer.pairs, "failed": 0}
    assert [(group.category, len(group.worst)) for group in answer.groups] == [("none", 2)]
    assert answer.errors == []


def test_failures_name_the_error_and_put_unscored_pairs_first(history: HistoryLayout) -> None:
    answer = queries.failures(history, "now-and-then")
    assert 0 < answer.failed < len(answer.groups[0].worst)
    assert answer.groups[0].worst[0].margin is None
    assert answer.groups[0].worst[0].won_by == ["c0002"]
    assert [error.error for error in answer.errors] == ["ValueError: odd (line 9)"]


def test_failures_under_a_learned_reward_are_the_lowest_rewards(history: HistoryLayout, tmp_path: Path) -> None:
    copy = HistoryLayout(Path(shutil.copytree(history.path, tmp_path / "history")))
    (folder,) = copy.candidates.glob("c0001-*")
    (folder / "pairs.jsonl").unlink()
    rows = [("t1", ["rude"], 0.9, "80, 100"), ("t2", ["rude"], 0.25, "50, -"), ("t3", ["slow"], 0.5, "50, 50")]
    items = [
        ItemOutcome(id, id, tuple(of), "100", f"{100 * mean:g}", mean, 1.0, {"rewards": trials})
        for id, of, mean, trials in rows
    ]
    failed = ItemOutcome("t4", "t4", ("slow",), "100", None, 0.0, 1.0, {"rewards": "-, -"})
    files.write_lines(folder / "items.jsonl", [*items, failed])
    answer = queries.failures(copy, "c0001", limit=1)
    assert (answer.lost, answer.tied, answer.failed, answer.learned) == (0, 0, 1, 41.25)
    row = find_candidate(copy, "c0001")
    assert "| slow | 2 | 25.0 | 1 |" in render_summary(copy, row)
    shown = RENDERERS["failures"](answer)
    assert [" ".join(line.split()) for line in shown.splitlines()[2:-3]] == [
        "learned reward 41.2 on average of 4 items, 1 failed",
        "",
        "slow: learned reward 25.0 on average of 2 items, 1 failed",
        "item learned reward of its trials",
        "t4 - -, -",
        "",
        "rude: learned reward 57.5 on average of 2 items, 0 failed",
        "item learned reward of its trials",
        "t2 25 50, -",
        "",
    ]


def test_flips_count_both_directions(history: HistoryLayout) -> None:
    there, back = queries.flips(history, "c0001", "c0002"), queries.flips(history, "2", "1")
    pairs = there.pairs // 2
    assert (there.gained.pairs, there.lost.pairs, there.difference) == (pairs, 0, 0.25)
    assert (back.gained.pairs, back.lost.pairs, back.difference) == (0, pairs, -0.25)
    assert there.gained.by_category == {"none": pairs}
    assert (there.gained.widest[0].first_margin, there.gained.widest[0].second_margin) == (0.0, 80.0)


def test_diff_shows_what_changed_between_programs(history: HistoryLayout) -> None:
    answer = queries.diff(history, "c0001", "c0002")
    assert answer.changed == ["reward"]
    assert answer.diff[:2] == ["--- c0001-baseline/harness.py", "+++ c0002-look-closely/harness.py"]
    assert [line[0] for line in answer.diff[3:] if line[0] in "+-"] == ["-", "+"]


def test_trace_tells_question_reply_reward_and_pairs(history: HistoryLayout) -> None:
    name = first_run(history)
    answer = queries.trace(history, "c0002", name)
    assert (answer.trace.reward["score"], answer.trace.asks, answer.trace.calls[0]["reply"]) == (90.0, 1, "90")
    assert answer.trace.calls[0]["messages"][0]["content"].startswith("Look closely at this run.\nTake your time.\n[1]")
    assert {pair.preferred for pair in answer.trace.pairs} == {name}


def test_trace_of_a_pair_tells_both_sides(history: HistoryLayout) -> None:
    pair = queries.failures(history, "c0001", limit=1).groups[0].worst[0]
    answer = queries.trace(history, "c0002", pair.id)
    assert [side.trajectory for side in answer.sides] == [pair.preferred, pair.other]
    assert [side.reward["score"] for side in answer.sides] == [90.0, 10.0]
    assert [[p.id for p in side.pairs] for side in answer.sides] == [[pair.id]] * 2
    one = queries.trace(history, "c0002", pair.other)
    assert answer.sides[1].calls == one.trace.calls
    assert (answer.pair.score, answer.candidate) == (1.0, one.candidate)


def test_trace_of_a_pair_with_one_side_tells_that_one(history: HistoryLayout, tmp_path: Path) -> None:
    copy = HistoryLayout(tmp_path / "h")
    shutil.copytree(history.path, copy.path)
    pair = queries.failures(copy, "c0001", limit=1).groups[0].worst[0]
    traces = copy.candidate("c0002-look-closely") / "traces"
    (traces / f"{pair.preferred}.json").unlink()
    assert [side.trajectory for side in queries.trace(copy, "c0002", pair.id).sides] == [pair.other]
    (traces / f"{pair.other}.json").unlink()
    with pytest.raises(UsageError, match="scored neither side of pair"):
        queries.trace(copy, "c0002", pair.id)


def test_trace_tells_what_the_host_recorded(history: HistoryLayout, tmp_path: Path) -> None:
    copy, name = HistoryLayout(tmp_path / "h"), first_run(history)
    shutil.copytree(history.path, copy.path)
    path = copy.candidate("c0002-look-closely") / "traces" / f"{name}.json"
    asked = [
        {
            "query": ["two", "\x1b[2Jlines"],
            "k": 2,
            "where": {"level": [1]},
            "found": [{"id": "a", "score": 1.5}],
            "more": 1,
        },
        {"query": "zzz", "k": 5, "where": {}, "found": []},
        {"refused": "k is 51, not a whole number from 1 to 50"},
    ]
    path.write_text(json.dumps({**json.loads(path.read_text()), "asked": asked}))
    text = RENDERERS["trace"](queries.trace(copy, "c0002", name))
    assert text.partition("== searched\n")[2].split("\n\n")[0].splitlines() == [
        "'two\\n\\x1b[2Jlines' k=2 where {'level': [1]}: a and 1 more",
        "'zzz' k=5: nothing",
        "refused: k is 51, not a whole number from 1 to 50",
    ]


def test_trace_of_a_failure_tells_the_error(history: HistoryLayout) -> None:
    answer = queries.trace(history, "c0003", first_run(history))
    assert (answer.trace.reward, answer.trace.error["kind"], answer.trace.error["message"]) == (
        None,
        "ValueError",
        "odd (line 9)",
    )


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (lambda h: queries.failures(h, "c0022"), "there is no candidate 'c0022': did you mean c0002"),
        (lambda h: queries.failures(h, "look-closly"), "did you mean look-closely"),
        (lambda h: queries.failures(h, "c0004"), "c0004 has no pairs here: the validator refused it: line 1: imports"),
        (lambda h: queries.failures(h, "c0001", category="x"), "there is no category 'x': there are none"),
        (lambda h: queries.flips(h, "c0001", "c0004"), "c0004 has no pairs here"),
        (lambda h: queries.trace(h, "c0001", "../../sealed"), "there is no trajectory or pair of c0001 '../../sealed'"),
        (lambda h: queries.trace(h, "c0004", "t01-r1"), "c0004 has no traces here: the validator refused it"),
        (lambda h: queries.trace(h, "1", first_run(h), ask=7), "has no ask 7 on t"),
    ],
)
def test_what_does_not_exist_is_one_line_with_what_comes_close(
    history: HistoryLayout, ask: Callable[[HistoryLayout], object], complaint: str
) -> None:
    with pytest.raises(UsageError) as raised:
        ask(history)
    assert complaint in str(raised.value)


def test_queries_read_the_history_and_nothing_else(history: HistoryLayout, tmp_path: Path) -> None:
    moved = HistoryLayout(tmp_path / "elsewhere" / "h")
    shutil.copytree(history.path, moved.path)
    assert queries.flips(moved, "c0001", "c0002").difference == 0.25


def test_outcomes_show_what_each_candidate_decides_otherwise_than_its_parents(history: HistoryLayout) -> None:
    lines = [json.loads(line) for line in history.outcomes.read_text().splitlines()]
    assert [(line["id"], line["against"]) for line in lines] == [("c0002", "c0001"), ("c0003", "c0002")]
    turned = queries.flips(history, "c0001", "c0002")
    assert sorted(lines[0]["better"]) == sorted(pair.id for pair in turned.gained.widest)
    assert lines[0]["worse"] == []


def test_outcomes_only_grow_at_their_end(history: HistoryLayout) -> None:
    layout = Layout(history.path.parent)
    rows = load_ledger(history.ledger)
    grown = [render_outcomes(layout, rows[:count]) for count in range(1, len(rows) + 1)]
    assert all(after.startswith(before) for before, after in itertools.pairwise(grown))
    assert grown[-1] == history.outcomes.read_bytes()


def test_patterns_of_the_history_readme_find_what_they_promise(history: HistoryLayout) -> None:
    one = first_run(history)
    task = one.partition("-")[0]
    commands = re.findall(r"^    (grep [^\n]*?)(?: +#[^\n]*)?$", history.readme.read_text(), re.MULTILINE)
    assert len(commands) > 12
    found = {}
    for command in commands:
        here = command.replace("t012-r3", one).replace("t012-p3", f"{task}-p1").replace("t012", task)
        here = here.replace("approved by the manager", "I did GOOD").replace("c0001-*/pairs", "c0003-*/pairs")
        done = subprocess.run(["sh", "-c", here], cwd=history.path, capture_output=True, text=True, check=False)
        assert done.stderr == "", here
        found[command] = done.stdout.count("\n")
    # This little world has no categories and no judge that errs by a margin, and c0002 wins every pair that c0001 ties.
    missing = ["false-claim", '"margin"', "grep -vFf", 'grep -l \'"error"']
    assert [command for command, lines in found.items() if not lines and not any(m in command for m in missing)] == []


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_every_query_of_the_table_has_a_function_a_text_and_examples_that_work(query: Query) -> None:
    assert list(inspect.signature(queries.ANSWERS[query.name]).parameters)[1:] == [a.name for a in query.arguments]
    assert query.name in RENDERERS
    assert [client.parse(shlex.split(example))[0] for example in query.examples] == [query.name] * len(query.examples)


def test_table_declares_every_query() -> None:
    assert set(queries.ANSWERS) == set(RENDERERS) == {query.name for query in QUERIES}
