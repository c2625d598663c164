"""A BM25 index of a corpus, in memory, built once per process and corpus.

A word is a run of letters or digits, ignoring case, or one character of Chinese, Japanese or Korean. Each word of a
query counts once, however often it is repeated. Needs the package bm25s (`pip install 'meta-reward[solve]'`).
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_reward.errors import UsageError
from meta_reward.tasks.problems import CorpusText, Scalar

if TYPE_CHECKING:
    import numpy

_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_KEPT = 2  # indices in memory; a search needs one
_built: "dict[str, CorpusIndex]" = {}


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that was found."""

    entry: CorpusText
    score: float


class CorpusIndex:
    """Finds texts by words and metadata. Raises UsageError if bm25s is not installed."""

    def __init__(self, corpus: Sequence[CorpusText]) -> None:
        try:
            import bm25s
        except ImportError:
            hint = "pip install 'meta-reward[solve]'"
            raise UsageError("bm25s, which searches a corpus, is not installed", hint=hint) from None
        import numpy

        self._corpus = corpus
        self._words: dict[str, int] = {}
        documents = [[self._words.setdefault(word, len(self._words)) for word in words_of(e.text)] for e in corpus]
        self._ranking = bm25s.BM25()
        if self._words:
            self._ranking.index((documents, self._words), show_progress=False, create_empty_token=False)
        self._draws = numpy.array([zlib.crc32(entry.id.encode()) for entry in corpus], dtype=numpy.uint64)
        self._where = _positions_of(corpus)

    @property
    def keys(self) -> list[str]:
        """The names of all metadata, sorted."""
        return sorted(self._where)

    def search(self, query: str, *, k: int, where: Mapping[str, Sequence[Scalar]]) -> list[Hit]:
        """The k texts with the highest scores, best first; ties are in an order drawn from the query.

        where: for each key, values of which a text must have one. Raises KeyError for a key not in `keys`.
        """
        import numpy

        words = {self._words[word]: None for word in words_of(query) if word in self._words}
        scores = self._ranking.get_scores(list(words)) if words else numpy.zeros(len(self._corpus), numpy.float32)
        among = self._allowed(where) if where else numpy.arange(len(self._corpus))
        if len(among) > k:
            least = numpy.partition(scores[among], len(among) - k)[len(among) - k]
            among = among[scores[among] >= least]
        drawn = _mixed(self._draws[among] ^ numpy.uint64(zlib.crc32(query.encode(errors="replace")) << 32))
        order = numpy.lexsort((drawn, -scores[among]))[:k]
        return [Hit(self._corpus[position], float(scores[position])) for position in among[order].tolist()]

    def _allowed(self, where: Mapping[str, Sequence[Scalar]]) -> "numpy.ndarray[Any, Any]":
        """Positions of the texts that have one of the values under each key."""
        import numpy

        allowed = numpy.ones(len(self._corpus), dtype=bool)
        for key, values in where.items():
            has_one = numpy.zeros(len(self._corpus), dtype=bool)
            for value in values:
                has_one[self._where[key].get(_typed(value), [])] = True
            allowed &= has_one
        return numpy.flatnonzero(allowed)


def index_of(digest: str, corpus: Sequence[CorpusText]) -> CorpusIndex:
    """The index of a corpus, built on first use. digest: identifies the corpus."""
    if digest not in _built:
        while len(_built) >= _KEPT:
            del _built[next(iter(_built))]
        _built[digest] = CorpusIndex(corpus)
    return _built[digest]


def words_of(text: str) -> list[str]:
    """The words of a text, in order."""
    return _WORD.findall(text.lower())


def _positions_of(corpus: Sequence[CorpusText]) -> "dict[str, dict[object, numpy.ndarray[Any, Any]]]":
    """Where each value of metadata occurs, by its key."""
    import numpy

    found: dict[str, dict[object, list[int]]] = defaultdict(lambda: defaultdict(list))
    for position, entry in enumerate(corpus):
        for key, value in entry.metadata.items():
            found[key][_typed(value)].append(position)
    return {key: {value: numpy.array(at) for value, at in values.items()} for key, values in found.items()}


def _typed(value: Scalar) -> object:
    """A dictionary key for the value that tells true from 1."""
    return (bool, value) if isinstance(value, bool) else value


def _mixed(keys: "numpy.ndarray[Any, Any]") -> "numpy.ndarray[Any, Any]":
    """Pseudo-random numbers from keys, the same on every machine (the finalizer of splitmix64)."""
    import numpy

    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        keys = (keys ^ (keys >> numpy.uint64(shift))) * numpy.uint64(factor)
    return numpy.asarray(keys ^ (keys >> numpy.uint64(31)))
