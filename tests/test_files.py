"""JSON, journals and atomic writes: what a reader finds, whatever was written and however it ended."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward import files
from meta_reward.errors import DataError, UsageError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
SAFE_TO_PRINT = {"\t", "\n"}


@given(st.text())
def test_a_stored_text_comes_back_as_it_was(text: str) -> None:
    assert files.as_text(files.as_lines(text)) == text


@given(JSON)
def test_stored_values_hold_no_text_of_several_lines(value: Any) -> None:
    def texts(item: Any) -> list[str]:
        if isinstance(item, dict):
            return [text for inner in item.values() for text in texts(inner)]
        return [text for inner in item for text in texts(inner)] if isinstance(item, list) else [item]

    assert not [text for text in texts(files.as_lines(value)) if isinstance(text, str) and "\n" in text]


@pytest.mark.parametrize("value", [None, 5, {"a": 1}, ["a", 5], "a"])
def test_what_is_no_stored_text_is_kept(value: Any) -> None:
    assert files.as_text(value) == value


@given(st.text())
def test_printable_text_can_neither_drive_a_terminal_nor_reorder_a_line(text: str) -> None:
    shown = files.printable(text)
    assert not [c for c in shown if (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0) and c not in SAFE_TO_PRINT]
    assert not set(shown) & set("\u202e\u2066\u200f\u2028\u061c")


def test_name_that_is_not_utf8_can_be_written_down_and_printed() -> None:
    name = os.fsdecode(b"caf\xe9")
    assert json.loads(files.dump_line({name: [name, 1]})) == {r"caf\udce9": [r"caf\udce9", 1]}
    assert files.printable(name).encode() == rb"caf\udce9"


def test_printable_shows_what_it_hides_and_keeps_the_rest() -> None:
    assert files.printable("a\x1b[2Jb\tç\n\u202e") == "a\\u001b[2Jb\tç\n\\u202e"


@given(JSON)
def test_json_reads_back_as_it_was_written(value: Any) -> None:
    path = Path("value.json")
    assert files.parse_json(files.dump_json(value), path) == value
    assert files.parse_json(files.dump_line(value), path) == value


@given(st.text())
def test_json_is_one_line_of_harmless_characters(text: str) -> None:
    line = files.dump_line(text).decode()
    assert line.splitlines() == [line[:-1]]
    assert files.printable(line) == line


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert files.canonical_json({"b": 1, "a": [2]}) == files.canonical_json({"a": [2], "b": 1}) == b'{"a":[2],"b":1}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b'{"a": 1,\n "b": ', "line 2: is not valid JSON"),
        (b"{'a': 1}", "line 1: is not valid JSON"),
        (b'{"a": NaN}', "line 1: is not valid JSON"),
        (b'"\xff"', "is not valid JSON"),
        (b"[" * 5000, "is not valid JSON"),
    ],
)
def test_broken_json_is_named_with_file_and_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        files.load_json(path)
    assert str(path) in str(raised.value)
    assert message in str(raised.value)


def test_broken_line_is_named_as_an_editor_counts_it(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"a": 1}\n\n{"a": \n')
    with pytest.raises(DataError, match="line 3: is not valid JSON"):
        files.load_lines(path)


def test_missing_file_and_folder_in_its_place_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none: no such file"):
        files.load_json(tmp_path / "none")
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        files.read_text(tmp_path)


def test_text_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"is not UTF-8 text \(byte 3\)"):
        files.read_text(tmp_path / "latin")


@given(st.lists(JSON, max_size=4), st.integers(0, 200))
def test_journal_cut_anywhere_reads_as_its_whole_lines_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "journal.jsonl"
    whole = b"".join(files.dump_line(value) for value in values)[:cut]
    path.write_bytes(whole)
    kept = values[: whole.count(b"\n")]
    assert list(files.iter_whole_lines(path)) == kept
    files.repair_journal(path)
    files.append_line(path, "next")
    assert files.load_lines(path) == [*kept, "next"]


def test_journal_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    files.repair_journal(tmp_path / "none")
    assert list(files.iter_whole_lines(tmp_path / "none")) == []
    assert not (tmp_path / "none").exists()


def test_journal_line_that_did_not_fit_on_the_disk_is_not_taken_for_written(tmp_path: Path) -> None:
    """A disk that fills up takes the first part of a line and reports no error but its length."""
    path = tmp_path / "journal.jsonl"
    program = f"""
import resource
from pathlib import Path
from meta_reward import errors, files
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
files.append_line(Path({str(path)!r}), "a" * 60)
try:
    files.append_line(Path({str(path)!r}), "b" * 60)
except errors.UsageError as error:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"


def test_write_replaces_the_whole_file_makes_its_folders_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.json"
    files.write_json(path, {"long": "x" * 1000})
    files.write_json(path, {"b": 1})
    assert path.read_text() == '{\n  "b": 1\n}\n'
    assert [p.name for p in path.parent.iterdir()] == ["file.json"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_failed_write_keeps_the_old_file_and_leaves_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    files.write_lines(path, [1])
    with pytest.raises(TypeError):
        files.write_lines(path, [2, object()])
    assert files.load_lines(path) == [1]
    assert list(tmp_path.iterdir()) == [path]


def test_write_that_cannot_take_its_place_leaves_no_litter(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(UsageError, match="taken: cannot be written"):
        files.write_json(tmp_path / "taken", 1)
    assert list(tmp_path.iterdir()) == [tmp_path / "taken"]


@pytest.mark.parametrize("write", [files.write_json, files.append_line])
def test_refused_write_is_one_clear_line(tmp_path: Path, write: Callable[[Path, Any], None]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"x\.json: cannot be written: .+"):
        write(tmp_path / "file" / "x.json", 1)


def test_full_disk_is_one_clear_line() -> None:
    with pytest.raises(UsageError, match="/dev/full: cannot be written: No space left on device"):
        files.append_line(Path("/dev/full"), 1)


def test_several_lines_are_stored_as_a_list_a_person_can_grep(tmp_path: Path) -> None:
    files.write_json(tmp_path / "trace.json", files.as_lines({"reply": "one\ntwo", "turns": ("a\n",)}))
    assert json.loads((tmp_path / "trace.json").read_text()) == {"reply": ["one", "two"], "turns": [["a", ""]]}
