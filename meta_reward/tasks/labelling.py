"""Labels that people give by hand: votes between two trajectories, and the pairs that follow from the votes.

A label is a vote in `votes.jsonl`. A pair that the task set did not have before follows from its votes: the majority
decides its entry in `pairs.jsonl`, and while the votes are evenly divided it has none. Votes never change a pair that
was given with the task set; `tasks check` counts the pairs that they contradict.

Each write is atomic and starts, under a lock, from what is on disk, so several people can label at the same time. If a
process is killed between writing the two files, the next label completes the work.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.tasks.annotations import Vote, load_annotations, save_votes
from meta_reward.tasks.lock import locked
from meta_reward.tasks.pairs import pair_ids
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Pair

Sides = tuple[str, str]
"""Two trajectories of a task, by id, in the order of ids."""
ANY, GIVEN, NEW = "any", "given", "new"
WHICH = (ANY, GIVEN, NEW)
"""Which couples of trajectories to label: all, those that are a pair already, or those that are not."""
_PAIRS = "pairs.jsonl"
_LONGEST_NAME = 100


def check_annotator(name: str) -> None:
    """Raise UsageError unless a text is valid as an annotator's name."""
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        what = f"{name[:_LONGEST_NAME]!r} is not a name for an annotator"
        raise UsageError(what, hint="give a name of 1 to 100 printable characters")


def sides_of(pair: Pair) -> Sides:
    """The two trajectories of a pair, in the order of ids."""
    first, second = sorted((pair.preferred, pair.other))
    return first, second


def couples_of(taskset: TaskSet, tasks: Collection[str], which: str = ANY) -> list[Sides]:
    """Every couple of trajectories of the same task, for these tasks, in the order of ids.

    which: `given` for pairs that do not come from labels, `new` for all others.
    """
    by_task: dict[str, list[str]] = {task: [] for task in sorted(tasks)}
    for id, rollout in sorted(taskset.rollouts.items()):
        if rollout.task in by_task:
            by_task[rollout.task].append(id)
    every = [sides for ids in by_task.values() for sides in combinations(ids, 2)]
    if which == ANY:
        return every
    given = {sides_of(pair) for pair in taskset.pairs} - _made(load_annotations(taskset.path).votes)
    return [sides for sides in every if (sides in given) == (which == GIVEN)]


def votes_of(folder: Path, annotator: str) -> list[Vote]:
    """The votes of an annotator, labelled here or imported, oldest first."""
    return [vote for vote in load_annotations(folder).votes if vote.annotator == annotator]


def save_label(folder: Path, vote: Vote, tasks: Mapping[str, str]) -> None:
    """Store a label, replacing an earlier one of the same annotator, and the pair that follows from it.

    tasks: the task of each trajectory of the task set, by trajectory id.
    """
    with locked(folder):
        before, lines = load_annotations(folder).votes, _load_lines(folder)
        given = {line.sides for line in lines} - _made(before)
        kept = [one for one in before if (one.annotator, one.sides) != (vote.annotator, vote.sides)]
        votes = [*kept, _with_made(vote, made=vote.sides not in given)]
        save_votes(folder, votes)
        _save_pairs(folder, lines, votes, tasks)


def withdraw_label(folder: Path, annotator: str, sides: Sides, tasks: Mapping[str, str]) -> None:
    """Remove a label, and its pair if nothing else supports it. tasks: as for `save_label`."""
    with locked(folder):
        before, lines = load_annotations(folder).votes, _load_lines(folder)
        votes = [one for one in before if (one.annotator, one.sides) != (annotator, sides)]
        gone = _made(before) - _made(votes)  # pairs first: without its votes, a pair would count as given
        _save_pairs(folder, [line for line in lines if line.sides not in gone], votes, tasks)
        save_votes(folder, votes)


@dataclass(frozen=True, slots=True)
class _Line:
    """A pair and its line in the file."""

    pair: Pair
    raw: bytes

    @property
    def sides(self) -> Sides:
        return sides_of(self.pair)


def _load_lines(folder: Path) -> list[_Line]:
    path = folder / _PAIRS
    raw = [line for line in files.read_bytes(path).split(b"\n") if line.strip()]
    with files.reading(path):
        return [
            _Line(_pair(value), line + b"\n") for (_, value), line in zip(files.numbered_lines(path), raw, strict=True)
        ]


def _pair(value: Mapping[str, object]) -> Pair:
    id, task, preferred, other = (str(value[name]) for name in ("id", "task", "preferred", "other"))
    categories = value.get("categories", ())
    return Pair(id, task, preferred, other, tuple(categories) if isinstance(categories, list) else ())


def _save_pairs(folder: Path, lines: Sequence[_Line], votes: Sequence[Vote], tasks: Mapping[str, str]) -> None:
    """Write the pairs if they have changed; the lines of given pairs stay the same, byte for byte."""
    after = list(_settled(lines, votes, tasks))
    if b"".join(after) != files.read_bytes(folder / _PAIRS):
        files.write_bytes(folder / _PAIRS, b"".join(after))


def _settled(lines: Sequence[_Line], votes: Sequence[Vote], tasks: Mapping[str, str]) -> Iterator[bytes]:
    said: dict[Sides, list[Vote]] = {sides: [] for sides in sorted(_made(votes))}
    for vote in votes:
        if vote.sides in said:
            said[vote.sides].append(vote)
    taken: dict[str, set[str]] = {}
    for line in lines:
        taken.setdefault(line.pair.task, set()).add(line.pair.id)
        if line.sides not in said:
            yield line.raw
        elif (pair := _verdict(said.pop(line.sides), line.pair.id, line.pair.task)) is not None:
            yield line.raw if pair == line.pair else files.dump_line(pair)
    for sides, of_it in said.items():
        if sides[0] in tasks:
            task = tasks[sides[0]]
            id = next(pair_ids(task, taken.setdefault(task, set())))
            if (pair := _verdict(of_it, id, task)) is not None:
                taken[task].add(id)
                yield files.dump_line(pair)


def _verdict(said: Iterable[Vote], id: str, task: str) -> Pair | None:
    """The pair that the majority of votes prefers, with the categories they name; None if they are evenly divided."""
    votes = list({vote.annotator: vote for vote in said}.values())
    share = sum(vote.value for vote in votes) / len(votes)
    if share == 0.5:
        return None
    first, second = votes[0].sides
    best, other = (first, second) if share > 0.5 else (second, first)
    agreeing = (vote for vote in votes if vote.preferred == best and not vote.tie)
    return Pair(id, task, best, other, tuple(dict.fromkeys(name for vote in agreeing for name in vote.categories)))


def _made(votes: Iterable[Vote]) -> set[Sides]:
    return {vote.sides for vote in votes if vote.made}


def _with_made(vote: Vote, *, made: bool) -> Vote:
    return Vote(vote.annotator, vote.preferred, vote.other, vote.tie, vote.categories, made, vote.when)
