"""What a corpus costs: seconds to index so many texts, milliseconds to answer, memory.

    python benchmarks/retrieval.py [TEXTS ...] [--from PROBLEMS.jsonl]

The texts are those of tasks/puzzles, or problems and solutions of a file. Where more are wanted than there are, they
are repeated with a third of their words drawn from the whole, and one in fifty of those is new. Queries are problems as
they stand, with and without a filter that a part of the texts passes, and the longest query that is allowed. Processor
time, of one process for each number of texts.
"""

import json
import multiprocessing
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from meta_reward.kinds.corpus import MAX_QUERY_CHARS
from meta_reward.kinds.corpus_index import CorpusIndex
from meta_reward.tasks.problems import CorpusText

PUZZLES = Path(__file__).parents[1] / "tasks" / "puzzles" / "corpus.jsonl"
QUERIES = 200


def main(*arguments: str) -> None:
    """Print the table."""
    sizes = [int(argument) for argument in arguments if argument.isdigit()] or [7500, 50_000]
    source = Path(arguments[arguments.index("--from") + 1]) if "--from" in arguments else PUZZLES
    print("   texts  index s  answer ms  with filter  longest query  no word known  memory MB", flush=True)
    for size in sizes:
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(size, source))
        process.start()
        process.join()


def measure(size: int, source: Path) -> None:
    """Print one row."""
    corpus = texts(size, source)
    began = time.process_time()
    index = CorpusIndex(corpus)
    built = time.process_time() - began
    queries = [entry.text.partition("\n\n")[0] for entry in random.Random(1).sample(corpus, min(QUERIES, size))]
    longest = " ".join(entry.text for entry in corpus[:200])[:MAX_QUERY_CHARS]
    cells = (
        _ms(queries, lambda query: index.search(query, k=5, where={})),
        _ms(queries, lambda query: index.search(query, k=5, where={"part": [1, 2]})),
        _ms([longest] * 5, lambda query: index.search(query, k=50, where={})),
        _ms(["zzzz"] * 5, lambda query: index.search(query, k=50, where={})),
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{size:>8,}{built:>9.1f}" + "".join(f"{ms:>{w}.2f}" for ms, w in zip(cells, (11, 13, 15, 15), strict=True)),
        end="",
    )
    print(f"{memory:>11,.0f}", flush=True)


def texts(size: int, source: Path) -> list[CorpusText]:
    """So many texts."""
    chance = random.Random(0)
    rows = [json.loads(line) for line in source.read_text().splitlines()]
    known = [row.get("text") or f"{row['problem']}\n\n{row.get('solution', '')}" for row in rows]
    words = [word for text in known for word in text.split(" ")]
    made = known[:size]
    while len(made) < size:
        made.append(" ".join(_noise(word, words, chance) for word in known[len(made) % len(known)].split(" ")))
    return [CorpusText(str(number), text, {"part": number % 7}) for number, text in enumerate(made)]


def _noise(word: str, words: list[str], chance: random.Random) -> str:
    draw = chance.random()
    return word if draw < 2 / 3 else chance.choice(words) if draw < 0.993 else f"w{chance.randrange(10**7)}"


def _ms(queries: list[str], search: Callable[[str], object]) -> float:
    began = time.process_time()
    for query in queries:
        search(query)
    return (time.process_time() - began) / len(queries) * 1000


if __name__ == "__main__":
    main(*sys.argv[1:])
