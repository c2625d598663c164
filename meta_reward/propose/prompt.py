"""An agent's prompt: the instructions of the run, then the facts of this run.

The instructions are Markdown: the package's own unless a run was given others. They are kept in the run as
`instructions.md`. The facts are rendered from the run's settings.
"""

from collections.abc import Sequence
from pathlib import Path

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.kinds.base import Kind
from meta_reward.run.settings import WRITING, RunConfig

MAX_BYTES = 64 * 1024

_SHOWN = {
    "full": "The history is whole: programs, scores, every pair, and every prompt and reply.",
    "scores": (
        "The history shows programs and scores alone: no trajectories, no pairs, no prompts and no replies. Where the "
        "instructions speak of these, rest on `scores.json` (by category, by task) and on the programs."
    ),
    "summaries": (
        "The history shows programs, scores, and a `summary.md` of each candidate's traces: no trajectories, no single "
        "pairs, no prompts and no replies. Where the instructions speak of these, rest on the summaries."
    ),
    "model-summaries": (
        "The history shows programs, scores, and a `summary.md` of each candidate's traces, which a model wrote: no "
        "trajectories, no single pairs, no prompts and no replies. Where the instructions speak of these, rest on the "
        "summaries."
    ),
    "none": (
        "The history shows the interface and the seed harnesses alone, and nothing of how any harness did. Write the "
        "best harness you can from what you know of judges and of agents."
    ),
}


def default_instructions(kind: Kind, proposer: str = "") -> str:
    """The package's own instructions for this kind of proposer."""
    return files.read_text(kind.texts / ("writing.md" if proposer in WRITING else "instructions.md"))


def load_instructions(path: Path) -> str:
    """Instructions from a user's file. Raises UsageError for one that is empty or too large."""
    text = files.read_text(path)
    if not text.strip():
        raise UsageError(f"{path} is empty", hint="write down what the agent is to do, or leave the instructions out")
    if len(text.encode()) > MAX_BYTES:
        raise UsageError(f"{path} is larger than {MAX_BYTES // 1024} KB", hint="shorten it")
    return text


def render_instructions(text: str, config: RunConfig, *, can_try: bool, hints: Sequence[str] = ()) -> str:
    """What an agent is told in every session: the instructions, the facts of this run, and the user's hints."""
    budget = config.budget
    facts = [
        f"The judge is `{config.judge.spec}`. Model, temperature and token limit are fixed.",
        f"On one trajectory a harness may make {budget.judge_calls} judge calls, use {budget.judge_tokens:,} judge "
        f"tokens, {budget.cpu_s} s of CPU, {budget.active_s:g} s beside waiting for the judge, and "
        f"{budget.memory_mb} MB; send the judge {budget.conversation_bytes:,} bytes in all; and give "
        f"{budget.verdict_bytes:,} bytes of reason and findings. Beyond that it fails there, and its pairs are lost.",
    ]
    if config.proposer.spec not in WRITING:  # a writing model is shown no files
        trying = _trying(config) if can_try else "Drafts cannot be tried in this run."
        facts += [_SHOWN[config.proposer.history], trying]
    parts = [text.rstrip(), "", "# This run", "", *(f"- {fact}" for fact in facts), ""]
    if hints:
        advice = (f"- {hint}".replace("\n", "\n  ") for hint in hints)
        parts += ["# Advice of the user, the latest last", "", *advice, ""]
    return "\n".join(parts)


def _trying(config: RunConfig) -> str:
    is_claude = config.proposer.spec.startswith("claude:")
    way = "the tool `try_harness(path, pairs)`" if is_claude else "the command `meta-reward try PATH --pairs A,B`"
    shown = "agreement" if config.proposer.history != "full" else "rewards, margins, findings, errors and replies"
    return (
        f"Drafts can be tried: {way}, "
        "validates a draft in your staging folder and runs it on search pairs, which you name by pair, task or "
        f"category; without names on a small sample that covers all categories. It returns {shown}, and how the best "
        f"candidate does on the same pairs. What the judge was asked before costs nothing; up to "
        f"{config.proposer.try_calls} new judge calls a session may be made."
    )
