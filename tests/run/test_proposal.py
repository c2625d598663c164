"""Proposals: written by agents, read with tolerance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.run.proposal import Proposal, parse_proposal

PIECES = st.sampled_from(
    ["---", "\n", "parents:", " [c0001, c0002]", "- c0003", "part: checks", "## Hypothesis", "\r", ":", "x", "\x00"]
)


@pytest.mark.parametrize(
    ("text", "proposal"),
    [
        ("", Proposal()),
        (
            "---\nparents: [c0003, c0001]\npart: checks\n---\n## Hypothesis\n\nIt reads\nmore.\n\n## Risk\nNone.\n",
            Proposal(("c0003", "c0001"), "checks", "It reads more."),
        ),
        (
            "---\nparents:\n  - c0003\n  - c0001\npart: view\n---\nIt reads.",
            Proposal(("c0003", "c0001"), "view", "It reads."),
        ),
        ("---\nparent: c0012\n---\n", Proposal(("c0012",))),
        ("---\nparents: ['c0002', \"c0002\", c12345]\n---\n", Proposal(("c0002", "c12345"))),
        ('---\nparents: []\npart: "view"\n---', Proposal((), "view")),
        ("---\nparents: none, seed, xc0001, c01\n---\n", Proposal()),
        ("\n---\nPart: [ checks,  score ]\n---\n", Proposal((), "checks, score")),
        ("---\nparents: c0001\n", Proposal((), "", "--- parents: c0001")),
        ("# Title\n\nIt reads.\n\nMore.", Proposal(hypothesis="It reads.")),
        ("# Title\n### HYPOTHESIS (short)\nIt reads.\n# Next", Proposal(hypothesis="It reads.")),
        ("## Hypothesis\n\n## Risk\nNone.", Proposal(hypothesis="## Risk None.")),
    ],
)
def test_what_can_be_read_is_read(text: str, proposal: Proposal) -> None:
    assert parse_proposal(text) == proposal


def test_long_texts_are_cut() -> None:
    proposal = parse_proposal(f"---\npart: {'p' * 500}\n---\n## Hypothesis\n{'h' * 5000}")
    assert (len(proposal.part), len(proposal.hypothesis)) == (100, 600)


@given(st.text() | st.lists(PIECES, max_size=12).map("".join) | st.lists(PIECES, max_size=12).map("\n".join))
def test_any_text_is_a_proposal_on_one_line(text: str) -> None:
    proposal = parse_proposal(text)
    assert "\n" not in proposal.hypothesis + proposal.part
    assert len(set(proposal.parents)) == len(proposal.parents)
    assert all(parent in text for parent in proposal.parents)


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "text", ["---\n" * 20_000, "## Hypothesis\n" * 5000, "\n" * 60_000, "---\n" + "a:\n" * 20_000, " " * 60_000]
)
def test_no_text_takes_long(text: str) -> None:
    assert parse_proposal(text).parents == ()
