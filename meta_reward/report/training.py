"""The training of a policy as tables: rewards over the steps, and the verdict on each refinement."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from meta_reward import files
from meta_reward.files import printable
from meta_reward.propose.meta.proposer import NOTHING_OVERLOOKED
from meta_reward.report.tables import fit, percent, render_table
from meta_reward.run.config import load_run_config
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.samples import SampleSet, load_sample_set
from meta_reward.run.settings import MpoSettings
from meta_reward.search.mpo.current import Verdict, verdicts
from meta_reward.search.mpo.steps import Step, load_steps

_SAMPLE = re.compile(r"^- (\S+, .+, reward .+)$", re.MULTILINE)
_DIFF = re.compile(r"```diff\n(.*?)\n```", re.DOTALL)
_LEGEND = (
    "reward: the learned reward under the harness of these steps; official: the true outcome of the same samples, "
    "which neither judge nor meta model sees; gap: reward minus official, in points; entropy: of the policy's choices, "
    "in nats; variance: of the rewards within a task's samples; equal: share of groups with all rewards equal, from "
    "which the policy learns nothing; length: characters that the agent writes"
)


@dataclass(frozen=True, slots=True)
class Refinement:
    """A refinement, and the samples that led to it."""

    verdict: Verdict
    samples: SampleSet
    evidence: tuple[str, ...]
    """One line per sample in which something was overlooked."""
    diff: str
    """Changes of the rubric; empty if the proposer was free to change anything."""


@dataclass(frozen=True, slots=True)
class Block:
    """Steps under one harness, between two refinements."""

    first: int
    last: int
    harness: str
    reward: float | None
    """From 0 to 100."""
    official: float | None
    """From 0 to 100."""
    entropy: float | None
    variance: float
    equal: float
    """Share of the groups."""
    length: float
    moves: tuple[tuple[str, float], ...]
    """The most frequent ones with their shares."""


@dataclass(frozen=True, slots=True)
class Training:
    """The training of a policy so far."""

    run: str
    settings: MpoSettings
    steps: tuple[Step, ...]
    blocks: tuple[Block, ...]
    refinements: tuple[Refinement, ...]
    skipped: tuple[tuple[int, str], ...]
    """Refinements without a candidate: their number, from 1, and why."""


def is_training(layout: Layout) -> bool:
    """Whether a run trains a policy."""
    return bool(load_run_config(layout.config).mpo.policy)


def training_of(layout: Layout) -> Training:
    """The training of a run, from its files."""
    from meta_reward.run.record import load_iterations

    settings, rows = load_run_config(layout.config).mpo, load_ledger(layout.ledger)
    refinements = (_refinement_of(layout, one) for one in (verdicts(rows, settings.gate) if rows else []))
    skipped = ((x.iteration, "; ".join(x.notes)) for x in load_iterations(layout) if not x.candidates)
    steps, blocks = tuple(load_steps(layout.steps)), training_blocks(layout, settings)
    return Training(layout.root.name, settings, steps, blocks, tuple(refinements), tuple(skipped))


def training_blocks(layout: Layout, settings: MpoSettings) -> tuple[Block, ...]:
    """Summaries of the steps between one refinement and the next; none for a search."""
    steps = load_steps(layout.steps) if settings.policy else []
    return tuple(block_of(steps[at : at + settings.every]) for at in range(0, len(steps), settings.every))


def _refinement_of(layout: Layout, verdict: Verdict) -> Refinement:
    proposal = files.read_text(layout.candidate(verdict.row.folder) / "proposal.md")
    lines = _SAMPLE.findall(proposal)
    diff = _DIFF.search(proposal)
    samples = load_sample_set(layout.samples_of(verdict.row.iteration))
    return Refinement(
        verdict, samples, tuple(line for line in lines if NOTHING_OVERLOOKED not in line), diff[1] if diff else ""
    )


def block_of(steps: Sequence[Step]) -> Block:
    """The summary of some steps."""
    counts: dict[str, int] = {}
    for step in steps:
        for move, count in step.moves.items():
            counts[move] = counts.get(move, 0) + count
    total, groups = sum(counts.values()), sum(step.groups for step in steps)
    best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3]
    official = _mean([step.official for step in steps])
    return Block(
        steps[0].step,
        steps[-1].step,
        steps[0].harness,
        _mean([step.reward for step in steps]),
        None if official is None else 100 * official,
        _mean([step.entropy for step in steps]),
        fmean(step.variance for step in steps),
        sum(step.equal_groups for step in steps) / groups if groups else 0.0,
        fmean(step.length for step in steps),
        tuple((move, count / total) for move, count in best),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    given = [value for value in values if value is not None]
    return fmean(given) if given else None


def render_training(training: Training) -> str:
    """The tables, for a terminal."""
    headers = ["steps", "under", "reward", "official", "gap", "entropy", "variance", "equal", "length"]
    rows = [_row(block) for block in training.blocks]
    parts = [render_table(headers, rows) if rows else "no step is done yet", fit(_LEGEND)]
    if training.blocks and training.blocks[-1].moves:
        moves = (f"{move} {share:.0%}" for move, share in training.blocks[-1].moves)
        parts.append(fit(printable(f"what the policy does most in the last steps: {', '.join(moves)}")))
    parts += [_told(one) for one in training.refinements]
    parts += [fit(printable(f"refinement {number} brought no candidate: {why}")) for number, why in training.skipped]
    return "\n\n".join(parts) + "\n"


def _row(block: Block) -> list[object]:
    gap = None if block.reward is None or block.official is None else block.reward - block.official
    return [
        f"{block.first}-{block.last}",
        block.harness,
        *(_number(value) for value in (block.reward, block.official, gap)),
        "-" if block.entropy is None else f"{block.entropy:.2f}",
        f"{block.variance:.0f}",
        percent(block.equal),
        f"{block.length:.0f}",
    ]


def _told(one: Refinement) -> str:
    """A refinement: whether it was kept, the samples that led to it, and what it changed in the rubric."""
    row, kept = one.verdict.row, "kept" if one.verdict.kept else f"not kept, {one.verdict.before.id} stays"
    head = f"{row.id}, refined after step {one.samples.step} from {len(one.samples.samples)} samples: {kept}"
    lines = [f"{head} ({one.verdict.reason})", *(f"  {line}" for line in one.evidence)]
    return "\n".join([fit(printable("\n".join(lines))), *([printable(one.diff)] if one.diff else [])])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
