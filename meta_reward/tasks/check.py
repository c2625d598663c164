"""Doubtful things about a task set: preferences that contradict, splits that leak, trajectories too long for a judge.

Works on a loaded task set, so errors that make one unusable have been refused before. A finding says what is doubtful
and how often it occurs; nothing is changed.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meta_reward import files
from meta_reward.completion import CHARS_PER_TOKEN
from meta_reward.tasks.agreement import Agreement
from meta_reward.tasks.annotations import Annotations, agreement_of_ratings, agreement_of_votes
from meta_reward.tasks.divide import Splits
from meta_reward.tasks.features import most_telling
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Pair, Rollout, Trajectory, trajectory_to_json

JUDGE_WINDOW = 128_000
"""The context window of a judge in tokens that is assumed if none is given."""
_TELLING_SHARE, _TELLING_PAIRS = 0.8, 20
_LONG_OPENING = 40
_LOW_ALPHA = 0.4


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should look at."""

    kind: str
    """A stable word for programs."""
    what: str
    count: int
    examples: tuple[str, ...] = ()
    """The first few ids: of pairs, trajectories or tasks."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a check of a task set found."""

    findings: tuple[Finding, ...]
    agreement: Agreement | None
    """How well annotators agree about pairs; None if no pair was judged by several."""
    label_agreement: Agreement | None
    """How well annotators agree about labels; None if no trajectory was labelled by several."""


def check_task_set(taskset: TaskSet, annotations: Annotations, *, window: int = JUDGE_WINDOW) -> Check:
    """Everything doubtful about a task set. window: the judge's context window, in tokens."""
    votes, ratings = agreement_of_votes(annotations.votes), agreement_of_ratings(annotations.ratings)
    found = [
        _finding("contradiction", "pairs that contradict each other", _contradicting(taskset.pairs)),
        _finding("against-label", "pairs that prefer the run with the lower label", _against(taskset, annotations)),
        _finding(
            "against-votes", "pairs that most annotators prefer the other way", _against_votes(taskset, annotations)
        ),
        _finding("other-policy", "pairs of runs under different policies", _other_policy(taskset)),
        _finding("not-in-splits", "tasks with pairs that splits.json leaves out", _left_out(taskset)),
        _finding("duplicate", "trajectories that are in two splits", _duplicates(taskset)),
        _finding("same-opening", "openings that are in two splits, under other tasks", _same_openings(taskset)),
        _finding("no-pairs", "tasks without pairs", _without_pairs(taskset)),
        _finding("orphan-result", "trajectories with a tool result that answers no call", _with(taskset, _has_orphan)),
        _finding("empty", "trajectories in which the agent does nothing", _with(taskset, _is_empty)),
        _finding("too-long", f"trajectories longer than a judge's {window} tokens", _with(taskset, _longer(window))),
        *_cheap(taskset),
        *_disagreeing(votes, "pairs"),
        *_disagreeing(ratings, "trajectories"),
    ]
    return Check(tuple(finding for finding in found if finding.count), votes, ratings)


def _finding(kind: str, what: str, found: Collection[str]) -> Finding:
    return Finding(kind, what, len(found), tuple(sorted(found)[:3]))


def _contradicting(pairs: Iterable[Pair]) -> list[str]:
    """Pairs on a cycle of preferences; the shortest cycle is a pair and its reverse."""
    left = list(pairs)
    while True:  # a trajectory that is never preferred, or always, is not on a cycle
        preferred, other = {pair.preferred for pair in left}, {pair.other for pair in left}
        kept = [pair for pair in left if pair.preferred in other and pair.other in preferred]
        if len(kept) == len(left):
            break
        left = kept
    better: dict[str, set[str]] = {}
    for pair in left:
        better.setdefault(pair.preferred, set()).add(pair.other)
    return [pair.id for pair in left if pair.preferred in _reached(pair.other, better)]


def _reached(start: str, better: Mapping[str, set[str]]) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        new = better.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


def _against(taskset: TaskSet, annotations: Annotations) -> list[str]:
    labels: dict[str, float] = {r.id: r.success for r in taskset.rollouts.values() if r.success is not None}
    labels |= annotations.labels
    return [
        pair.id
        for pair in taskset.pairs
        if pair.preferred in labels and pair.other in labels and labels[pair.preferred] < labels[pair.other]
    ]


