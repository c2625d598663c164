"""A session of the proposer `meta`: one draft with a refined rubric, or none and the reason.

It works on the harness that the policy is trained under, and on the samples of this iteration. The session's transcript
has every prompt and reply, with a cost that is counted separately from the judge's.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward import files
from meta_reward.errors import JudgeError, JudgeUnavailable, ProposerError, ProposerUnavailable, UsageError
from meta_reward.propose.base import Assignment
from meta_reward.propose.meta.refinement import Finding, Refinement, refine
from meta_reward.propose.meta.rubric import read_rubric, render_rubric, replace_rubric
from meta_reward.propose.transcript import Transcript
from meta_reward.propose.writer import Writer, make_writer, open_writer_gateway
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.samples import Seen, load_sample_set, load_samples
from meta_reward.run.settings import META, ProposerSettings
from meta_reward.tasks.records import parse_tools

NOTHING_OVERLOOKED = "nothing overlooked"
_MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class MetaProposer:
    """Refines the rubric of a harness with a meta model."""

    settings: ProposerSettings

    @property
    def repairs(self) -> bool:
        return False

    def check(self) -> None:
        """Raise UsageError if its model is unknown or its key is missing."""
        make_writer(self.settings.writer, self.settings.writer_settings).check()

    async def propose(self, assignment: Assignment) -> None:
        self.check()
        history = HistoryLayout(Path(assignment.view))
        folder = history.samples_of(assignment.iteration)
        if not (folder / "samples.json").exists():
            what = f"proposer {META} needs samples of a policy, and this run has none"
            raise UsageError(what, hint="use `meta-reward mpo`, which trains one")
        row = _under(history, load_sample_set(folder).harness)
        source = files.read_text(history.candidate(row.folder) / "harness.py")
        policy = files.read_text(history.taskset / "policy.md")
        tools = parse_tools(files.load_json(history.taskset / "tools.json"), history.taskset / "tools.json")
        samples = load_samples(folder, policy=policy, tools=tools)
        rubric = read_rubric(source)
        found = await self._refine(assignment, rubric, samples)
        if found.merged is None:
            raise ProposerError(found.reason, status="left nothing")
        draft = assignment.staging / f"refined-{assignment.iteration:02d}"
        files.write_bytes(draft / "harness.py", replace_rubric(source, found.merged).encode())
        files.write_bytes(draft / "proposal.md", render_proposal(row.id, rubric, found).encode())

    async def _refine(self, assignment: Assignment, rubric: Mapping[str, str], samples: Sequence[Seen]) -> Refinement:
        writer = Writer(
            open_writer_gateway(self.settings.writer, self.settings.writer_settings),
            Transcript(assignment.transcript),
            iteration=assignment.iteration,
            seed=assignment.seed,
            most=2 * len(samples) + 1,
            max_usd=min([usd for usd in (assignment.max_usd, self.settings.max_usd) if usd], default=0.0),
        )
        try:
            return await refine(rubric, samples, writer.ask)
        except JudgeUnavailable as error:
            raise ProposerUnavailable(f"the meta model {self.settings.writer}: {error}", hint="see --meta") from None
        except JudgeError as error:
            raise ProposerError(f"the meta model {self.settings.writer}: {error}") from None


def render_proposal(parent: str, rubric: Mapping[str, str], found: Refinement) -> str:
    """`proposal.md` of the refined candidate: why, from which samples, and the diff of the rubric."""
    assert found.merged is not None
    kept = [one for one in found.findings if one.overlooked]
    named = "; ".join(dict.fromkeys(one.overlooked for one in kept[:_MAX_NAMED]))
    lines = [
        f"---\nparents: [{parent}]\npart: rubric\n---",
        f"## Hypothesis\n\nThe policy earns rewards for what the rubric overlooks: {named}",
        "## Samples\n\n" + "\n".join(map(_line_of, found.findings)),
        f"## Rubric\n\n```diff\n{rubric_diff(rubric, found.merged)}\n```",
    ]
    return "\n\n".join(lines) + "\n"


def rubric_diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What a refinement changed, line by line."""
    old, new = (render_rubric(one).splitlines() for one in (before, after))
    return "\n".join(list(difflib.unified_diff(old, new, lineterm="", n=1))[2:])


def _line_of(finding: Finding) -> str:
    one = finding.sample.chosen
    said = finding.overlooked or NOTHING_OVERLOOKED
    problem = f" ({finding.problem})" if finding.problem else ""
    return f"- {one.id}, {one.why}, reward {one.reward:.1f}: {said}{problem}"


def _under(history: HistoryLayout, id: str) -> Row:
    return next(row for row in load_ledger(history.ledger) if row.id == id)
