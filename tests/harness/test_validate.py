"""The validator: what is no harness is refused with its line and how to fix it, before anything is spent on it."""

import asyncio
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.validate import (
    Finding,
    Report,
    fingerprint,
    inspect_source,
    inspection,
    report_to_json,
    validate,
)
from meta_reward.harness.validate.source import UNPACKING
from meta_reward.kinds.registry import KINDS
from meta_reward.run.create import interface_text
from tests.conftest import ASKING_HARNESS, LEVEL

GOOD = '''"""Counts."""


async def reward(trajectory, judge):
    """Score it."""
    return 5  # of 100
'''


def checked(source: str, budget: Budget | None = None) -> Report:
    async def work() -> Report:
        async with Sandbox(budget or Budget(active_s=0.5), level=LEVEL) as sandbox:
            return await validate(source, sandbox=sandbox)

    return asyncio.run(work())


def found(source: str) -> list[tuple[str, int | None]]:
    return [(finding.check, finding.line) for finding in inspect_source(source).findings]


def test_harness_that_believes_the_judge_is_valid() -> None:
    report = checked(ASKING_HARNESS)
    assert (report.findings, report.parts, report.separable) == ((), (), False)


def test_parts_are_named_in_the_order_of_the_convention() -> None:
    source = (
        f"{GOOD}\ndef score(verdicts, findings): ...\ndef view(run, *, wide=True): ...\nrubric = 5\nclass decide: ...\n"
    )
    assert inspect_source(source).parts == ("view", "score")


@pytest.mark.parametrize(
    ("source", "findings"),
    [
        ("", [("interface", None)]),
        ("reward = 5", [("interface", None)]),
        ("\ndef reward(trajectory, judge): ...", [("interface", 2)]),
        ("async def reward(trajectory): ...", [("interface", 1)]),
        ("async def reward(trajectory, judge, extra): ...", [("interface", 1)]),
        ("def reward(): ...", [("interface", 1), ("interface", 1)]),
        ("class A:\n    async def reward(self, judge): ...", [("interface", None)]),
        ("async def reward(trajectory, judge, extra=1): ...", []),
        ("async def reward(*both): ...", []),
        ("\nasync def reward(", [("syntax", 2)]),
        ("x = 1\n  y = 2", [("syntax", 2)]),
        ("a\x00b", [("syntax", None)]),
        ("\ud800", [("syntax", None)]),
        ("(" * 2000, [("syntax", 1)]),
        ("-" * 60_000 + "1", [("limits", None)]),
        ("x = a" + "+a" * 30_000, [("syntax", None)]),
        ("x = 1\n" * 12_000, [("size", None)]),
    ],
)
def test_what_is_no_harness_is_found_at_its_line(source: str, findings: list[tuple[str, int | None]]) -> None:
    assert found(source) == findings


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "import json, subprocess",
        "import os.path as p",
        "from urllib.request import urlopen",
        "import numpy",
        "import orjson",
        "import meta_reward",
        "from meta_reward import harness",
        "from meta_reward.harness.worker import serve",
        "from . import x",
        "from .harness import x",
        "import importlib",
        "import ctypes",
        "import threading",
        "import pickle",
        "import hashlib",
        "from zlib import decompress",
        "import email.base64mime",
        "from json import codecs",
        "from random import _sha512",
        "import _socket",
        "x = __import__('json')",
        "x = eval('1')",
        "exec('x = 1')",
        "x = open",
    ],
)
def test_import_that_a_harness_cannot_use_is_found_wherever_it_stands(line: str) -> None:
    assert found(f"{GOOD}\ndef late():\n    {line}\n") == [("imports", 9)]


@pytest.mark.parametrize(
    "line",
    [
        "import json, re",
        "import collections.abc",
        "from meta_reward.harness import Judge",
        "import asyncio",
        "from __future__ import annotations",
        "import random, datetime, time, statistics, difflib, unicodedata, io, sys, typing, string, math",
        "import datetime\nT = datetime.time(1)",
        "import re\nA = re.compile('a')",
        "from re import compile\nA = compile('a')",
        "def f(input, open): return input + open",
    ],
)
def test_pure_standard_library_and_the_interface_may_be_imported(line: str) -> None:
    assert found(f"{line}\n{GOOD}") == []


def test_each_refused_import_says_why() -> None:
    hints = {f.line: f.hint for f in inspect_source("import socket\nimport pandas\nimport pickle\n" + GOOD).findings}
    assert hints == {
        1: "there is no network; the judge is the only one to ask",
        2: "use the standard library's pure parts, meta_reward.harness and meta_reward.harness.audit; "
        'packages = ["pandas"] in run.toml would allow it',
        3: "a rule is stated in words and code: there is nothing to digest, pack or unpack",
    }


def test_interface_names_every_module_that_digests_or_unpacks() -> None:
    (said,) = re.findall(r"digests, packs or unpacks \(([^)]*)\)", interface_text(KINDS["reward"]))
    assert re.findall(r"`(\w+)`", said) == UNPACKING.split()


def test_module_of_another_one_is_found_where_it_is_used() -> None:
    assert found(f"import json\n{GOOD}\nunpack = json.codecs.decode\n") == [("imports", 9)]
    assert found(f"import json\n{GOOD}\nm = json\nunpack = m.codecs\n") == [("imports", 10)]
    assert found(f"import json\n{GOOD}\nunpack = getattr(json, 'codecs')\n") == [("imports", 9)]


