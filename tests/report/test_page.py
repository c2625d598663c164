"""What a page shows of a run, and how it is kept in one file; `test_page_browser.py` opens it in a browser."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.pages import MadeUp
from meta_reward import files
from meta_reward.evaluation.best_of_n import BestOfN
from meta_reward.report.blocks import Block, Grid, Lines, Title, render_page
from meta_reward.report.page import write
from meta_reward.report.page.collect import collect_run
from meta_reward.report.page.details import collect_candidate
from meta_reward.report.page.outcomes import MapPair, PairMap, telling_pairs
from meta_reward.report.page.pack import Pack, embedded
from meta_reward.report.page.sessions import Step, steps_of
from meta_reward.report.page.stress_charts import study_charts
from meta_reward.report.page.studies import Study, parse_blocks, studies_of
from meta_reward.report.page.tree import branches
from meta_reward.report.page.view import badges_of, headline
from meta_reward.report.page.write import render_report, write_report
from meta_reward.run.layout import STUDY, Layout
from meta_reward.run.ledger import Row
from meta_reward.search.studies.exploits import ExploitTables
from meta_reward.search.studies.folder import StudyRecord
from meta_reward.search.studies.stress import StressTables
from meta_reward.search.studies.stress_numbers import ARMS, Update
from meta_reward.search.studies.stress_trials import Pick


def text_of(page: str) -> str:
    """A page without its style and scripts, and without tags."""
    return " ".join(re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL).split())


def test_same_run_gives_the_same_file(tmp_path: Path) -> None:
    layout = MadeUp(tmp_path).write()
    first = write_report(layout).read_bytes()
    assert write_report(layout).read_bytes() == first


def test_run_that_is_under_way_says_that_its_test_split_is_sealed(tmp_path: Path) -> None:
    said = text_of(render_report(MadeUp(tmp_path, ended=False).write()))
    assert re.search(r"c000\d leads on search with \+\d+\.\d points over the baseline c0001 \(selected\)", said)
    assert "The test split is sealed. Nothing was measured on it yet" in said
    assert "There is none yet: it is made on the validation split when the search ends." in said


def test_run_with_a_decision_and_no_test_says_what_the_decision_was(tmp_path: Path) -> None:
    run = collect_run(MadeUp(tmp_path, tested=False).write())
    assert headline(run).startswith("c0004 replaces the baseline c0001: +12.0 points on validation (selected)")
    assert [badge.word for badge in badges_of(run)] == ["simulated", "not covered", "selected"]


def test_untested_best_and_a_level_that_is_not_claimed_have_their_words(tmp_path: Path) -> None:
    run = collect_run(MadeUp(tmp_path, tested=False).write())
    assert run.status.decision is not None
    decision = replace(run.status.decision, chosen="c0001", untested="c0004", claimed=False)
    found = badges_of(replace(run, status=replace(run.status, decision=decision)))
    assert [badge.word for badge in found] == ["simulated", "untested", "level not claimed", "selected"]


def test_run_without_any_candidate_has_a_page(tmp_path: Path) -> None:
    said = text_of(render_report(MadeUp(tmp_path, candidates=0, ended=False).write()))
    assert "No candidate is scored yet." in said


def test_pairs_for_which_there_is_no_room_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = MadeUp(tmp_path).write()
    monkeypatch.setattr(write, "ROOM", 0)
    said = text_of(render_report(layout))
    assert re.search(r"0 pairs are in this file; \d+ pairs more are left out", said)


def test_candidate_whose_parent_does_not_exist_is_compared_with_the_baseline(tmp_path: Path) -> None:
    layout = MadeUp(tmp_path).write()
    run = collect_run(layout)
    orphan = replace(run.row("c0004"), parents=("c0099",))
    page = collect_candidate(layout, replace(run, rows=(*run.rows[:3], orphan)), "c0004")
    assert list(page.categories) == ["c0001"]


def test_report_is_nothing_that_git_sees(tmp_path: Path) -> None:
    layout = MadeUp(tmp_path).write()
    write_report(layout)
    assert "/report.html" in (layout.root / ".git" / "info" / "exclude").read_text().splitlines()


@given(st.lists(st.text(), max_size=6))
def test_packed_texts_come_back_as_they_were(texts: list[str]) -> None:
    pack = Pack()
    for number, text in enumerate(texts):
        pack.add(str(number), text)
    assert [pack.text(str(number)) for number in range(len(texts))] == texts


@given(st.text(st.sampled_from("</script>!-\u2028\u2029 ")))
def test_embedded_text_cannot_end_the_element_that_holds_it(text: str) -> None:
    held = embedded([text])
    assert "<" not in held
    assert json.loads(held) == [text]


def pair(id: str, outcomes: str) -> MapPair:
    return MapPair(id, "t1", (), "a", "b", outcomes, 0.5)


def test_pairs_that_say_most_come_in_turn_lost_by_all_then_fixed_then_broken() -> None:
    before: dict[str, float | None] = {"lost": -5, "more-lost": -50, "fixed": -5, "broken": 5, "won": 5, "failed": None}
    after: dict[str, float | None] = {"lost": -5, "more-lost": -60, "fixed": 20, "broken": 0, "won": 9, "failed": 1}
    letters = {"lost": "ll", "more-lost": "ll", "fixed": "lw", "broken": "wt", "won": "ww", "failed": "fw"}
    pairs = tuple(pair(id, outcomes) for id, outcomes in letters.items())
    found = PairMap(("c0001", "c0002"), pairs, {"c0001": before, "c0002": after}, None)
    assert [(one.pair.id, one.why) for one in telling_pairs(found, "c0001", "c0002")] == [
        ("more-lost", "lost or tied by every candidate"),
        ("failed", "fixed by c0002"),
        ("broken", "broken by c0002"),
        ("lost", "lost or tied by every candidate"),
        ("fixed", "fixed by c0002"),
    ]


def test_tree_has_a_child_below_its_first_parent_and_one_of_unknown_parents_at_the_root() -> None:
    rows = [row("c0001"), row("c0002"), row("c0003", "c0002", "c0001"), row("c0004", "c0009"), row("c0005", "c0001")]
    assert [(one.row.id, one.depth) for one in branches(rows)] == [
        ("c0001", 0),
        ("c0005", 1),
        ("c0002", 0),
        ("c0003", 1),
        ("c0004", 0),
    ]


def test_tree_holds_a_lineage_longer_than_a_stack() -> None:
    rows = [row("c0001"), *(row(f"c{number:04d}", f"c{number - 1:04d}") for number in range(2, 3001))]
    assert [one.depth for one in branches(rows)] == list(range(3000))


def row(id: str, *parents: str) -> Row:
    return Row(id, "made-up", 1, parents, "scored", 0.5, None, None, 1, "simulated", "", "")


def test_session_is_told_step_by_step_whatever_its_messages_hold(tmp_path: Path) -> None:
    blocks: list[Any] = [
        {"text": "I look."},
        "no block",
        {"tool_use_id": "1", "content": [{"text": "x"}], "is_error": True},
    ]
    lines = [
        {"type": "message", "seconds": 1.0, "message": {"content": blocks}},
        {"type": "message", "seconds": 2.0, "message": "nothing"},
        {"type": "decision", "seconds": 3.0, "tool": "Bash", "input": {"command": "ls"}, "refused": "no shell"},
        {"type": "unheard-of", "seconds": 4.0},
        {"type": "output", "seconds": 5.0, "text": "y" * 5000},
    ]
    files.write_lines(tmp_path / "transcript.jsonl", lines)
    assert steps_of(tmp_path) == [
        Step(1.0, "says", "I look."),
        Step(1.0, "is answered", "x", trouble=True),
        Step(3.0, "is refused Bash", '{"command": "ls"}\nrefused: no shell', trouble=True),
        Step(5.0, "prints", "y" * 4000 + "\n[1,000 more characters]"),
    ]


def test_tables_of_a_study_are_read_back_from_its_page() -> None:
    blocks: list[Block] = [
        Title("Ablation of *night*"),
        Grid(["", "a|b"], [["<x>", "1"], ["y\\", ""]]),
        Lines(["one"]),
        Lines(["- two", "`three`"]),
    ]
    assert list(parse_blocks(render_page(blocks))) == blocks


def test_studies_are_those_that_name_the_run_and_a_damaged_one_is_left_out(tmp_path: Path) -> None:
    made = {
        "named": StudyRecord("clusters", {"runs": ["night"]}, {}),
        "read": StudyRecord("ablate", {}, {"the baseline of night": "x"}),
        "other": StudyRecord("ablate", {}, {"the baseline of day": "x"}),
    }
    for name, study in made.items():
        files.write_json(tmp_path / name / STUDY, study)
    files.write_bytes(tmp_path / "torn" / STUDY, b"{")
    assert [(one.name, one.kind, one.blocks) for one in studies_of(Layout(tmp_path / "night"))] == [
        ("named", "clusters", ()),
        ("read", "ablate", ()),
    ]


def test_finished_stress_study_is_drawn_and_tables_of_another_version_are_not() -> None:
    learned = {"tuned": 0.7, "untuned": 0.7, "official": None}
    course = [Update(arm, at, learned[arm], 0.6, learned[arm], 0.5, 4.0, 2.0) for arm in ARMS for at in (0, 1)]
    curve = (BestOfN(1, 9, 0.5, 0.5, 0.5, 0.0), BestOfN(2, 9, 0.5, 0.6, 0.7, 0.1))
    picks = [Pick(arm, 3, 0.8, curve) for arm in ("tuned", "untuned")]
    exploits = ExploitTables("night", "small", "search", "simulated", True, 1, 1, (), {})
    tables = StressTables("night", "desk", True, 1, 1, (), (), tuple(course), tuple(picks), exploits, 1)
    plain = json.loads(files.dump_json(tables))
    drawn = study_charts(Study("s", "stress", (), plain))
    assert [re.findall(r'<svg [^>]*aria-labelledby="(.+?)-t"', chart) for chart in drawn] == [
        ["s-tuned"],
        ["s-untuned"],
        ["s-official"],
        ["s-picks"],
    ]
    assert "learned reward: 0 70.0%, 1 70.0%; success: 0 60.0%, 1 60.0%; learned, held out: 0 70.0%" in drawn[0]
    assert "learned" not in drawn[2]
    del plain["picks"]
    assert study_charts(Study("s", "stress", (), plain)) == ()
