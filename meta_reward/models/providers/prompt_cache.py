"""Which beginnings of prompts are shared, so that a provider may be told to keep them.

Prompts of one harness start alike (policy, rubric) and then differ by trajectory. Those that start
alike form a family; what all of a family's prompts have had in common so far, up to a line's end, is
its shared beginning. A mark changes what a call costs, never what it asks.
"""

from collections import OrderedDict

FEWEST_CHARS = 4096  # about 1024 tokens: no provider keeps less
_FAMILY_CHARS = 512
_MOST_FAMILIES = 256
_MOST_CHARS = 200_000  # of a beginning: a candidate's prompts may be as long as it likes


class SharedPrefixes:
    """Remembers the beginnings of texts, the latest families only."""

    def __init__(self) -> None:
        self._families: OrderedDict[str, str] = OrderedDict()

    def shared_length(self, text: str) -> int:
        """How many characters at its start this text shares with all before it in its family; 0 where too few."""
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
    """The length of what two texts start with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