def test_packages_that_the_run_allows_may_be_imported() -> None:
    source = f"import numpy as np\nfrom numpy.linalg import norm\n{GOOD}"
    assert inspect_source(source, packages=("numpy",)).ok
    (finding,) = inspect_source("import pandas\n" + GOOD, packages=("numpy",)).findings
    pure = "use the standard library's pure parts, meta_reward.harness and meta_reward.harness.audit, and numpy"
    assert finding.hint == f'{pure}; packages = ["pandas"] in run.toml would allow it'


def test_function_that_is_named_like_a_part_and_is_none_is_noted() -> None:
    report = inspect_source(f"{GOOD}\ndef decide(judge, case, criteria): ...\ndef view(): ...\n")
    assert (report.parts, report.separable) == ((), False)
    assert [(note.check, note.line, note.message) for note in report.notes] == [
        ("parts", 8, "`decide` does not have the signature of that part"),
        ("parts", 9, "`view` does not have the signature of that part"),
    ]
    assert "`async def decide(judge, case, criteria)`" in report.notes[0].hint


def test_harness_with_all_six_parts_is_separable() -> None:
    parts = "def view(t): ...\ndef context(t): ...\ndef checks(t): ...\ndef rubric(): ...\ndef score(v, f): ...\n"
    report = inspect_source(GOOD + parts + "async def decide(j, c, k): ...\n")
    assert (report.separable, report.notes) == (True, ())
    assert not inspect_source(GOOD + parts).separable


def test_all_findings_come_at_once_each_with_how_to_mend_it() -> None:
    findings = inspect_source("import os\nimport sys, socket\ndef reward(t): ...").findings
    assert [(f.check, f.line) for f in findings] == [
        ("interface", 3),
        ("interface", 3),
        ("imports", 1),
        ("imports", 2),
    ]
    assert (
        str(findings[0])
        == "line 3: `reward` is not async (define `async def reward(trajectory, judge)` at the top level)"
    )


def test_program_with_another_layout_is_a_duplicate_and_one_that_does_something_else_is_not() -> None:
    known = {fingerprint(GOOD): "c0003"}
    relaid = "async def reward( trajectory,judge ):\n\n    'Other words.'\n    # why\n    return (5)\n"
    report = inspect_source(relaid, known=known)
    assert report.findings == (
        Finding("duplicate", "duplicate of c0003", "change what the harness does, or leave it out"),
    )
    assert inspect_source(GOOD.replace("5", "6"), known=known).ok


def test_text_that_is_no_docstring_counts() -> None:
    assert fingerprint('x = "a"') != fingerprint('x = "b"')
    assert fingerprint('"""a"""\nx = 1') == fingerprint('"""b"""\nx = 1') == fingerprint("x = 1")


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_is_answered_with_findings(source: str) -> None:
    request = {
        "do": "inspect",
        "source": source,
        "packages": [],
        "known": {},
        "required": ["reward"],
        "optional": [],
        "has_parts": True,
    }
    assert not inspection.answer(request, None)["ok"]  # as the inspector's child does, a hundred times


@pytest.mark.parametrize(
    ("body", "message", "line"),
    [
        ("return 1 / 0", "ZeroDivisionError: division by zero (line 4)", 4),
        ("return 101", "score 101 lies outside 0 to 100", None),
        ("while True: pass", "time-out", None),
        ("return {'Noooo': 1}[(await judge.ask('a')).text]", "KeyError", 4),
        ("return Reward(5, findings={1: {2, 3}})", "findings cannot be written as JSON", None),
    ],
)
def test_harness_that_falls_over_in_the_smoke_run_is_refused(body: str, message: str, line: int | None) -> None:
    source = f"from meta_reward.harness import *\n\nasync def reward(trajectory, judge):\n    {body}\n"
    report = checked(source)
    assert {finding.check for finding in report.findings} == {"smoke"}
    assert message in report.findings[0].message
    assert report.findings[0].line == line


def test_harness_may_refuse_a_reply_it_cannot_read() -> None:
    assert checked("async def reward(trajectory, judge):\n    return float((await judge.ask('5')).text)\n").ok


def test_harness_that_only_falls_over_nonsense_is_told_so() -> None:
    body = "return 5 if 'furiously' not in (await judge.ask('5')).text else {}[1]"
    (finding,) = checked(f"async def reward(trajectory, judge):\n    {body}\n").findings
    assert finding.message == "fails against a judge that answers nonsense: KeyError: 1 (line 2)"


def test_nothing_is_run_of_a_program_that_reads_badly(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    assert not checked(f"import os\nopen({str(mark)!r}, 'w')\n").ok
    assert not mark.exists()


def test_report_is_written_with_a_schema() -> None:
    report = Report((Finding("syntax", "does not parse", "fix it", 2),), ("view",))
    assert report_to_json(report) == {
        "schema": 1,
        "ok": False,
        "findings": [{"check": "syntax", "line": 2, "message": "does not parse", "hint": "fix it"}],
        "notes": [],
        "parts": ["view"],
        "separable": False,
    }
