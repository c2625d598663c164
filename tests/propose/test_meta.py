"""A refinement of a rubric, with a meta model that says what the test wants."""

import asyncio
from collections.abc import Sequence

import pytest

from meta_reward.propose.meta.refinement import Refinement, refine
from meta_reward.propose.meta.replies import Nonsense, parse_criteria, parse_overlooked
from meta_reward.run.samples import Chosen, Seen
from meta_reward.trajectory import Rollout
from tests.conftest import make_trajectory

RUBRIC = {"quality": "how well"}


def sample(number: int) -> Seen:
    id = f"t01-s{number}"
    return Seen(Chosen(id, "t01", "highest reward", 90.0), Rollout(id, "t01", make_trajectory(f"Case {number}.")), ())


def refined_with(replies: Sequence[str], *, samples: int = 1) -> tuple[Refinement, list[str]]:
    """What a refinement comes to where the model gives these replies in turn, and its prompts."""
    asked: list[str] = []

    async def ask(prompt: str) -> str:
        asked.append(prompt)
        return replies[len(asked) - 1]

    return asyncio.run(refine(RUBRIC, [sample(n) for n in range(samples)], ask)), asked


def test_refinement_analyses_refines_and_merges() -> None:
    one, merged = '{"quality": "how well", "truth": "no lies"}', '```json\n{"truth": "no lies at all"}\n```'
    found, asked = refined_with(["It lied.\n\nOverlooked: lies", one, merged])
    assert (found.merged, found.reason) == ({"truth": "no lies at all"}, "")
    assert [finding.overlooked for finding in found.findings] == ["lies"]
    assert "Case 0." in asked[0]
    assert "# What it overlooks\n\n<part>\nlies\n</part>" in asked[1]
    assert "# Refinement 1" in asked[2]


def test_meta_model_never_sees_what_is_true() -> None:
    _, asked = refined_with(["Overlooked: nothing"])
    assert "official" not in asked[0]
    assert "success" not in asked[0].partition("# The rubric")[2]


NONE_FOUND = "the meta model found nothing that the rubric overlooks"
STAYS = {
    "nothing overlooked": (["Overlooked: nothing"], NONE_FOUND),
    "an unreadable analysis": (
        ["I am a teapot."],
        f"{NONE_FOUND}; 1 of 1 replies could not be read: the reply has no line `Overlooked: ...`",
    ),
    "an unreadable refinement": (
        ["Overlooked: lies", "no idea"],
        f"{NONE_FOUND}; 1 of 1 replies could not be read: the reply holds no JSON object of criteria, texts by name",
    ),
    "an unreadable merge": (
        ["Overlooked: lies", '{"truth": "no lies"}', "[1]"],
        "the merge could not be read: the reply holds no JSON object of criteria, texts by name",
    ),
    "an empty merge": (
        ["Overlooked: lies", '{"truth": "no lies"}', "{}"],
        "the merge left no criteria: the rubric stays as it is",
    ),
    "a merge of blanks": (
        ["Overlooked: lies", '{"truth": "no lies"}', '{" ": "", "a": "  "}'],
        "the merge left no criteria: the rubric stays as it is",
    ),
    "the same again": (
        ["Overlooked: lies", '{"truth": "no lies"}', '{"quality": "how well"}'],
        "the merge changed nothing",
    ),
}


@pytest.mark.parametrize("name", STAYS)
def test_rubric_stays_and_the_reason_is_told(name: str) -> None:
    replies, reason = STAYS[name]
    found, _ = refined_with(replies)
    assert (found.merged, found.reason) == (None, reason)


@pytest.mark.parametrize(
    ("reply", "overlooked"),
    [
        ("Overlooked: a\nOverlooked: b", "b"),
        ("**Overlooked:** politeness is not truth", "politeness is not truth"),
        ("- overlooked: None.", ""),
    ],
)
def test_the_last_line_says_what_was_overlooked(reply: str, overlooked: str) -> None:
    assert parse_overlooked(reply) == overlooked


@pytest.mark.parametrize("reply", ["", "{", '{"a": 1}', '{"a": {"b": "c"}}', "[" * 100_000, '{"a": "b"'])
def test_nonsense_is_never_guessed_at(reply: str) -> None:
    with pytest.raises(Nonsense):
        parse_criteria(reply)
