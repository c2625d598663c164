"""Rows of a person's own: pairs and labelled runs, in JSON lines, lists and tables."""

import csv
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import DataError
from meta_reward.tasks.importers.collect import Collected, collect
from meta_reward.tasks.importers.detect import read_file
from meta_reward.tasks.importers.record import BadRows, Options, Problem, Record
from meta_reward.trajectory import Message, Tool


def said(*texts: str) -> list[dict[str, Any]]:
    return [{"role": role, "content": text} for role, text in zip(("user", "assistant") * 9, texts, strict=False)]


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def table(path: Path, *rows: dict[str, Any]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def collected(path: Path, **options: Any) -> Collected:
    return collect([path], Options(**options))


RUNS = [
    {"task": 1, "messages": said("q", "good"), "label": 1},
    {"task": 1, "messages": said("q", "bad"), "label": 0, "policy": "Be kind.", "tools": [{"name": "look"}]},
    {"task": 1, "messages": said("q", "hm"), "label": None},
]


def test_lines_a_list_and_a_table_of_the_same_rows_are_the_same_records(tmp_path: Path) -> None:
    cells: list[dict[str, Any]] = [
        {"policy": "", "tools": "", "label": ""}
        | {k: v if isinstance(v, str | int) else json.dumps(v) for k, v in row.items() if v is not None}
        for row in RUNS
    ]
    whole = tmp_path / "runs.json"
    whole.write_text(json.dumps(RUNS, indent=1))
    paths = [lines(tmp_path / "runs.jsonl", *RUNS), whole, table(tmp_path / "runs.csv", cells[1], cells[0], cells[2])]
    found = [
        [(r.task, r.label, r.run.policy, r.run.tools, r.run.messages[1].content) for r in collected(path).records]
        for path in paths
    ]
    good, bad = ("1", 1.0, None, None, "good"), ("1", 0.0, "Be kind.", (Tool("look"),), "bad")
    unlabelled = ("1", None, None, None, "hm")
    assert found == [[good, bad, unlabelled], [good, bad, unlabelled], [bad, good, unlabelled]]


def test_keys_name_fields_also_inside_of_others(tmp_path: Path) -> None:
    row = {"meta": {"case": "c7"}, "grades": {"human": "0.5"}, "messages": said("q", "a")}
    [record] = collected(lines(tmp_path / "x.jsonl", row), task_key="meta.case", label_key="grades.human").records
    assert (record.task, record.label) == ("c7", 0.5)


def test_labels_come_from_a_file_by_id(tmp_path: Path) -> None:
    runs = lines(tmp_path / "x.jsonl", *({"task": "t", "id": n, "messages": said("q", str(n))} for n in range(3)))
    for labels in (
        lines(tmp_path / "a.jsonl", {"id": 0, "label": 1}, {"id": "2", "label": 0}),
        lines(tmp_path / "b.json", {"0": 1, "2": 0}),
        table(tmp_path / "c.csv", {"id": 0, "label": 1}, {"id": 2, "label": 0}),
    ):
        assert [r.label for r in collect([runs], Options(), labels=labels).records] == [1, None, 0]


def test_labels_of_nobody_are_errors(tmp_path: Path) -> None:
    runs = lines(tmp_path / "x.jsonl", {"task": "t", "id": "a", "messages": said("q", "a")})
    labels = lines(tmp_path / "l.jsonl", {"id": "b", "label": 1}, {"label": 1}, {"id": "a", "label": "x"})
    with pytest.raises(BadRows) as raised:
        collect([runs], Options(), labels=labels)
    assert [(p.place.row, p.field, p.what) for p in raised.value.problems] == [
        ("line 1", "id", "is 'b', which no trajectories have"),
        ("line 2", "id", "is 'label', which no trajectories have"),
        ("line 3", "label", "is 'x', not a number: write 1 for a success and 0 for a failure"),
    ]


def test_sides_of_a_pair_are_messages_objects_or_answers_to_a_prompt(tmp_path: Path) -> None:
    good, bad = said("q", "good"), said("q", "bad")
    rows = [
        {"chosen": good, "rejected": bad},
        {"chosen": {"messages": good, "policy": "P"}, "rejected": {"messages": bad}, "policy": "Q"},
        {"prompt": "q", "chosen": "good", "rejected": "bad"},
        {"prompt": good[:1], "chosen": good[1:], "rejected": bad[1:], "category": "tone", "annotator": "ann"},
        {"prompt": good[:1], "chosen": good, "rejected": bad, "category": ["tone", "tone", "facts"]},
    ]
    found = collected(lines(tmp_path / "x.jsonl", *rows)).pairs
    sides = [([m.content for m in pair.chosen.messages], [m.content for m in pair.rejected.messages]) for pair in found]
    assert sides == [(["q", "good"], ["q", "bad"])] * 5
    assert [(p.chosen.policy, p.rejected.policy) for p in found[:2]] == [(None, None), ("P", "Q")]
    assert [(p.categories, p.annotator) for p in found[2:]] == [
        ((), None), (("tone",), "ann"), (("tone", "facts"), None)
    ]  # fmt: skip


def test_policy_beside_other_system_messages_leaves_them_in_place(tmp_path: Path) -> None:
    messages = [{"role": "system", "content": "S"}, *said("q")]
    row = {"task": "t", "messages": messages, "policy": "P"}
    [record] = collected(lines(tmp_path / "x.jsonl", row)).records
    assert (record.run.policy, record.run.messages) == ("P", (Message("system", "S"), Message("user", "q")))


def test_response_with_what_it_answers_is_a_run(tmp_path: Path) -> None:
    output = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}]
    row = {"task": "t", "input": "q", "output": output, "instructions": "P", "label": 1}
    [record] = collected(lines(tmp_path / "x.jsonl", row)).records
    assert (record.run.policy, [m.content for m in record.run.messages]) == ("P", ["q", "a"])


