"""Blocks as text and as Markdown: the same content, and inert whatever a cell holds."""

from hypothesis import given
from hypothesis import strategies as st

from meta_reward.report.blocks import Grid, Lines, Title, render_page, render_text

BLOCKS = [Title("A *study*"), Lines(["", "one", "two | three"]), Grid(["name", "n"], [["x\ny", 1]]), Lines(["alone"])]


def test_terminal_gets_aligned_tables_without_the_title() -> None:
    assert render_text(BLOCKS) == "one\ntwo | three\n\nname  n\nx y   1\n\nalone"


def test_markdown_gets_a_heading_lists_and_tables() -> None:
    expected = "# A \\*study\\*\n\n- one\n- two \\| three\n\n| name | n |\n|---|---|\n| x y | 1 |\n\nalone\n"
    assert render_page(BLOCKS) == expected


def test_empty_blocks_leave_no_gap() -> None:
    assert render_text([Lines([]), Lines(["a"]), Lines([""]), Lines(["b"])]) == "a\n\nb"
    assert render_page([Lines([]), Lines(["a"]), Lines([""]), Lines(["b"])]) == "a\n\nb\n"


@given(st.text())
def test_no_text_breaks_a_table_or_reaches_the_terminal_raw(text: str) -> None:
    blocks = [Lines([text]), Grid(["head"], [[text]])]
    page, shown = render_page(blocks), render_text(blocks)
    assert [character for character in page + shown if ord(character) < 32 and character not in "\n\t"] == []
    *_, rule, row = page.rstrip("\n").split("\n")
    assert (rule, row[:2], row[-2:]) == ("|---|", "| ", " |")
