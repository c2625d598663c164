"""Harness sources are taken apart and put together without losing or mixing anything."""

from pathlib import Path

import pytest

from meta_reward.harness.validate import PARTS
from meta_reward.offline.proposer.source import fingerprint, has_parts, parse_source, with_parts

SEEDS = Path(__file__).parents[2] / "seed_harnesses"
BASELINE = parse_source((SEEDS / "baseline.py").read_text())
EVIDENCE = parse_source((SEEDS / "evidence.py").read_text())


def test_a_seed_put_together_again_is_the_same_file() -> None:
    for path in SEEDS.glob("*.py"):
        source = parse_source(path.read_text())
        assert with_parts(source, {}, doc=source.doc) == path.read_text()


def test_a_part_brings_along_what_it_uses_and_nothing_else() -> None:
    mixed = parse_source(with_parts(BASELINE, {"checks": EVIDENCE}, doc="Mixed."))
    assert {"user_agreed", "AGREEMENT", "Step"} <= mixed.definitions.keys()
    assert "clip" not in mixed.definitions
    assert mixed.imports["dataclass"] == ("dataclasses", "dataclass")
    assert "render_call" not in mixed.imports


def test_every_part_but_the_exchanged_one_stays_as_it_was() -> None:
    mixed = parse_source(with_parts(BASELINE, {"view": EVIDENCE}, doc="Mixed."))
    same = {part: fingerprint(mixed, part) == fingerprint(BASELINE, part) for part in PARTS}
    assert same == {**dict.fromkeys(PARTS, True), "view": False}


def test_parts_put_back_give_the_baseline_again() -> None:
    changed = [part for part in PARTS if fingerprint(EVIDENCE, part) != fingerprint(BASELINE, part)]
    text = with_parts(EVIDENCE, dict.fromkeys(changed, BASELINE), doc=BASELINE.doc)
    assert text == (SEEDS / "baseline.py").read_text()


def test_two_helpers_of_one_name_are_not_mixed_up() -> None:
    text = (SEEDS / "evidence.py").read_text().replace("not result.is_error and not", "not")
    with pytest.raises(ValueError, match="two different definitions of 'has_worked'"):
        with_parts(EVIDENCE, {"checks": parse_source(text)}, doc="")


def test_a_file_that_cannot_be_taken_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2"):
        parse_source('"""Two at once."""\nLOW, HIGH = 0, 100\n')


def test_a_fingerprint_ignores_words_and_layout_but_not_code() -> None:
    text = (SEEDS / "evidence.py").read_text()
    reworded = parse_source(
        text.replace("Every tool call of the agent, in order.", "All calls.").replace("# How", "# So")
    )
    changed = parse_source(text.replace("step.changes and step.worked", "step.changes"))
    assert fingerprint(reworded, "checks") == fingerprint(EVIDENCE, "checks")
    assert fingerprint(changed, "checks") != fingerprint(EVIDENCE, "checks")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "async def reward(trajectory, judge): return 50",
        (SEEDS / "baseline.py").read_text().replace("def rubric()", "def rubric(trajectory)"),
        (SEEDS / "baseline.py").read_text().replace("def context(", "def background("),
    ],
)
def test_a_harness_without_the_six_parts_is_recognised(text: str) -> None:
    assert not has_parts(parse_source(text))
