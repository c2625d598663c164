"""What the catalog reads of a run's history: candidates with their sources, pairs, and traces on demand.

The ledger lists the candidates; everything else is read from their folders when needed. A missing or
unreadable file of one candidate makes that candidate less useful, not the history unreadable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.harness.validate import PARTS
from meta_reward.offline.proposer.source import Source, fingerprint, has_parts, parse_source
from meta_reward.run import trace_file
from meta_reward.tasks.taskset import load_task_set
from meta_reward.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate as the history shows it.

    agreement: on the search split, None unless scored. source: None if the harness does not follow the
    six-part convention. genome: the fingerprint of each part.
    """

    id: str
    name: str
    folder: Path
    parents: tuple[str, ...]
    status: str
    score: float | None
    judge_tokens: int
    source: Source | None
    genome: Mapping[str, str]

    def path(self, *names: str) -> str:
        """A file of this candidate as a proposal names it, relative to the history."""
        return "/".join(("candidates", self.folder.name, *names))


@dataclass(frozen=True, slots=True)
class History:
    """A run so far: its candidates in the order of the ledger, and the search split's trajectories by id."""

    candidates: tuple[Candidate, ...]
    trajectories: Mapping[str, Trajectory]


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """A pair with a candidate's rewards, None where it failed."""

    preferred: str
    other: str
    categories: tuple[str, ...]
    preferred_reward: float | None
    other_reward: float | None
    score: float

    @property
    def margin(self) -> float | None:
        """Reward of the preferred trajectory minus the other's."""
        if self.preferred_reward is None or self.other_reward is None:
            return None
        return self.preferred_reward - self.other_reward


@dataclass(frozen=True, slots=True)
class Trace:
    """What the judge was shown of one trajectory and what it said.

    prompts and replies: the texts of its calls in order. verdicts: the scores it gave, by criterion. checks: what
    code verified: each statement, and whether it holds.
    """

    prompts: tuple[str, ...]
    replies: tuple[str, ...]
    verdicts: tuple[Mapping[str, float], ...]
    checks: Mapping[str, bool]


def load_history(path: Path) -> History:
    """The history at `path`. Raises DataError where ledger or task set cannot be read."""
    lines = files.load_lines(path / "ledger.jsonl")
    rollouts = load_task_set(path / "taskset").rollouts
    return History(
        candidates=tuple(_load_candidate(path, line) for line in lines),
        trajectories={id_: rollout.trajectory for id_, rollout in rollouts.items()},
    )


def load_pairs(candidate: Candidate) -> list[ScoredPair]:
    """A scored candidate's result on each pair of the search split."""
    return [
        ScoredPair(
            preferred=line["preferred"],
            other=line["other"],
            categories=tuple(line.get("categories", ())),
            preferred_reward=line["preferred_reward"],
            other_reward=line["other_reward"],
            score=line["score"],
        )
        for line in files.load_lines(candidate.folder / "pairs.jsonl")
    ]


def load_trace(candidate: Candidate, trajectory: str) -> Trace:
    """The trace of one trajectory."""
    data = trace_file.load_trace(candidate.folder / "traces" / f"{trajectory}.json")
    calls = data["calls"]
    findings = (data.get("reward") or {}).get("findings") or {}
    return Trace(
        prompts=tuple("\n".join(_text(message["content"]) for message in call["messages"]) for call in calls),
        replies=tuple(_text(call["reply"]) for call in calls),
        verdicts=tuple(_mapping(verdict) for verdict in findings.get("verdicts") or ()),
        checks=_mapping(findings.get("checks")),
    )


def _load_candidate(path: Path, line: Mapping[str, Any]) -> Candidate:
    folder = path / "candidates" / f"{line['id']}-{line['name']}"
    source = _load_source(folder / "harness.py")
    return Candidate(
        id=line["id"],
        name=line["name"],
        folder=folder,
        parents=tuple(line.get("parents") or ()),
        status=line["status"],
        score=line.get("score"),
        judge_tokens=line.get("judge_tokens") or 0,
        source=source,
        genome={part: fingerprint(source, part) for part in PARTS} if source else {},
    )


def _load_source(path: Path) -> Source | None:
    try:
        source = parse_source(files.read_text(path))
    except (DataError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return source if has_parts(source) else None


def _text(value: Any) -> str:
    text = files.as_text(value)
    return text if isinstance(text, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
