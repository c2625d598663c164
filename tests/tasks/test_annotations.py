"""Annotators' votes: stored, read and compared; agreement against values worked out by hand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.errors import DataError
from meta_reward.tasks.annotations import (
    Annotations,
    Rating,
    Vote,
    agreement_of_ratings,
    agreement_of_votes,
    load_annotations,
    save_annotations,
)


def votes(*ratings: str) -> list[Vote]:
    """A text for each annotator, with a letter for each pair: y, n, or . for no vote."""
    return [
        Vote(f"ann{who}", *((f"{n}a", f"{n}b") if letter == "y" else (f"{n}b", f"{n}a")))
        for who, letters in enumerate(ratings)
        for n, letter in enumerate(letters)
        if letter != "."
    ]


def test_annotations_come_back_as_they_were_saved(tmp_path: Path) -> None:
    votes = (Vote("ann", "a", "b"), Vote("bob", "b", "a", True, ("slow",), True, "2026-11-22T02:00:00+00:00"))
    annotations = Annotations({"a": 0.5, "b": 2.0}, votes, (Rating("ann", "a", 0.5),))
    save_annotations(tmp_path, annotations)
    assert load_annotations(tmp_path) == annotations


def test_nothing_is_written_where_nothing_was_said(tmp_path: Path) -> None:
    save_annotations(tmp_path, Annotations())
    assert (list(tmp_path.iterdir()), load_annotations(tmp_path)) == ([], Annotations())


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("labels.jsonl", "5"),
        ("labels.jsonl", '{"id": "a"}'),
        ("votes.jsonl", '{"annotator": "a"}'),
        ("ratings.jsonl", '{"annotator": "a", "id": "b", "label": "x"}'),
    ],
)
def test_broken_annotations_are_named_by_line(tmp_path: Path, name: str, line: str) -> None:
    (tmp_path / name).write_text(line)
    with pytest.raises(DataError, match=rf"{name}, line 1: is not a"):
        load_annotations(tmp_path)


def test_vote_says_no_more_than_it_must(tmp_path: Path) -> None:
    save_annotations(tmp_path, Annotations(votes=(Vote("ann", "a", "b"), Vote("bob", "b", "a", tie=True))))
    assert (tmp_path / "votes.jsonl").read_text().splitlines() == [
        '{"annotator":"ann","preferred":"a","other":"b"}',
        '{"annotator":"bob","preferred":"b","other":"a","tie":true}',
    ]


def test_tie_agrees_with_a_tie_and_with_neither_preference() -> None:
    said = [Vote("ann", "a", "b", tie=True), Vote("bob", "b", "a", tie=True), Vote("cat", "a", "b")]
    found = agreement_of_votes(said)
    assert found is not None
    assert (found.items, found.share) == (1, 1 / 3)


def test_two_annotators_by_hand() -> None:
    # Krippendorff (2011), section B, binary data of two observers: alpha 0.095.
    found = agreement_of_votes(votes("nynnnnnnyn", "yyynnynnnn"))
    assert found is not None
    assert (found.annotators, found.items, found.share) == (2, 10, 0.6)
    assert found.alpha == pytest.approx(0.095, abs=0.001)
    assert found.kappa == pytest.approx((0.6 - 0.56) / 0.44)


def test_pairs_of_one_vote_do_not_count() -> None:
    found = agreement_of_votes(votes("yy.n", "y.yn"))
    assert found is not None
    assert (found.items, found.share, found.alpha) == (2, 1.0, 1.0)
    assert agreement_of_votes(votes("y.", ".y")) is None


def test_agreement_by_chance_alone_has_no_number() -> None:
    found = agreement_of_votes(votes("yyy", "yyy"))
    assert found is not None
    assert (found.share, found.alpha, found.kappa) == (1.0, None, None)


@given(st.lists(st.text("yn.", min_size=6, max_size=6), min_size=2, max_size=4))
def test_agreement_is_bounded_and_blind_to_order(ratings: list[str]) -> None:
    found, turned = agreement_of_votes(votes(*ratings)), agreement_of_votes(votes(*(text[::-1] for text in ratings)))
    assert (found is None) == (turned is None)
    if found is not None and turned is not None:
        assert found.share == pytest.approx(turned.share)
        assert 0 <= found.share <= 1
        assert found.alpha is None or -1 <= found.alpha <= 1
        assert (found.alpha is None) == (turned.alpha is None)


def ratings(*labels: str) -> list[Rating]:
    """A text for each annotator, with a digit for each trajectory, or . for no label."""
    return [
        Rating(f"ann{who}", f"r{n}", float(digit))
        for who, digits in enumerate(labels)
        for n, digit in enumerate(digits)
        if digit != "."
    ]


def test_labels_of_0_and_1_agree_as_votes_do() -> None:
    assert agreement_of_ratings(ratings("0100000010", "1110010000")) == agreement_of_votes(
        votes("nynnnnnnyn", "yyynnynnnn")
    )


def test_graded_labels_of_four_annotators_by_hand() -> None:
    # Krippendorff (2011), sections C and E, four observers: interval alpha 0.849.
    found = agreement_of_ratings(ratings("123321412...", "1233224125.3", ".3332342251.", "12332441251."))
    assert found is not None
    assert (found.annotators, found.items, round(found.alpha or 0, 3)) == (4, 11, 0.849)


def test_far_labels_disagree_more_than_near_ones() -> None:
    near, far = (agreement_of_ratings(ratings("12345", last)) for last in ("12344", "12341"))
    assert near is not None
    assert far is not None
    assert near.share == far.share == 0.8
    assert (near.alpha or 0) > (far.alpha or 0)
    assert (near.kappa or 0) > (far.kappa or 0)
