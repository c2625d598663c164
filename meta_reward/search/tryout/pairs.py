"""Which pairs a draft is tried on: those that are named, else a few that cover categories and tasks."""

import difflib
import random
from collections import Counter
from collections.abc import Sequence

from meta_reward.errors import ProposerError
from meta_reward.trajectory import Pair

DEFAULT_PAIRS = 12
MAX_PAIRS = 40


def choose_pairs(pairs: Sequence[Pair], names: Sequence[str], *, seed: int) -> list[Pair]:
    """The pairs with these names, which may be ids of pairs, tasks or categories; a sample without any.

    Of more than MAX_PAIRS a sample. Raises ProposerError for a name that nothing has.
    """
    if not names:
        return sample(pairs, DEFAULT_PAIRS, seed=seed)
    for name in names:
        if not any(_has(pair, name) for pair in pairs):
            raise ProposerError(
                f"there is no pair, task or category {name!r} in the search split: {_close(pairs, name)}"
            )
    return sample([pair for pair in pairs if any(_has(pair, name) for name in names)], MAX_PAIRS, seed=seed)


def sample(pairs: Sequence[Pair], count: int, *, seed: int) -> list[Pair]:
    """At most `count` pairs, in turn from each category and from the tasks that have had fewest; sorted by id.

    The same for the same seed, so that drafts can be compared and their judge calls found in the cache.
    """
    shuffled = sorted(pairs, key=lambda pair: pair.id)
    random.Random(seed).shuffle(shuffled)
    waiting: dict[str, list[Pair]] = {}
    for pair in shuffled:
        waiting.setdefault(min(pair.categories, default=""), []).append(pair)
    chosen: list[Pair] = []
    tasks: Counter[str] = Counter()
    while len(chosen) < min(count, len(pairs)):
        for name in sorted(name for name, queue in waiting.items() if queue)[: count - len(chosen)]:
            pair = min(waiting[name], key=lambda pair: tasks[pair.task])
            waiting[name].remove(pair)
            tasks[pair.task] += 1
            chosen.append(pair)
    return sorted(chosen, key=lambda pair: pair.id)


def _has(pair: Pair, name: str) -> bool:
    return name in (pair.id, pair.task, *pair.categories)


def _close(pairs: Sequence[Pair], name: str) -> str:
    known = sorted({known for pair in pairs for known in (pair.id, pair.task, *pair.categories)})
    close = difflib.get_close_matches(name, known, n=4, cutoff=0.5)
    return f"did you mean {', '.join(close)}?" if close else f"there are {', '.join(known[:4])}, ..."
