"""What a proposer sees of a history at each level."""

from pathlib import Path

import pytest

from meta_reward.errors import UsageError
from meta_reward.propose.views import check_history_level, make_view
from meta_reward.run import queries
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.settings import HISTORY_LEVELS, ProposerSettings
from tests.run.test_queries import first_run
from tests.run.test_queries import history as history

SCORES = {"harness.py", "scores.json"}


def shown(view: Path) -> set[str]:
    return {path.relative_to(view).as_posix() for path in view.rglob("*") if path.is_file()}


def below(view: Path, folder: str) -> set[str]:
    return {path.name for path in (view / "candidates" / folder).iterdir()}


def test_full_history_is_the_history_itself(history: HistoryLayout, tmp_path: Path) -> None:
    assert make_view(history.path, tmp_path / "view", "full") == history.path
    assert not (tmp_path / "view").exists()


def test_scores_show_programs_and_numbers_and_no_case(history: HistoryLayout, tmp_path: Path) -> None:
    view = make_view(history.path, tmp_path / "view", "scores")
    top = {"README.md", "INTERFACE.md", "ledger.jsonl", "frontier.json"}
    assert {name for name in shown(view) if "/" not in name} == top
    assert below(view, "c0002-look-closely") == SCORES
    assert below(view, "c0004-socket") == SCORES - {"scores.json"}
    text = "".join(path.read_text() for path in view.rglob("*") if path.is_file() and path.name != "harness.py")
    assert first_run(history) not in text
    assert "I did GOOD" not in text


@pytest.mark.parametrize("level", ["scores", "summaries"])
def test_views_of_scores_show_no_word_of_proposals_and_findings(
    history: HistoryLayout, tmp_path: Path, level: str
) -> None:
    rows = load_ledger(history.ledger)
    view = make_view(history.path, tmp_path / "view", level)
    told = [text for row in rows for text in (row.hypothesis, row.reason) if text]
    assert len(told) > 1
    seen = "".join(path.read_text() for path in view.rglob("*") if path.is_file() and path.name != "harness.py")
    assert [text for text in told if text in seen] == []


def test_summaries_add_one_file_a_candidate_that_names_no_case(history: HistoryLayout, tmp_path: Path) -> None:
    view = make_view(history.path, tmp_path / "view", "summaries")
    assert below(view, "c0003-now-and-then") == SCORES | {"summary.md"}
    assert below(view, "c0004-socket") == SCORES - {"scores.json"}
    (group,) = queries.failures(history, "c0003").groups
    summary = (view / "candidates/c0003-now-and-then/summary.md").read_text()
    assert f"| none | {group.pairs} | 0 | 0 | {group.tied} | {group.failed} |" in summary
    assert "- ValueError: 1 of " in summary
    assert first_run(history) not in summary


def test_none_shows_the_interface_and_the_seeds_and_nothing_of_how_they_did(
    history: HistoryLayout, tmp_path: Path
) -> None:
    view = make_view(history.path, tmp_path / "view", "none")
    assert shown(view) == {"README.md", "INTERFACE.md", "candidates/c0001-baseline/harness.py"}


@pytest.mark.parametrize("level", ["scores", "summaries", "none"])
def test_readme_of_a_view_names_what_is_there_and_nothing_else(
    history: HistoryLayout, tmp_path: Path, level: str
) -> None:
    view = make_view(history.path, tmp_path / "view", level)
    readme = (view / "README.md").read_text()
    names = {name.rpartition("/")[2] for name in shown(view)} - {"README.md"}
    assert [name for name in names if name not in readme] == []
    kept_back = {"traces", "pairs.jsonl", "outcomes.jsonl", "taskset", "summary.md", "ledger.jsonl"} - names
    assert [name for name in kept_back if name in readme.replace("traces show", "")] == []


def test_view_is_made_anew_and_replaces_a_link(history: HistoryLayout, tmp_path: Path) -> None:
    (tmp_path / "view").symlink_to(history.path)
    make_view(history.path, tmp_path / "view", "scores")
    (tmp_path / "view" / "left").write_text("by an earlier session")
    assert "left" not in shown(make_view(history.path, tmp_path / "view", "scores"))
    assert (history.path / "outcomes.jsonl").exists()


def test_queries_on_a_view_say_what_it_leaves_out(history: HistoryLayout, tmp_path: Path) -> None:
    scores = HistoryLayout(make_view(history.path, tmp_path / "scores", "scores"))
    none = HistoryLayout(make_view(history.path, tmp_path / "none", "none"))
    shown = [(c.id, c.score, c.frontier) for c in queries.ledger(scores).candidates]
    assert shown == [(c.id, c.score, c.frontier) for c in queries.ledger(history).candidates]
    assert queries.diff(scores, "c0001", "c0002") == queries.diff(history, "c0001", "c0002")
    with pytest.raises(UsageError, match="c0001 has no pairs here: it is not scored yet, or this history leaves them"):
        queries.failures(scores, "c0001")
    with pytest.raises(UsageError, match="shows no ledger"):
        queries.ledger(none)


def test_catalog_says_that_it_needs_the_whole_history() -> None:
    for level in HISTORY_LEVELS[1:]:
        check_history_level(ProposerSettings("command:./agent", history=level))
        with pytest.raises(UsageError, match="reads in traces; use --history full"):
            check_history_level(ProposerSettings("catalog", history=level))
    check_history_level(ProposerSettings("catalog"))
