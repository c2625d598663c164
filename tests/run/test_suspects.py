"""`suspects`: the search pairs that nearly all good candidates contradict."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from meta_reward import files
from meta_reward.evaluation.metrics import outcomes
from meta_reward.report.queries import render_suspects
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import Row, render_ledger
from meta_reward.run.queries import suspects
from meta_reward.run.query_suspects import with_votes
from meta_reward.tasks.annotations import Vote
from meta_reward.trajectory import Pair

PAIRS = [Pair(f"t{n}-p1", f"t{n}", f"t{n}-a", f"t{n}-b", ("odd",) if n == 3 else ()) for n in range(6)]


def make_history(folder: Path, margins: Mapping[str, Sequence[float | None]]) -> HistoryLayout:
    """A history whose candidates have these margins on the pairs; the first is the baseline."""
    history, rows = HistoryLayout(folder), []
    for number, (name, of_pairs) in enumerate(margins.items()):
        rewards = {pair.other: 50.0 for pair in PAIRS}
        rewards |= {p.preferred: 50 + m for p, m in zip(PAIRS, of_pairs, strict=True) if m is not None}
        found = outcomes(PAIRS, rewards)
        score = sum(pair.score for pair in found) / len(found)
        row = Row(f"c{number:04d}", name, 0, (), "scored", score, None, None, 100, "simulated", "", "")
        rows.append(row)
        files.write_lines(history.candidate(row.folder) / "pairs.jsonl", (asdict(pair) for pair in found))
    rows.append(Row("c0099", "odd", 1, (), "rejected", None, None, None, 0, "simulated", "", "imports socket"))
    files.write_bytes(history.ledger, render_ledger(rows))
    return history


@pytest.fixture
def history(tmp_path: Path) -> HistoryLayout:
    """Pair t3-p1 is contradicted by all good candidates, t4-p1 by four of five; one is bad, and one is a copy."""
    return make_history(
        tmp_path / "history",
        {
            "baseline": [5, 5, 0, -10, -4, 0],
            "better": [5, 5, 5, -20, -4, -5],
            "same-outcomes": [9, 9, 9, -1, -1, -9],
            "best": [5, 5, 5, -30, 4, 5],
            "fails": [5, 5, None, -20, -4, 5],
            "other": [5, -5, 5, -20, -8, 5],
            "bad": [-5, -5, -5, 5, -5, -5],
        },
    )


def test_pairs_that_nearly_all_good_candidates_contradict_come_most_suspicious_first(history: HistoryLayout) -> None:
    answer = suspects(history)
    assert (answer.candidates, answer.pairs, answer.suspected) == (["c0003", "c0000", "c0001", "c0004", "c0005"], 6, 2)
    assert [(one.id, one.categories, one.share, one.mean_margin) for one in answer.worst] == [
        ("t3-p1", ("odd",), 1.0, -20.0),
        ("t4-p1", (), 0.8, -3.2),
    ]
    assert answer.worst[1].contradicted_by == ["c0000", "c0001", "c0004", "c0005"]


def test_limit_shows_the_most_suspicious_and_counts_all(history: HistoryLayout) -> None:
    answer = suspects(history, limit=1)
    assert ([one.id for one in answer.worst], answer.suspected) == (["t3-p1"], 2)
    assert "left out: 1; --limit 0 shows all" in render_suspects(answer)


def test_too_few_good_candidates_suspect_nothing(tmp_path: Path) -> None:
    history = make_history(tmp_path, {"baseline": [5, 5, 5, -5, -5, 5], "other": [5, 5, 5, -5, 5, 5]})
    answer = suspects(history)
    assert (answer.suspected, answer.worst) == (0, [])
    assert render_suspects(answer) == "6 search pairs, 2 good candidates: it takes 3 to suspect a pair"


def test_a_tie_and_a_failure_contradict_nothing(tmp_path: Path) -> None:
    margins = {name: [5.0, 5.0, 5.0, 0.0, None, own] for name, own in (("baseline", 0.0), ("b", 5.0), ("c", 9.0))}
    margins["d"] = [5.0, 5.0, 0.0, 0.0, None, 5.0]
    assert suspects(make_history(tmp_path, margins)).suspected == 0


def test_votes_of_several_annotators_stand_beside_the_pair(history: HistoryLayout) -> None:
    votes = [Vote(who, "t3-a", "t3-b") for who in "ab"] + [Vote("c", "t3-b", "t3-a"), Vote("a", "t4-a", "t4-b")]
    answer = with_votes(suspects(history), votes)
    assert [(one.votes_for, one.votes_against) for one in answer.worst] == [(2, 1), (None, None)]
    shown = render_suspects(answer).splitlines()
    assert [line.split()[-1] for line in shown[2:5]] == ["votes", "2:1", "-"]
    assert shown[-1] == "look at both sides: `meta-reward trace c0003 t3-p1`"
