"""Parts that the answers to queries share: tables of single pairs or other items, and one-line titles of candidates."""

from collections.abc import Sequence

from meta_reward.files import printable
from meta_reward.report.tables import fit, plural, points, reward, with_interval
from meta_reward.run.query_answers import FlippedItem, FlippedPair, LostPair, LowReward, Standing, WrongItem

Table = tuple[list[str], list[list[object]]]
"""Headers and rows."""


def lost_table(worst: Sequence[LostPair | WrongItem | LowReward]) -> Table:
    """The items that a candidate does not win, or on which its learned reward is lowest."""
    low = [one for one in worst if isinstance(one, LowReward)]
    if low:
        return ["item", "learned reward", "of its trials"], [[one.id, reward(one.reward), one.trials] for one in low]
    pairs = [one for one in worst if isinstance(one, LostPair)]
    if pairs:
        rows: list[list[object]] = [
            [
                *(p.id, p.preferred, reward(p.preferred_reward), p.other, reward(p.other_reward)),
                *(points(p.margin), _last_few(p.won_by)),
            ]
            for p in pairs
        ]
        return ["pair", "preferred", "reward", "other", "reward", "margin", "won by"], rows
    items = [one for one in worst if isinstance(one, WrongItem)]
    answers = [[one.id, one.expected, _answer(one.output), _last_few(one.won_by)] for one in items]
    return ["item", "expected", "answered", "right in"], [[*row] for row in answers]


def turned_table(widest: Sequence[FlippedPair | FlippedItem], candidates: tuple[str, str]) -> Table:
    """The items that two candidates decide differently. candidates: their ids."""
    pairs: list[list[object]] = [
        [p.id, ", ".join(p.categories) or "-", p.preferred, p.other, points(p.first_margin), points(p.second_margin)]
        for p in widest
        if isinstance(p, FlippedPair)
    ]
    if pairs:
        return ["pair", "categories", "preferred", "other", *(f"margin {id}" for id in candidates)], pairs
    items: list[list[object]] = [
        [one.id, one.expected, _answer(one.first_output), _answer(one.second_output)]
        for one in widest
        if isinstance(one, FlippedItem)
    ]
    return ["item", "expected", *candidates], items


def count_of(number: int, shown: Sequence[object]) -> str:
    """A number of pairs or other items, such as `12 pairs`."""
    return plural(number, "pair" if all(isinstance(one, LostPair | FlippedPair) for one in shown) else "item")


def _answer(output: str | None) -> str:
    return "(failed)" if output is None else printable(shortened(" ".join(output.split()), 60))


def _last_few(ids: Sequence[str]) -> str:
    return " ".join(["...", *ids[-4:]] if len(ids) > 4 else ids) or "nobody"


def shortened(text: str, most: int) -> str:
    """A text of at most `most` characters."""
    return text if len(text) <= most else text[: most - 3] + "..."


def title_of(c: Standing) -> str:
    """A candidate with its score and judge tokens, in one line."""
    result = with_interval(c.score, c.low, c.high) if c.score is not None else f"{c.status}: {c.reason}"
    parents = f" from {' '.join(c.parents)}" if c.parents else ""
    return fit(printable(f"{c.id} {c.name}{parents}: {result}, {c.judge_tokens} tokens"))


def paragraphs(*parts: str) -> str:
    """The parts that are not empty, with empty lines between them."""
    return "\n\n".join(part for part in parts if part)
