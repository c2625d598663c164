"""A part of a harness put back to another's: with all that it needs, and without a clash of names."""

import asyncio
from pathlib import Path

import pytest

from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.validate import PARTS, Mixed, inspect_source, put_back, validate
from tests.conftest import LEVEL, PROJECT

BASELINE, POLICY, EVIDENCE = (
    (PROJECT / "seed_harnesses" / f"{name}.py").read_text() for name in ("baseline", "policy", "evidence")
)


def with_view(body: str, *before: str) -> str:
    """The baseline with another view, and what it needs."""
    return BASELINE.replace("SHORTEST = 1000", "\n".join(["SHORTEST = 1000", *before])).replace(
        "    return trajectory.transcript()", f"    return {body}"
    )


def run_view(source: str) -> object:
    """What the view of a harness returns."""
    names: dict[str, object] = {"__name__": "harness"}
    exec(source, names)
    return names["view"](None)  # type: ignore[operator]


def test_part_brings_its_own_helpers_and_leaves_those_of_the_other_alone() -> None:
    ours = with_view("LIMIT + note()", "LIMIT = 'ours'", "def note(): return ' note'")
    theirs = with_view("LIMIT + note()", "LIMIT = 'theirs'", "def note(): return ', and ' + LIMIT")
    mixed = put_back(ours, theirs, "view").source
    assert mixed is not None
    assert run_view(mixed) == "theirs, and theirs"
    assert mixed.index("LIMIT = 'ours'") < mixed.index("LIMIT = 'theirs'")
    assert inspect_source(mixed).ok


def test_part_that_calls_another_part_gets_that_of_the_harness() -> None:
    theirs = with_view("context(trajectory)")
    mixed = put_back(BASELINE.replace('return ""', 'return "ours"'), theirs, "view").source
    assert mixed is not None
    assert run_view(mixed) == "ours"


@pytest.mark.parametrize(
    "other",
    [
        with_view('"x"').replace("what the judge sees", "what is seen"),
        with_view('"x"').replace('"""What the judge sees of the run: all of it."""', ""),
        with_view('"x"').replace("import re", "import json\nimport re"),
        with_view('"x"', "UNUSED = 1"),
        with_view('"x"').replace("from 0 to 100. Answer", "from 0 to 100! Answer"),
    ],
)
def test_same_code_is_the_same_part_whatever_surrounds_it(other: str) -> None:
    assert put_back(with_view('"x"'), other, "view") == Mixed(same=True)


@pytest.mark.parametrize(
    "other",
    [
        with_view("SHORTEST").replace("SHORTEST = 1000", "SHORTEST = 1001"),
        with_view("without_middle('')").replace("len(text) // 4", "len(text) // 5"),
        with_view("SHORTEST", "SHORTEST += 1"),
    ],
)
def test_part_whose_helpers_differ_is_another(other: str) -> None:
    ours = BASELINE.replace(
        "trajectory.transcript()", "without_middle('')" if "without_middle('')" in other else "SHORTEST"
    )
    assert put_back(ours, other, "view").source is not None


@pytest.mark.parametrize(
    ("ours", "theirs", "why"),
    [
        (BASELINE.replace("def view(", "def look("), POLICY, "it has no function view(trajectory) at the top level"),
        (BASELINE, POLICY.replace("def view(", "def look("), "the baseline has no function view(trajectory)"),
        (BASELINE.replace("view(trajectory: Trajectory)", "view(trajectory, more)"), POLICY, "it has no function view"),
        (with_view('"x"'), with_view('"y"', "def f():\n    global SHORTEST"), "the baseline assigns to global names"),
    ],
)
def test_what_cannot_be_put_back_is_said_with_the_reason(ours: str, theirs: str, why: str) -> None:
    found = put_back(ours, theirs, "view")
    assert (found.source, found.same) == (None, False)
    assert found.reason.startswith(why)


def test_text_that_does_not_parse_raises_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        put_back("def (", BASELINE, "view")
    with pytest.raises(SyntaxError):
        put_back(BASELINE, "(" * 10_000, "view")


def test_names_that_are_taken_and_future_imports_make_no_clash() -> None:
    ours = "from __future__ import annotations\n" + with_view('"x"', "_view_of_the_other = 1").partition("\n")[2]
    theirs = with_view('"y"')
    mixed = put_back(ours, theirs, "view").source
    assert mixed is not None
    assert run_view(mixed) == "y"


def test_every_part_of_a_seed_put_back_is_a_valid_harness(tmp_path: Path) -> None:
    async def findings() -> list[object]:
        async with Sandbox(Budget(), level=LEVEL) as sandbox:
            mixed = [put_back(EVIDENCE, BASELINE, part) for part in PARTS]
            return [(await validate(one.source, sandbox=sandbox)).findings for one in mixed if one.source is not None]

    assert asyncio.run(findings()) == [(), (), ()]
