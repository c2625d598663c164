"""A refinement of a rubric: analyse what it overlooked in each sample, refine it for each, merge the refinements.

The prompts for these three steps are the Markdown files in `prompts/`. A reply that cannot be parsed is left out with a
note; nothing is guessed. Source: Meta Policy Optimization (arXiv 2504.20157).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward import files
from meta_reward.propose.meta.replies import Nonsense, parse_criteria, parse_overlooked
from meta_reward.run.samples import Seen

_PROMPTS = Path(__file__).parent / "prompts"
_MAX_TRANSCRIPT, _MAX_SAID = 40_000, 4_000

Ask = Callable[[str], Awaitable[str]]
"""Sends a prompt to the meta model and returns its reply."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The analysis of one sample."""

    sample: Seen
    overlooked: str = ""
    """What the rubric overlooked there; empty for nothing."""
    refined: Mapping[str, str] | None = None
    """The rubric refined for this sample: criteria by name. None if there is no refinement."""
    problem: str = ""
    """Why a reply could not be used."""


@dataclass(frozen=True, slots=True)
class Refinement:
    """The analyses of all samples, and the new rubric."""

    findings: Sequence[Finding]
    merged: Mapping[str, str] | None
    """The new rubric; None if the old one stays."""
    reason: str = ""
    """Why the old one stays."""


async def refine(rubric: Mapping[str, str], samples: Sequence[Seen], ask: Ask) -> Refinement:
    """Ask the meta model for a better rubric. rubric: criteria by name. Raises whatever `ask` raises."""
    findings = await asyncio.gather(*(_find(rubric, sample, ask) for sample in samples))
    refined = [one.refined for one in findings if one.refined is not None]
    if not refined:
        problems = [one.problem for one in findings if one.problem]
        said = f"; {len(problems)} of {len(findings)} replies could not be read: {problems[0]}" if problems else ""
        return Refinement(findings, None, f"the meta model found nothing that the rubric overlooks{said}")
    reply = await ask(_prompt("merge", {"The rubric": _json(rubric), **_numbered(refined)}))
    try:
        merged = parse_criteria(reply)
    except Nonsense as error:
        return Refinement(findings, None, f"the merge could not be read: {error}")
    if not merged:
        return Refinement(findings, None, "the merge left no criteria: the rubric stays as it is")
    if merged == rubric:
        return Refinement(findings, None, "the merge changed nothing")
    return Refinement(findings, merged)


async def _find(rubric: Mapping[str, str], sample: Seen, ask: Ask) -> Finding:
    """Analyse a sample, and refine the rubric for it where it overlooks something."""
    try:
        overlooked = parse_overlooked(await ask(analysis_prompt(rubric, sample)))
        if not overlooked:
            return Finding(sample)
        parts = {"The rubric": _json(rubric), "What it overlooks": overlooked}
        refined = parse_criteria(await ask(_prompt("refine", parts)))
    except Nonsense as error:
        return Finding(sample, problem=str(error))
    if not refined:
        return Finding(sample, overlooked, problem="the refined rubric has no criteria")
    return Finding(sample, overlooked, refined)


def analysis_prompt(rubric: Mapping[str, str], sample: Seen) -> str:
    """The prompt for the analysis of one sample."""
    trajectory = sample.rollout.trajectory
    parts = {
        "The rubric": _json(rubric),
        "The policy that the agent works under": trajectory.policy.strip(),
        "The conversation": _clipped(trajectory.transcript(), _MAX_TRANSCRIPT),
        "The rating": f"{sample.chosen.reward:g}",
        "What the judge said": _clipped("\n\n".join(sample.said), _MAX_SAID),
    }
    return _prompt("analyse", parts)


def _numbered(refined: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {f"Refinement {number}": _json(one) for number, one in enumerate(refined, 1)}


def _prompt(name: str, parts: Mapping[str, str]) -> str:
    """A prompt followed by its non-empty parts, each below its title and inside <part>."""
    told = [f"# {title}\n\n<part>\n{text}\n</part>" for title, text in parts.items() if text]
    return "\n\n".join([files.read_text(_PROMPTS / f"{name}.md").strip(), *told])


def _json(criteria: Mapping[str, str]) -> str:
    return json.dumps(dict(criteria), ensure_ascii=False, indent=2)


def _clipped(text: str, room: int) -> str:
    half = room // 2
    return text if len(text) <= room else f"{text[:half]}\n[... left out here ...]\n{text[-half:]}"
