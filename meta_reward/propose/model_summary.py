"""Summaries of candidates' traces that a model writes, for `--history model-summaries`.

Each is written once and kept as a file. The model sees the summary written by code, and a sample of pairs with what the
judge was sent and replied on both sides. A session sees nothing else of the traces.
"""

import random
from pathlib import Path

from meta_reward import files
from meta_reward.propose.optimizers.evidence import Tried, load_tried
from meta_reward.propose.trace_summary import render_summary
from meta_reward.propose.writer import Writer
from meta_reward.run.layout import HistoryLayout

_LOST, _WON = 8, 3
_ASKED = Path(__file__).with_suffix(".md")


async def write_summaries(history: HistoryLayout, folder: Path, writer: Writer) -> None:
    """Write the missing summaries. folder: where they are kept. Raises as `Writer.ask`."""
    for one in load_tried(history):
        path = folder / f"{one.folder.name}.md"
        if one.row is not None and one.row.status != "rejected" and not path.exists():
            text = await writer.ask(_prompt(history, one))
            files.write_bytes(path, f"# {one.row.id} {one.row.name}\n\n{files.printable(text.strip())}\n".encode())


def _prompt(history: HistoryLayout, one: Tried) -> str:
    assert one.row is not None
    rng = random.Random(one.folder.name)
    lost = sorted(item.id for item in one.items.values() if item.score < 1)
    won = sorted(item.id for item in one.items.values() if item.score == 1)
    sample = [*rng.sample(lost, min(_LOST, len(lost))), *rng.sample(won, min(_WON, len(won)))]
    cases = ["\n\n".join(f"### {name}\n\n{text}" for name, text in one.feedback(pair).items()) for pair in sample]
    program = f"# The program\n\n```python\n{one.source.rstrip()}\n```"
    told = [f"## A case\n\n{case}" for case in cases]
    return "\n\n".join([files.read_text(_ASKED), program, render_summary(history, one.row), *told])
