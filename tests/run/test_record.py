"""What may be repeated after a kill changes nothing that is on record."""

from pathlib import Path

from meta_reward.harness.validate import Report
from meta_reward.run.layout import Layout
from meta_reward.run.record import save_candidate


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
