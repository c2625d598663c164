"""Tables of plain text: they fit the columns at hand, and what is too long goes on in the next line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meta_reward.evaluation.best_of_n import BestOfN
from meta_reward.evaluation.metrics import Metrics
from meta_reward.report.tables import fit, render_best_of_n, render_metrics, render_table

METRICS = Metrics(
    score=0.5, low=0.4, high=0.6, no_bounds=None, strict_agreement=0.4, pairs=9, ties=1, failures=2, coverage=0.8,
    mean_margin=2.0, trajectories=5, judge_calls=6, input_tokens=4, output_tokens=3, judge_tokens=7, cost_usd=None,
    by_category={}, by_task={},
    best_of_n=[BestOfN(2, 9, random=0.5, harness=0.6, oracle=0.9, lift=0.1, low=0.05, high=0.15)],
)  # fmt: skip


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")


def test_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    assert render_table(["name", "n"], [["a", 1], ["bb", 20]]) == "name   n\na      1\nbb    20"


def test_long_words_go_on_in_the_next_line_and_numbers_stay_whole() -> None:
    text = render_table(["name", "what it does", "tokens"], [["policy-first", "shows the judge the policy", 1234567]])
    assert text.splitlines() == [
        "name          what it does        tokens",
        "policy-first  shows the judge    1234567",
        "              the policy",
    ]


def test_header_breaks_before_a_number_does() -> None:
    rows = [["abc def ghi jkl mno pqr", "45.5% [35.9, 54.9]", 1]]
    assert render_table(["words", "search", "judge tokens"], rows).splitlines() == [
        "words                  search      judge",
        "                                  tokens",
        "abc def    45.5% [35.9, 54.9]          1",
        "ghi jkl",
        "mno pqr",
    ]


def test_intervals_go_below_their_numbers_before_a_word_breaks() -> None:
    share = "45.5% [35.9, 54.9]"
    lines = render_table(["", "c0001", "c0002"], [["agreement [95%]", share, share], ["pairs", 9, 9]]).splitlines()
    assert lines == [
        "                   c0001           c0002",
        "agreement          45.5%           45.5%",
        "[95%]       [35.9, 54.9]    [35.9, 54.9]",
        "pairs                  9               9",
    ]


def test_word_that_fits_no_column_is_broken() -> None:
    text = render_table(["a", "b"], [["x" * 60, 1]])
    assert [len(line) for line in text.splitlines()] == [40, 40, 23]
    assert text.count("x") == 60


def test_text_below_a_row_and_an_indent_fit_as_well() -> None:
    text = render_table(["a"], [["b"], ["c"]], below=["one two " * 8, ""], indent=2)
    assert text.splitlines()[2].startswith("      one two")
    assert max(map(len, text.splitlines())) <= 40
    assert text.splitlines()[-1] == "  c"


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="ascii"), max_size=70), st.integers(), st.text(max_size=30)), max_size=4
    )
)
def test_any_table_fits_and_loses_nothing(rows: list[tuple[str, int, str]]) -> None:
    text = render_table(["some name", "number", "words"], rows)
    assert max(map(len, text.splitlines())) <= 40
    assert all(sum(c.isalnum() for c in text) >= sum(c.isalnum() for cell in row for c in str(cell)) for row in rows)


def test_long_line_goes_on_under_its_beginning_and_paths_stay_whole() -> None:
    path = "/a/path/that/is/longer/than/any/line/may/be"
    assert fit(f"  one two three four five six seven eight nine {path}") == (
        f"  one two three four five six seven\n    eight nine\n    {path}"
    )
    assert fit("short\n\nlines") == "short\n\nlines"


def test_words_of_the_metrics_are_explained_under_them() -> None:
    table, _, legend = render_metrics({"mine": METRICS}).partition("\n\n")
    words = ["agreement", "strict", "failures", "coverage", "mean margin", "[95%]"]
    assert [word for word in words if f"{word}:" not in " ".join(legend.split()) or word not in table] == []


@pytest.mark.parametrize(("columns", "last"), [(["mine"], "mine"), (["baseline", "chosen"], "chosen")])
def test_words_of_best_of_n_are_explained_under_them(
    monkeypatch: pytest.MonkeyPatch, columns: list[str], last: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    table, _, legend = render_best_of_n(dict.fromkeys(columns, METRICS)).partition("\n\n")
    told = " ".join(legend.split())
    assert [w for w in ("best of", "random", "oracle", "lift") if f"{w}:" not in told or w not in table] == []
    assert "+10.0 [+5.0, +15.0]" in table
    assert told.endswith(f"lift: points that {last} gains over random, with the 95% interval by task")
