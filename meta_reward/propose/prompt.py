"""An agent's prompt: instructions, then the facts of the run.

The instructions are Markdown, kept in the run as `instructions.md`: the package's own, or the user's. The facts are
rendered from the run's settings.
"""

from collections.abc import Sequence
from pathlib import Path

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.harness.budget import Budget
from meta_reward.kinds.base import Kind, Words
from meta_reward.kinds.registry import KINDS
from meta_reward.run.settings import LIBRARY, META, WRITING, RunConfig

MAX_BYTES = 64 * 1024

_SHOWN = {
    "full": "The history is whole: programs, scores, every {item}, and every prompt and reply.",
    "scores": (
        "The history shows programs and scores alone: {nothing} and no replies. Where the "
        "instructions speak of these, rest on `scores.json` (by category, by task) and on the programs."
    ),
    "summaries": (
        "The history shows programs, scores, and a `summary.md` of each candidate's traces: {nothing} and no replies. "
        "Where the instructions speak of these, rest on the summaries."
    ),
    "model-summaries": (
        "The history shows programs, scores, and a `summary.md` of each candidate's traces, which a model wrote: "
        "{nothing} and no replies. Where the instructions speak of these, rest on the summaries."
    ),
    "none": (
        "The history shows the interface and the seeds alone, and nothing of how any program did. Write the "
        "best one you can from what you know of such models."
    ),
}


def default_instructions(kind: Kind, proposer: str = "") -> str:
    """The package's own instructions for programs of a kind. proposer: the spec of the proposer that gets them."""
    written = "library.md" if proposer.startswith(f"{LIBRARY}:") else "writing.md"
    is_written = proposer.partition(":")[0] in (*WRITING, META, LIBRARY)
    return files.read_text(kind.texts / (written if is_written else "instructions.md"))


def load_instructions(path: Path) -> str:
    """Instructions from a user's file. Raises UsageError for one that is empty or too large."""
    text = files.read_text(path)
    if not text.strip():
        raise UsageError(f"{path} is empty", hint="write down what the agent is to do, or leave the instructions out")
    if len(text.encode()) > MAX_BYTES:
        raise UsageError(f"{path} is larger than {MAX_BYTES // 1024} KB", hint="shorten it")
    return text


def render_instructions(text: str, config: RunConfig, *, can_try: bool, hints: Sequence[str] = ()) -> str:
    """What an agent is told in every session: the instructions, the facts of the run, and the user's hints."""
    words = KINDS[config.kind].words
    facts = [
        f"The {words.model} is `{config.judge.spec}`. Model, temperature and token limit are fixed.",
        _of_budget(config.budget, words),
    ]
    if config.proposer.kind not in (*WRITING, META, LIBRARY):  # a writing model is shown no files
        trying = _trying(config, words) if can_try else "Drafts cannot be tried in this run."
        facts += [_shown(config.proposer.history, words), trying]
    parts = [text.rstrip(), "", "# This run", "", *(f"- {fact}" for fact in facts), ""]
    if hints:
        advice = (f"- {hint}".replace("\n", "\n  ") for hint in hints)
        parts += ["# Advice of the user, the latest last", "", *advice, ""]
    return "\n".join(parts)


def _of_budget(budget: Budget, words: Words) -> str:
    return (
        f"In one run a program may make {budget.judge_calls} calls of the {words.model}, use {budget.judge_tokens:,} "
        f"of its tokens, {budget.cpu_s} s of CPU, {budget.active_s:g} s beside waiting for it, and "
        f"{budget.memory_mb} MB; send it {budget.conversation_bytes:,} bytes in all; and give "
        f"{budget.verdict_bytes:,} bytes of reason and findings, where it gives these. Beyond that it fails there, "
        f"and its {words.items} are lost."
    )


def _shown(level: str, words: Words) -> str:
    """What a session sees of the history."""
    parts = dict.fromkeys((words.examples, words.items)) if words.items == "pairs" else (f"single {words.items}",)
    nothing = ", ".join([*(f"no {part}" for part in parts), "no prompts"])
    return _SHOWN[level].format(item=words.items.removesuffix("s"), nothing=nothing)


def _trying(config: RunConfig, words: Words) -> str:
    is_claude = config.proposer.spec.startswith("claude:")
    item = words.items.removesuffix("s")
    way = "the tool `try_harness(path, pairs)`" if is_claude else "the command `meta-reward try PATH --pairs A,B`"
    whole = "rewards, margins, findings, errors and replies" if item == "pair" else "answers, errors and replies"
    return (
        f"Drafts can be tried: {way}, validates a draft in your staging folder and runs it on search {words.items}, "
        f"which you name by {item}, task or category; without names on a small sample that covers all categories. It "
        f"returns {whole if config.proposer.history == 'full' else words.metric}, and how the best candidate does on "
        f"the same {words.items}. What the {words.model} was asked before costs nothing; up to "
        f"{config.proposer.try_calls} new calls a session may be made."
    )
