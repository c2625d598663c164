"""Libraries: entries as literals, as files, and as data that code edits."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from meta_reward.errors import DataError, UsageError
from meta_reward.propose.library.edits import apply_edits, parse_edits
from meta_reward.propose.library.entries import SKILL, TOOL, BadEntry, Entry, Library, make_library
from meta_reward.propose.library.folder import load_library, unpack
from meta_reward.propose.library.source import parse_library, render_library
from meta_reward.propose.registry import make_proposer
from meta_reward.run.settings import ProposerSettings
from tests.conftest import PROJECT

SEED = PROJECT / "seed_harnesses" / "library" / "policy_check.py"
TEXT = {"type": "string"}
AWKWARD = 'It\'s said: """no""" \\ and {run}.\n\n  - Ünïcode: 漢字 🙂\n```python\nx\n```\nthe end\t.'
SKILL_OF_MANY_LINES = Entry(SKILL, "many-lines", "When: anything — happens.", AWKWARD, "changed", "Tone of voice")
ASKED = Entry(TOOL, "ask-again", "When unsure.", "Is {claim} true of {run}?", input={"type": "object"}, output=TEXT)
CODED = Entry(
    TOOL,
    "count-turns",
    "Counts.",
    input={"type": "object", "properties": {"role": {"enum": ["user", "assistant"]}}, "required": ["role"]},
    output=TEXT,
    require=True,
    code='def count_turns(trajectory, role="user"):\n    return str(sum(m.role == role for m in trajectory.messages))',
)
MANY = make_library("Many kinds of entries.", [SKILL_OF_MANY_LINES, ASKED, CODED])
QUOTED = make_library(r'Says """so""" in C:\new\"files"', MANY.entries)


@pytest.mark.parametrize("library", [MANY, QUOTED, make_library("", []), parse_library(SEED.read_text())])
def test_library_is_the_same_as_harness_and_as_files(tmp_path: Path, library: Library) -> None:
    source = render_library(library)
    assert parse_library(source) == library
    if library.entries:
        unpack(library, tmp_path / "files")
        assert render_library(load_library(tmp_path / "files")) == source


def test_seed_library_is_as_it_would_be_packed() -> None:
    source = SEED.read_text()
    assert render_library(parse_library(source)) == source


def test_diff_of_two_libraries_shows_entries_and_no_engine() -> None:
    before, after = (render_library(one).splitlines() for one in (MANY, make_library(MANY.about, MANY.entries[:2])))
    changed = [line for line in (*set(before) ^ set(after),) if line.strip()]
    engine = before.index("# --- The engine: the same in every library. Change the entries above, not what follows.")
    assert changed
    assert not set(changed) & set(before[engine:])


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([replace(CODED, description="")], "tool count-turns has no description of one line: say when to use it"),
        ([CODED, replace(SKILL_OF_MANY_LINES, name="count-turns")], "two entries are named count-turns"),
        ([replace(CODED, input={"type": "objekt"})], "its input is not a JSON schema: type 'objekt' is none of"),
        ([replace(CODED, output={"type": 5})], "its output is not a JSON schema: type 5 is none of"),
        ([replace(CODED, input={"type": "object", "required": [["a"]]})], "['a'] is required and not among"),
        ([replace(CODED, description="Red: \x1b[31m.")], "tool count-turns holds a control character: take it out"),
        ([replace(CODED, description="Half: \ud800.")], "tool count-turns holds a control character"),
        ([replace(CODED, output={"enum": ["\u202e"]})], "tool count-turns holds a control character"),
        ([replace(CODED, input=TEXT)], "its input is not the schema of an object"),
        ([replace(CODED, output=None)], "its output is not a JSON schema: it is missing"),
        ([replace(CODED, code="def other(run): ...")], "tool count-turns defines no function count_turns(trajectory"),
        ([replace(CODED, code="def count_turns(")], "tool count-turns does not parse"),
        ([replace(CODED, code=f"{CODED.code}\ndef route(): ...")], "defines route, which the engine defines too"),
        ([replace(ASKED, require=True), CODED], "tools ask-again and count-turns are both required"),
        ([replace(SKILL_OF_MANY_LINES, condition="sometimes")], "the unknown condition 'sometimes'"),
        ([replace(SKILL_OF_MANY_LINES, body="Be kind to words. " * 4000)], "KB packed, more than 64"),
        ([replace(CODED, code=f"import socket\n{CODED.code}")], "socket"),
    ],
)
def test_what_is_no_library_is_refused_with_its_reason(entries: list[Entry], said: str) -> None:
    with pytest.raises(BadEntry, match=re.escape(said)):
        render_library(make_library("", entries))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("SKILLS: Seq", "SKILLS = 3 +: Seq", "the library does not parse"),
        ("TOOLS: Sequence[Mapping[str, Any]] = [", "TOOLS: Any = open('x') and [", "TOOLS is not a list of literals"),
        ("def clipped(", "def clipt(", "the engine differs from this version's"),
        ("# tool: policy-check", "# tool: other", "there is a function for 'other', which is not a tool"),
        ('"mark"', '"marc"', "skill policy-first has the unknown field 'marc'"),
    ],
)
def test_library_that_was_edited_by_hand_and_does_not_parse_says_why(old: str, new: str, said: str) -> None:
    source = SEED.read_text()
    assert old in source
    with pytest.raises(BadEntry, match=re.escape(said)):
        parse_library(source.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("be kind", "does not parse: it does not begin with front matter"),
        ("---\nname: kind\njust words\n---\n\nx\n", "does not parse: 'just words' is not a line"),
        ("---\nname: kind\ndescription: Always.\ninput: {\n---\n\nx\n", "does not parse: input is not JSON"),
        (
            "---\nname: other\ndescription: Always.\n---\n\nx\n",
            "is named other (give its folder the same name, not kind)",
        ),
        ("---\nname: kind\n---\n\nx\n", "skill kind has no description of one line"),
    ],
)
def test_file_that_does_not_parse_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "skills" / "kind" / "SKILL.md"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(DataError) as refused:
        load_library(tmp_path)
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)


@pytest.mark.parametrize("make", [lambda path: None, os.mkfifo, lambda path: path.symlink_to(path)])
def test_entry_whose_file_is_none_is_not_left_out_in_silence(tmp_path: Path, make: Callable[[Path], None]) -> None:
    unpack(MANY, tmp_path)
    path = tmp_path / "skills" / "many-lines" / "SKILL.md"
    path.unlink()
    make(path)
    with pytest.raises(DataError, match=re.escape(f"{path}: is not a file")):
        load_library(tmp_path)


def test_edits_add_change_and_remove_entries_of_one_kind() -> None:
    edits = [
        {"op": "add", "name": "restraint", "description": "Always.", "if": "always", "body": "Declining is right."},
        {"op": "change", "name": "many-lines", "if": "always", "mark": ""},
    ]
    reply = f"Here they are:\n```json\n{json.dumps({'root_causes': ['It  rewards acts.'], 'edits': edits})}\n```"
    found = parse_edits(reply)
    assert found.causes == ("It rewards acts.",)
    changed = apply_edits(MANY, found.edits, SKILL)
    added = Entry(SKILL, "restraint", "Always.", "Declining is right.", "always")
    assert changed.of(SKILL) == [replace(SKILL_OF_MANY_LINES, condition="always", mark=""), added]
    assert apply_edits(changed, [{"op": "remove", "name": "restraint"}], SKILL).of(SKILL) == changed.of(SKILL)[:1]


def test_ends_of_lines_as_windows_has_them_are_as_all_others() -> None:
    edit = {"op": "add", "name": "new", "description": "Always.", "body": "one\r\ntwo"}
    (added,) = (one for one in apply_edits(MANY, [edit], SKILL).entries if one.name == "new")
    assert added.body == "one\ntwo"


def test_code_of_a_tool_gives_way_to_a_prompt() -> None:
    changed = apply_edits(MANY, [{"op": "change", "name": "count-turns", "prompt": "Count {run}."}], TOOL)
    assert [entry for entry in changed.entries if entry.name == "count-turns"] == [
        replace(CODED, code="", body="Count {run}.")
    ]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"op": "add", "name": "many-lines"}, "there is a skill many-lines already"),
        ({"op": "change", "name": "unknown"}, "there is no skill unknown to change: known are many-lines"),
        ({"op": "remove", "name": "ask-again"}, "ask-again is not a skill: this phase edits skills only"),
        ({"op": "paint", "name": "new"}, "the op of new is 'paint'"),
        ({"op": "add", "name": "new", "body": "x"}, "skill new has no description"),
        ({"op": "add", "name": "new", "body": 3, "description": "x"}, "skill new: body is not text"),
        ({"op": "change", "name": "many-lines"}, "these edits change nothing"),
        ({"op": "change", "name": "many-lines", "require": "false"}, "require is neither true nor false"),
    ],
)
def test_edit_that_cannot_be_applied_says_why(edit: dict[str, object], said: str) -> None:
    with pytest.raises(BadEntry, match=re.escape(said)):
        apply_edits(MANY, [edit], SKILL)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("I would rather not.", "the reply holds no JSON object"),
        ('{"edits": []}', "root_causes is not a list of texts"),
        ('{"root_causes": ["x"], "edits": []}', "edits is not a list of objects: make at least one"),
    ],
)
def test_reply_without_edits_says_what_is_missing(reply: str, said: str) -> None:
    with pytest.raises(BadEntry, match=re.escape(said)):
        parse_edits(reply)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"spec": "library:"}, "proposer library: names no model"),
        ({"spec": "library:oracle:m"}, "--proposer library: unknown writer 'oracle:m'"),
        ({"spec": "library:simulated", "writer": "simulated:writer"}, "--writer has no effect on proposer library"),
    ],
)
def test_orchestrator_that_cannot_be_is_refused_in_one_line(settings: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        make_proposer(ProposerSettings(**settings))