def _against_votes(taskset: TaskSet, annotations: Annotations) -> list[str]:
    last = {(vote.annotator, vote.sides): vote for vote in annotations.votes}
    ahead: Counter[tuple[str, str]] = Counter()  # votes for the first over the second, minus those against
    for vote in last.values():
        if not vote.tie:
            ahead[vote.preferred, vote.other] += 1
            ahead[vote.other, vote.preferred] -= 1
    return [pair.id for pair in taskset.pairs if ahead[pair.preferred, pair.other] < 0]


def _other_policy(taskset: TaskSet) -> list[str]:
    policy = {id: rollout.trajectory.policy for id, rollout in taskset.rollouts.items()}
    return [pair.id for pair in taskset.pairs if policy[pair.preferred] != policy[pair.other]]


def _left_out(taskset: TaskSet) -> tuple[str, ...]:
    return () if taskset.division is None else taskset.division.added


def _duplicates(taskset: TaskSet) -> list[str]:
    return _across_splits(taskset, lambda r: files.canonical_json(trajectory_to_json(r.trajectory)))


def _same_openings(taskset: TaskSet) -> list[str]:
    """The first trajectory of each opening, unless it is short, that occurs in several splits."""
    return _across_splits(taskset, lambda r: _opening(r.trajectory))


def _opening(trajectory: Trajectory) -> str | None:
    text = next((m.content.strip() for m in trajectory.messages if m.role == "user"), "")
    return text if len(text) >= _LONG_OPENING else None


def _across_splits(taskset: TaskSet, key: Callable[[Rollout], Any]) -> list[str]:
    splits: Splits = {} if taskset.division is None else taskset.division.splits
    split_of = {task: split for split, tasks in splits.items() for task in tasks}
    seen: dict[int, tuple[str, set[str]]] = {}
    for rollout in taskset.rollouts.values():
        value = key(rollout)
        if value is not None and rollout.task in split_of:
            seen.setdefault(hash(value), (rollout.id, set()))[1].add(split_of[rollout.task])
    return [id for id, where in seen.values() if len(where) > 1]


def _without_pairs(taskset: TaskSet) -> set[str]:
    return {rollout.task for rollout in taskset.rollouts.values()} - set(taskset.tasks_with_items)


def _with(taskset: TaskSet, is_doubtful: Callable[[Trajectory], bool]) -> list[str]:
    return [id for id, rollout in taskset.rollouts.items() if is_doubtful(rollout.trajectory)]


def _has_orphan(trajectory: Trajectory) -> bool:
    called = {call.id for m in trajectory.messages for call in m.tool_calls}
    return any(m.role == "tool" and m.tool_call_id not in called for m in trajectory.messages)


def _is_empty(trajectory: Trajectory) -> bool:
    return not any(m.role == "assistant" and (m.content.strip() or m.tool_calls) for m in trajectory.messages)


def _longer(window: int) -> Callable[[Trajectory], bool]:
    def is_longer(trajectory: Trajectory) -> bool:
        said = sum(len(m.content) + sum(len(str(c.arguments)) for c in m.tool_calls) for m in trajectory.messages)
        return (len(trajectory.policy) + said) / CHARS_PER_TOKEN > window

    return is_longer


def _cheap(taskset: TaskSet) -> Iterator[Finding]:
    found = most_telling(taskset.rollouts, taskset.pairs)
    if found is not None and found.pairs >= _TELLING_PAIRS and found.share >= _TELLING_SHARE:
        direction = "more" if found.more else "less"
        what = f"pairs that one cheap feature explains: the preferred run has {direction} of: {found.feature}"
        yield Finding("cheap-feature", what, round(found.share * found.pairs))


def _disagreeing(agreement: Agreement | None, items: str) -> Iterator[Finding]:
    if agreement is not None and agreement.alpha is not None and agreement.alpha < _LOW_ALPHA:
        what = f"{items} that annotators agree about little better than by chance"
        yield Finding("annotators", what, agreement.items)
