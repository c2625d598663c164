"""Which prefixes prompts share, so that the provider can be told to cache them.

The prompts of one harness start with the same text (policy, rubric) and then differ by trajectory. Prompts with the
same first characters form a family; its shared prefix is what all of them have had in common so far, up to the end
of a line. Marking it changes what a call costs, never what it asks.
"""

from collections import OrderedDict

FEWEST_CHARS = 4096  # about 1024 tokens: no provider caches less
_FAMILY_CHARS = 512
_MOST_FAMILIES = 256
_MOST_CHARS = 200_000  # of a prefix, because a candidate's prompts may have any length


class SharedPrefixes:
    """The shared prefixes of the families that were used last."""

    def __init__(self) -> None:
        self._families: OrderedDict[str, str] = OrderedDict()

    def shared_length(self, text: str) -> int:
        """How many characters this text shares with all earlier ones of its family; 0 if too few to cache."""
        family = text[:_FAMILY_CHARS]
        known = self._families.get(family)
        shared = text[:_MOST_CHARS] if known is None else text[: _common(known, text)]
        self._families[family] = shared
        self._families.move_to_end(family)
        if len(self._families) > _MOST_FAMILIES:
            self._families.popitem(last=False)
        if known is None:
            return 0
        end = len(text) if shared == text else shared.rfind("\n") + 1
        return end if end >= FEWEST_CHARS else 0


def _common(one: str, other: str) -> int:
    """The length of the common prefix of two texts."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
