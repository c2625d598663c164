"""The corpus that programs of kind `solve` may ask: the parent's side of `corpus.search`.

What a program sends is checked here, and what it asked and found is recorded here, so that no program can forge it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from meta_reward.files import printable
from meta_reward.harness.host import Refusal
from meta_reward.kinds.corpus_index import CorpusIndex, Hit
from meta_reward.tasks.problems import Scalar

MAX_TEXTS = 50
MAX_QUERY_CHARS = 10_000
_MAX_VALUES = 100
_MAX_RECORDED = 1_000
"""The most found texts whose ids are recorded in one run: no honest program shows its model as many."""
_MAX_INTEGER = 2**53  # larger integers cannot be metadata, and not every JSON reader can read them
_ARGUMENTS = {"query", "k", "where"}


class CorpusHost:
    """The `Host` of one run of a program."""

    def __init__(self, index: CorpusIndex) -> None:
        self._index = index
        self._record: list[Any] = []
        self._recorded = 0

    async def use(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The texts that a search finds, each with its score and metadata. Raises Refusal."""
        try:
            query, k, where = self._search(name, arguments)
        except Refusal as error:
            self._record.append({"refused": str(error)})
            raise
        hits = self._index.search(query, k=k, where=where)
        self._record.append({"query": query, "k": k, "where": dict(where), **self._found(hits)})
        return [{"text": hit.entry.text, "score": hit.score, "metadata": dict(hit.entry.metadata)} for hit in hits]

    def record(self) -> list[Any]:
        """Every search so far with the ids and scores of what it found, or why it was refused.

        Past _MAX_RECORDED texts, ids are only counted.
        """
        return list(self._record)

    def waited_s(self) -> float:
        """Nothing: it answers at once."""
        return 0.0

    async def close(self, *, ended: bool) -> None:
        """It holds nothing open."""

    def _found(self, hits: Sequence[Hit]) -> dict[str, Any]:
        shown = hits[: max(0, _MAX_RECORDED - self._recorded)]
        self._recorded += len(hits)
        counted = {"more": len(hits) - len(shown)} if len(shown) < len(hits) else {}
        return {"found": [_recorded(hit) for hit in shown], **counted}

    def _search(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, int, Mapping[str, Sequence[Scalar]]]:
        if name != "search":
            raise Refusal(f"a corpus has no {_brief(name)}: it has search")
        unknown = sorted(set(arguments) - _ARGUMENTS)
        if unknown:
            raise Refusal(f"corpus.search() takes no {_brief(unknown[0])}: it takes query, k and where")
        return _query(arguments.get("query")), _count(arguments.get("k", 5)), self._where(arguments.get("where"))

    def _where(self, where: Any) -> Mapping[str, Sequence[Scalar]]:
        if not isinstance(where, Mapping | None):
            raise Refusal(f"where is of type {type(where).__name__}, not a dictionary of values by key")
        return {key: self._values(key, value) for key, value in (where or {}).items()}

    def _values(self, key: str, value: Any) -> Sequence[Scalar]:
        if key not in self._index.keys:
            known = ", ".join(self._index.keys) or "none"
            raise Refusal(f"no text of the corpus has metadata {_brief(key)}; known are: {known}")
        values = value if isinstance(value, list) else [value]
        if len(values) > _MAX_VALUES:
            raise Refusal(f"where has {len(values):,} values for {_brief(key)}, more than {_MAX_VALUES}")
        if not all(_is_scalar(one) for one in values):
            raise Refusal(f"where wants a text, a number, a truth value or a list of them for {_brief(key)}")
        return values


def _query(query: Any) -> str:
    if not isinstance(query, str):
        raise Refusal(f"query is of type {type(query).__name__}, not text")
    if len(query) > MAX_QUERY_CHARS:
        raise Refusal(f"query has {len(query):,} characters, more than {MAX_QUERY_CHARS:,}")
    return query


def _count(k: Any) -> int:
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= MAX_TEXTS:
        raise Refusal(f"k is {_brief(k)}, not a whole number from 1 to {MAX_TEXTS}")
    return k


def _is_scalar(value: Any) -> bool:
    return isinstance(value, Scalar) and not (isinstance(value, int) and abs(value) > _MAX_INTEGER)


def _recorded(hit: Hit) -> dict[str, Any]:
    return {"id": hit.entry.id, "score": round(hit.score, 4)}


def _brief(value: Any) -> str:
    value = value[:60] if isinstance(value, str) else value
    text = printable(repr(value) if value is None or _is_scalar(value) else f"a {type(value).__name__}")
    return text if len(text) <= 60 else f"{text[:57]}..."
