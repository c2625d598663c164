"""Tables of plain text: they fit the columns at hand, and what is too long goes on in the next line."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.evaluation.best_of_n import BestOfN, Lift
from meta_reward.evaluation.metrics import Metrics, Preferences
from meta_reward.evaluation.ranking import GroupScore
from meta_reward.evaluation.reward_stats import RewardStats
from meta_reward.evaluation.statistics import Interval
from meta_reward.kinds.registry import KINDS
from meta_reward.report.group_tables import render_groups
from meta_reward.report.tables import fit, render_best_of_n, render_metrics, render_rewards, render_table

METRICS = Metrics(
    score=0.5, low=0.4, high=0.6, no_bounds=None, items=9, failures=2, coverage=0.8, examples=5, judge_calls=6,
    input_tokens=4, output_tokens=3, judge_tokens=7, cost_usd=None, by_category={}, by_task={},
    preferences=Preferences(
        strict_agreement=0.4, ties=1, mean_margin=2.0, rewards=RewardStats(3, 12.5, 0.2, 0.31, -0.12, 0.75, None),
        best_of_n=[BestOfN(2, 9, random=0.5, harness=0.6, oracle=0.9, gain=0.1, low=0.05, high=0.15)],
    ),
)  # fmt: skip
TOLD = METRICS.preferences


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
    table, _, legend = render_metrics({"mine": METRICS}, KINDS["reward"].words).partition("\n\n")
    words = ["agreement", "strict", "failures", "coverage", "mean margin", "[95%]"]
    assert [word for word in words if f"{word}:" not in " ".join(legend.split()) or word not in table] == []


def test_what_a_training_run_would_get_is_told_with_its_words() -> None:
    table, _, legend = render_rewards({"mine": METRICS}).partition("\n\n")
    assert table.splitlines() == [
        "rewards            mine",
        "distinct rewards      3",
        "spread in a task   12.5",
        "flat tasks        20.0%",
        "follows length     0.31",
        "follows calls     -0.12",
    ]
    assert "flat tasks: share of tasks with all rewards equal" in " ".join(legend.split())


def test_measures_against_labels_are_shown_where_there_are_labels() -> None:
    assert METRICS.preferences.rewards.calibration_error is None
    labelled = replace(METRICS, preferences=replace(TOLD, rewards=replace(TOLD.rewards, calibration_error=0.08)))
    shown = render_rewards({"mine": labelled, "other": METRICS})
    assert re.search(r"AUC +0.75 +0.75\ncalibration error +0.08 +-\n", shown)
    assert "AUC: chance that a success has a higher reward" in " ".join(shown.split())


def test_best_of_n_of_one_harness_is_set_against_random_picks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    table, _, legend = render_best_of_n({"mine": METRICS}).partition("\n\n")
    told = " ".join(legend.split())
    assert [w for w in ("best of", "random", "oracle", "gain") if f"{w}:" not in told or w not in table] == []
    assert "+10.0 [+5.0, +15.0]" in table
    assert told.endswith("gain: points that mine has over random, with the 95% interval by task")


def test_lift_of_two_harnesses_is_what_the_last_has_over_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lifts = [Lift(2, 9, Interval(0.2, 0.1, 0.3))]
    table, _, legend = render_best_of_n(dict.fromkeys(("baseline", "chosen"), METRICS), lifts).partition("\n\n")
    assert table.splitlines()[0].endswith("lift")
    assert table.splitlines()[1].endswith("+20.0 [+10.0, +30.0]")
    assert legend.replace("\n", " ").split("; ")[-1].startswith("lift: points that chosen has over baseline")


def test_groups_stand_beside_their_chance_and_earlier_scores_show_a_dash() -> None:
    found = replace(
        TOLD, groups=[GroupScore(3, 8, 0.25, 0.1, 0.5, None, 1 / 6), GroupScore(2, 9, 0.5, None, None, "", 0.5)]
    )
    text = render_groups({"then": METRICS, "now": replace(METRICS, preferences=found)})
    assert text.splitlines()[2:6] == [
        "    2       9   50.0%     -        50.0%",
        "    3       8   16.7%     -        25.0%",
        "                                  [10.0,",
        "                                   50.0]",
    ]
    assert render_groups({"then": METRICS}) == ""
