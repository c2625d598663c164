"""A person's advice to the proposer: `hints.jsonl`, one hint per line, committed and shown in all later sessions."""

from dataclasses import dataclass

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.run.layout import Layout
from meta_reward.run.record import commit_paths

MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Hint:
    """One piece of advice."""

    iteration: int
    """The first iteration that was shown it."""
    text: str


def load_hints(layout: Layout) -> list[Hint]:
    """All hints of a run, oldest first. Raises DataError for a damaged line."""
    if not layout.hints.exists():
        return []
    return [Hint(line["iteration"], line["text"]) for line in files.load_lines(layout.hints)]


def checked_hint(text: str) -> str:
    """A hint, stripped of surrounding white space. Raises UsageError if it is empty, too long or not UTF-8."""
    text = text.strip()
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise UsageError("the hint is not UTF-8", hint="write it in UTF-8") from None
    if not 1 <= size <= MAX_BYTES:
        raise UsageError(f"a hint has 1 to {MAX_BYTES} bytes, and this one has {size}")
    return text


def add_hint(layout: Layout, text: str, *, iteration: int) -> bool:
    """Store a hint and commit it. Returns False if it is already the last one. Raises UsageError if it is invalid."""
    text = checked_hint(text)
    hints = load_hints(layout)
    if hints and hints[-1].text == text:
        return False
    files.write_lines(layout.hints, (*hints, Hint(iteration, text)))
    commit_paths(layout, f"Hint for iteration {iteration}\n\n{files.printable(text)}", [layout.hints])
    return True
