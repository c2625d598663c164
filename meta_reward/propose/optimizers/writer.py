"""Single shot: the writing model is shown one parent, and asked once for each program.

The parent is the candidate with the best score that the history shows, else the baseline. With `--history none` every
question is the same, and the search is best of N. If the history shows pairs, the question adds some that the parent
lost; if it shows summaries, the parent's summary.
"""

import re
from itertools import islice

from meta_reward.propose.optimizers.evidence import Tried
from meta_reward.propose.optimizers.session import Ask, Task, Written

_SHOWN = 3
_FENCED = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)


def propose(task: Task, ask: Ask) -> list[Written]:
    """The programs in the replies, at most one per question. Raises as `Writer.ask`."""
    parent = max(task.tried, key=lambda one: one.score)
    prompt = f"{task.instructions}\n\n{task.interface}\n\n{_shown(parent)}\n\n{_ASKED}"
    replies = [ask(prompt) for _ in range(task.candidates)]
    return [Written(source, [parent.id]) for reply in replies if (source := _program(reply))]


_ASKED = "Write a better harness. Reply with the whole file in one block that begins with ```python."


def _shown(parent: Tried) -> str:
    parts = [f"# The harness to improve\n\n```python\n{parent.source.rstrip()}\n```"]
    if parent.row is not None and parent.row.score is not None:
        parts.append(f"It is right on {parent.row.score:.1%} of what it was tried on.")
    told = [parent.feedback(pair) for pair in islice(parent.lost(), _SHOWN)]
    parts += [f"## {name}\n\n{text}" for one in told for name, text in one.items()]
    summary = parent.folder / "summary.md"
    if summary.exists():
        parts.append(summary.read_text())
    return "\n\n".join(parts)


def _program(reply: str) -> str:
    """The longest block of code in a reply; empty if there is none."""
    return max(_FENCED.findall(reply), key=len, default="")