def test_names_of_tasks_are_short_and_safe(tmp_path: Path) -> None:
    names = ["../../etc/passwd", "a\x1b[2Jb", "x" * 300, "two\nlines"]
    found = collected(lines(tmp_path / "x.jsonl", *({"task": n, "messages": said("q")} for n in names))).records
    assert [str(r.task)[:9] for r in found] == ["../../etc", "a [2Jb d1", "x" * 9, "two lines"]
    assert all(r.task is not None and r.task.isprintable() and len(r.task) <= 80 for r in found)


def test_errors_of_all_files_come_at_once_and_the_first_20_are_shown(tmp_path: Path) -> None:
    good = {"task": 1, "messages": said("q"), "label": 1}
    first = lines(tmp_path / "a.jsonl", good, *[{**good, "label": "x"}] * 15)
    second = lines(tmp_path / "b.jsonl", good, "{broken}", *[{**good, "task": None}] * 9)
    with pytest.raises(BadRows) as raised:
        collect([first, second], Options())
    shown = str(raised.value).splitlines()
    assert (len(raised.value.problems), len(shown)) == (25, 23)
    assert shown[0].endswith("a.jsonl: 25 errors, nothing was imported")
    assert shown[1].endswith("a.jsonl, line 2, label: is 'x', not a number: write 1 for a success and 0 for a failure")
    assert "b.jsonl, line 2: is not valid JSON" in shown[16]
    assert shown[-2:] == ["  and 5 more", "  correct the labels, or name another field with --label-key"]


def test_errors_are_left_out_where_that_is_wanted(tmp_path: Path) -> None:
    good = {"task": 1, "messages": said("q"), "label": 1}
    found = collect([lines(tmp_path / "a.jsonl", good, "{broken}", good)], Options(), skip_errors=True)
    assert (len(found.records), [p.place.row for p in found.skipped], found.rows) == (2, ["line 2"], 3)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\xff\xfe{\x00", "is UTF-16 text"),
        (b"\x1f\x8b\x08", "is compressed"),
        (b"[]", "holds no rows: it is an empty list"),
        (b"[1, 2]", "holds no rows that are objects"),
        (b"hello", "is not valid JSON"),
        (b'{"a": \x1b[2J}\n{"a"}\n', "line 1: is not valid JSON"),
        (b'{"chosen": 1', "is not valid JSON"),
        (b'{"a": 1, "\\u001b[2J": 2}\n', "is in no known format: its first row has a, \\x1b[2J"),
        (b"[" * 100_000, "is not valid JSON"),
        (b'{"simulations": []}', "tasks is not a list of tasks with an id"),
    ],
)
def test_file_that_is_none_of_these_is_one_clear_line(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(DataError) as raised:
        collected(tmp_path / "x")
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("task,messages\n1,[],x\n", "line 2: has 3 cells, and the header has 2"),
        ("task,task,messages\n", "line 1: names the column 'task' twice"),
        ('task,messages\n1,"[', "is not a valid table"),
        ("", "is empty"),
        ("task,messages\n1,\udcff\n", "is not UTF-8 text"),
    ],
)
def test_table_that_is_none_is_named_by_line(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(DataError) as raised:
        collect([path], Options(), format="labelled")
    assert complaint in str(raised.value)


@pytest.mark.parametrize("label", ["pass", "NaN", "inf", "-inf", [1], {"a": 1}, "1e999"])
def test_label_that_is_no_number_is_an_error(tmp_path: Path, label: Any) -> None:
    with pytest.raises(BadRows, match=r"label: is .* not a number"):
        collected(lines(tmp_path / "x.jsonl", {"task": 1, "messages": said("q"), "label": label}))


@pytest.mark.parametrize(
    ("label", "number"), [(True, 1), ("0", 0), ("false", 0), (0.25, 0.25), (10**30, 1e30), ("", None)]
)
def test_labels_are_numbers_in_any_clothes(tmp_path: Path, label: Any, number: float | None) -> None:
    [record] = collected(lines(tmp_path / "x.jsonl", {"task": 1, "messages": said("q"), "label": label})).records
    assert record.label == number


def test_bytes_that_mark_the_order_of_bytes_are_no_part_of_a_file(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", RUNS[0])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(collected(path).records) == 1


def test_lines_are_read_as_they_are_asked_for(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", *RUNS, "{broken", *[{"messages": said("q", str(n))} for n in range(4_000)])
    items = read_file(path, Options())
    first = [next(items) for _ in range(5)]
    tracemalloc.start()
    rest = sum(isinstance(item, Record) for item in items)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [type(item) for item in first] == [Record, Record, Record, Problem, Record]
    assert (rest, most < 1_000_000) == (3_999, True)  # all of them would take several times that
