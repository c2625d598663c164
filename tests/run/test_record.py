"""What may be repeated after a kill changes nothing that is on record."""

from pathlib import Path

from meta_reward.harness.validate import Report
from meta_reward.run import git
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, render_ledger
from meta_reward.run.record import Iteration, commit_candidates, commit_leader, save_candidate, save_iteration


def test_what_stands_in_the_place_of_a_candidate_is_set_aside(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    own = layout.candidate("c0002-a")
    own.mkdir(parents=True)
    (own / "own.txt").write_text("mine")
    note = save_candidate(layout, "c0002-a", source="x = 1\n", proposal="", report=Report((), ()), iteration=1)
    assert note == (
        "history/candidates/c0002-a was in the way of a candidate; it is now in "
        ".work/set-aside/by-hand/history/candidates/c0002-a"
    )
    assert (layout.set_aside / "by-hand/history/candidates/c0002-a/own.txt").read_text() == "mine"
    assert (own / "harness.py").read_text() == "x = 1\n"


def test_candidates_are_committed_with_the_line_of_their_iteration_and_not_before(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    row = Row("c0001", "a", 0, (), "rejected", None, None, None, 0, "word", "", "odd")
    git.init(tmp_path)
    save_candidate(layout, row.folder, source="x = 1\n", proposal="", report=Report((), ()), iteration=0)
    layout.ledger.write_bytes(render_ledger([row]))
    layout.iterations.write_bytes(b"")
    commit_candidates(layout)  # a kill came between the two files
    commit_leader(layout)
    assert git.refs(tmp_path) == set()
    save_iteration(layout, [row], Iteration(0, ("c0001",), ()))
    commit_candidates(layout)
    assert git.tag_ref("c0001") in git.refs(tmp_path)
    assert git.read(tmp_path, "history/iterations.jsonl") == layout.iterations.read_bytes()
