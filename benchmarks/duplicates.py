"""How many planted duplicates an import leaves out of a corpus, by how they were changed.

    python benchmarks/duplicates.py [PROBLEMS.jsonl] [--plants N]

Half of the problems are to be solved, the others are worked examples, to which N copies of the first half are added
for each change. Without a file, the problems of tasks/puzzles. `left alone` are the examples that nobody planted.

    exact       as it stands                       renamed     every variable has another name
    spaces      other spaces and line ends         reordered   its sentences in another order
    both        renamed and reordered              one word    one word of five letters or more is another

Copies in which a change changes nothing, such as those of one sentence, are not counted.
"""

import json
import random
import re
import string
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from meta_reward.tasks.importers.near_duplicates import Duplicates, fingerprint

PUZZLES = Path(__file__).parents[1] / "tasks" / "puzzles" / "problems.jsonl"
_VARIABLE = re.compile(r"(?<![A-Za-z\\])[b-zB-HJ-Z](?![A-Za-z])")


def main(*arguments: str) -> None:
    """Print the table."""
    files = [Path(argument) for argument in arguments if argument.endswith(".jsonl")] or [PUZZLES]
    plants = int(arguments[arguments.index("--plants") + 1]) if "--plants" in arguments else 500
    rows = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    problems = list(dict.fromkeys(row["problem"] for row in rows))
    random.Random(0).shuffle(problems)
    solved, others = problems[: len(problems) // 2], problems[len(problems) // 2 :]
    began = time.process_time()
    prints = [fingerprint(problem) for problem in solved]
    known = Duplicates(prints, among=[fingerprint(problem) for problem in others])
    false = sum(bool(known.find(fingerprint(problem))) for problem in others)
    print(f"{len(solved)} problems, {len(others)} examples: {time.process_time() - began:.1f} s of processor time")
    for name, change in CHANGES.items():
        copies = [(problem, change(problem, random.Random(problem))) for problem in solved[:plants]]
        planted = [copy for problem, copy in copies if copy != problem or name == "exact"]
        found = sum(bool(known.find(fingerprint(copy))) for copy in planted)
        print(f"{name:<12}{found:>6} of {len(planted):<6}{100 * found / max(1, len(planted)):>6.1f}%")
    print(f"{'left alone':<12}{len(others) - false:>6} of {len(others):<6}{100 - 100 * false / len(others):>6.1f}%")


def _spaces(problem: str, chance: random.Random) -> str:
    return re.sub(r"\s+", lambda _: chance.choice(["  ", "\n", " \n ", "\t"]), problem)


def _renamed(problem: str, chance: random.Random) -> str:
    """Each letter that stands alone as another, the same one everywhere."""
    names = dict(zip(string.ascii_lowercase, chance.sample(string.ascii_lowercase, 26), strict=True))
    names |= {name.upper(): other.upper() for name, other in names.items()}
    return _VARIABLE.sub(lambda found: names[found[0]], problem)


def _reordered(problem: str, chance: random.Random) -> str:
    sentences = re.split(r"(?<=[.?!])\s+", problem.strip())
    order: Sequence[str] = chance.sample(sentences, len(sentences))
    return " ".join(order)


def _one_word(problem: str, chance: random.Random) -> str:
    words = re.findall(r"(?<![\\A-Za-z])[a-z]{5,}(?![A-Za-z])", problem)
    return problem.replace(chance.choice(words), "another", 1) if words else problem


CHANGES: dict[str, Callable[[str, random.Random], str]] = {
    "exact": lambda problem, chance: problem,
    "spaces": _spaces,
    "renamed": _renamed,
    "reordered": _reordered,
    "both": lambda problem, chance: _reordered(_renamed(problem, chance), chance),
    "one word": _one_word,
}


if __name__ == "__main__":
    main(*sys.argv[1:])
