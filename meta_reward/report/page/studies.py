"""The studies of a run, which are in sibling folders and name the run, and their tables as blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meta_reward import files
from meta_reward.errors import MetaRewardError
from meta_reward.report.blocks import Block, Grid, Lines, Title
from meta_reward.run.layout import STUDY, Layout
from meta_reward.search.studies.folder import StudyRecord, load_study

_PLAIN = re.compile(r"\\([\\`*_{}<>#|~\[\]])")
_CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Study:
    """A study."""

    name: str
    """The name of its folder."""
    kind: str
    """The kind of study, such as `ablate`."""
    blocks: tuple[Block, ...]
    """Its tables; empty until it is finished."""
    tables: Any = None
    """The same as plain JSON; None until it is finished."""


def studies_of(layout: Layout) -> Iterator[Study]:
    """The studies of a run, in order of their names, without damaged ones."""
    for path in sorted(layout.root.resolve().parent.glob(f"[!.]*/{STUDY}")):
        try:
            record = load_study(path.parent)
            if _is_about(record, layout.root.resolve().name):
                page = path.parent / "study.md"
                blocks = tuple(parse_blocks(files.read_text(page))) if page.exists() else ()
                yield Study(path.parent.name, record.study, blocks, record.tables)
        except MetaRewardError:
            continue


def _is_about(record: StudyRecord, run: str) -> bool:
    named = record.arguments.get("runs")
    return (isinstance(named, list) and run in named) or any(name.endswith(f" of {run}") for name in record.inputs)


def parse_blocks(page: str) -> Iterator[Block]:
    """The blocks of a page that `render_page` wrote."""
    for text in page.strip().split("\n\n"):
        lines = text.split("\n")
        if text.startswith("# "):
            yield Title(_plain(text[2:]))
        elif text.startswith("| "):
            head, _, *rows = (_cells(line) for line in lines)
            yield Grid(head, rows)
        elif text:
            yield Lines([_plain(line.removeprefix("- ")) for line in lines])


def _cells(line: str) -> list[str]:
    return [_plain(cell.strip()) for cell in _CELLS.split(line)[1:-1]]


def _plain(text: str) -> str:
    return _PLAIN.sub(r"\1", text)
