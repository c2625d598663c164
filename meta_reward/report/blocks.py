"""The tables of studies as blocks, paragraphs and grids, which are then rendered for a terminal or as Markdown.

Every text in a block may come from a model or a stranger's task set, so it is made printable, and in Markdown its own
markup is escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from meta_reward.files import printable
from meta_reward.report.standalone import markdown_cell
from meta_reward.report.tables import fit, render_table


@dataclass(frozen=True, slots=True)
class Title:
    """The title of the page."""

    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table."""

    headers: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Lines:
    """Remarks, one per line."""

    lines: Sequence[str]


Block = Title | Grid | Lines


def render_text(blocks: Sequence[Block]) -> str:
    """Blocks for a terminal; the title is left out."""
    texts = [_text(block) for block in blocks if not isinstance(block, Title)]
    return "\n\n".join(text for text in texts if text)


def render_page(blocks: Sequence[Block]) -> str:
    """Blocks as Markdown."""
    texts = [_markdown(block) for block in blocks]
    return "\n\n".join(text for text in texts if text) + "\n"


def _text(block: Grid | Lines) -> str:
    if isinstance(block, Grid):
        return render_table(block.headers, block.rows)
    return "\n".join(fit(printable(line.replace("\n", " "))) for line in block.lines if line)


def _markdown(block: Block) -> str:
    if isinstance(block, Title):
        return f"# {markdown_cell(block.text)}"
    if isinstance(block, Lines):
        lines = [markdown_cell(line) for line in block.lines if line]
        return "\n".join(f"- {line}" for line in lines) if len(lines) > 1 else "".join(lines)
    rule = "|---" * len(block.headers) + "|"
    head, *rows = (f"| {' | '.join(map(markdown_cell, row))} |" for row in (block.headers, *block.rows))
    return "\n".join([head, rule, *rows])
