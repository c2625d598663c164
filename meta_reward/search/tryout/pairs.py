"""Choose the items, such as pairs, that a draft is tried on: those named, else a few across categories and tasks."""

import difflib
import random
from collections import Counter
from collections.abc import Sequence

from meta_reward.errors import ProposerError
from meta_reward.evaluation.outcome import Item

DEFAULT_ITEMS = 12
MAX_ITEMS = 40


def choose_items(items: Sequence[Item], names: Sequence[str], *, seed: int, noun: str = "pair") -> list[Item]:
    """The items with these names, which may be ids of items, tasks or categories; without names, a sample.

    More than MAX_ITEMS are sampled down to MAX_ITEMS. Raises ProposerError for an unknown name.
    """
    if not names:
        return sample(items, DEFAULT_ITEMS, seed=seed)
    for name in names:
        if not any(_has(item, name) for item in items):
            raise ProposerError(
                f"there is no {noun}, task or category {name!r} in the search split: {_close(items, name)}"
            )
    return sample([item for item in items if any(_has(item, name) for name in names)], MAX_ITEMS, seed=seed)


def sample(items: Sequence[Item], count: int, *, seed: int) -> list[Item]:
    """At most `count` items, in turn from each category and from the tasks drawn least so far; sorted by id.

    The same for the same seed, so that drafts can be compared and their judge calls found in the cache.
    """
    shuffled = sorted(items, key=lambda item: item.id)
    random.Random(seed).shuffle(shuffled)
    waiting: dict[str, list[Item]] = {}
    for item in shuffled:
        waiting.setdefault(min(item.categories, default=""), []).append(item)
    chosen: list[Item] = []
    tasks: Counter[str] = Counter()
    while len(chosen) < min(count, len(items)):
        for name in sorted(name for name, queue in waiting.items() if queue)[: count - len(chosen)]:
            item = min(waiting[name], key=lambda item: tasks[item.task])
            waiting[name].remove(item)
            tasks[item.task] += 1
            chosen.append(item)
    return sorted(chosen, key=lambda item: item.id)


def _has(item: Item, name: str) -> bool:
    return name in (item.id, item.task, *item.categories)


def _close(items: Sequence[Item], name: str) -> str:
    known = sorted({known for item in items for known in (item.id, item.task, *item.categories)})
    close = difflib.get_close_matches(name, known, n=4, cutoff=0.5)
    return f"did you mean {', '.join(close)}?" if close else f"there are {', '.join(known[:4])}, ..."
