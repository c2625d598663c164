"""Openings of a test split: each look is written down, a resumed one once."""

import json
from pathlib import Path

from meta_reward.tasks.openings import chosen_before, count_looks, count_openings, record_look, record_opening
from meta_reward.tasks.taskset import save_task_set
from tests.conftest import make_task_set


def test_a_test_split_nobody_looked_at_has_no_openings(tmp_path: Path) -> None:
    assert count_openings(tmp_path) == 0


def test_every_look_counts_and_a_resumed_one_counts_once(tmp_path: Path) -> None:
    keys = ["night-1", "night-1", None, None, "night-2"]
    assert [record_opening(tmp_path, "sha256:0", by="test", key=key) for key in keys] == [1, 1, 2, 3, 4]
    assert count_openings(tmp_path) == 4


def test_opening_says_who_looked_when_and_at_what(tmp_path: Path) -> None:
    record_opening(tmp_path, "sha256:0", by="evaluate")
    line = json.loads((tmp_path / "openings.jsonl").read_text())
    assert line.pop("when")[:2] == "20"
    assert line == {"schema": 1, "digest": "sha256:0", "by": "evaluate", "key": None, "split": "test"}


def test_look_whose_line_was_torn_is_written_down_anew(tmp_path: Path) -> None:
    record_opening(tmp_path, "sha256:0", by="test", key="a")
    path = tmp_path / "openings.jsonl"
    path.write_bytes(path.read_bytes() + b'{"schema": 1, "wh')
    assert record_opening(tmp_path, "sha256:0", by="test", key="b") == 2


def test_set_made_again_keeps_the_record_of_its_openings(tmp_path: Path) -> None:
    made = make_task_set(tmp_path / "desk", tasks=3)
    record_opening(made.path, made.digest, by="test")
    again = {"policy": made.policy, "tools": made.tools, "rollouts": made.rollouts.values(), "pairs": made.pairs}
    save_task_set(made.path, made.about, **again, replace=True)
    assert count_openings(made.path) == 1


def test_looks_at_validation_are_counted_apart_and_tell_what_other_runs_chose(tmp_path: Path) -> None:
    record_opening(tmp_path, "sha256:0", by="evaluate")
    for key, chosen in (("aaa look 1", "11"), ("aaa look 1", "11"), ("aaa look 2", "22"), ("bbb look 1", "33")):
        record_look(tmp_path, "sha256:0", by="run", key=key, chosen=chosen)
    assert (count_looks(tmp_path), count_openings(tmp_path)) == (3, 1)
    assert chosen_before(tmp_path, "sha256:0", run="aaa") == {"33"}
    assert chosen_before(tmp_path, "sha256:0", run="ccc") == {"11", "22", "33"}
    assert chosen_before(tmp_path, "sha256:1", run="ccc") == set()
