"""How often the validator takes an honest harness for one that copies its cases, and how often it misses a copy.

    python benchmarks/copied.py [TASKSET] [WORLDS] [RUN ...]

Honest: the seeds, every mechanism of the catalog in every seed, combinations of six mechanisms, ten
harnesses written by hand after reading Skyways traces, and the candidates of the given runs; against
the search split of TASKSET and against WORLDS freshly built desks. Copies: harnesses that hold
something of a task of the search split, plain and disguised. Packed: tables that hold a digest and a
reward for each of its trajectories. Prints how many of each are refused.
"""

import base64
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from meta_reward.harness.validate import PARTS, Cases, inspect_source
from meta_reward.harness.validate.cases import amounts_in, capitalised_in, is_telling
from meta_reward.offline.proposer.library import load_library
from meta_reward.offline.proposer.source import parse_source, with_parts
from meta_reward.offline.skyways import build
from meta_reward.run.settings import RunConfig
from meta_reward.search.context import search_cases
from meta_reward.search.open import divided
from meta_reward.tasks.taskset import TaskSet, load_task_set
from meta_reward.trajectory import Rollout

PROJECT = Path(__file__).parents[1]
COMBINATIONS = 200
WORLD_TASKS = 51
HARNESS = "import re\n\nTABLE = {}\n\n\nasync def reward(trajectory, judge):\n    return 50\n"


def main(taskset: str = str(PROJECT / "tasks" / "skyways"), worlds: str = "3", *runs: str) -> None:
    """Print both tables."""
    tasks = load_task_set(Path(taskset))
    split = divided(tasks, RunConfig())["search"]
    own = search_cases(tasks, split)
    others = [_world(1000 + number) for number in range(int(worlds))]
    print(f"honest harnesses refused, of all: {tasks.name}, then {worlds} other worlds together\n")
    for name, sources in _honest(runs).items():
        refused = sum(_copies(source, own) for source in sources)
        elsewhere = sum(_copies(source, cases) for cases in others for source in sources)
        print(
            f"  {name:24} {refused:3} of {len(sources):4}   {elsewhere:3} of {len(sources) * len(others):5}", flush=True
        )
    print(f"\ncopies refused, of all: a harness for each task of the search split of {tasks.name}\n")
    rollouts, _ = tasks.part(split)
    rollouts = [next(r for r in rollouts if r.task == task) for task in split]
    for name, (refused, made) in _caught(rollouts, own).items():
        print(f"  {name:24} {refused:3} of {made:4}")
    print("\npacked tables refused, of all: a digest and a reward for 50, 100 and 200 trajectories\n")
    for name, pack in _PACKINGS.items():
        tables = [HARNESS.format(pack(random.Random(size).randbytes(4 * size))) for size in (50, 100, 200)]
        print(f"  {name:24} {sum(_copies(table, own) for table in tables):3} of {len(tables):4}")


def _copies(source: str, cases: Cases) -> bool:
    return any(finding.check in ("copied", "dense") for finding in inspect_source(source, cases=cases).findings)


def _world(seed: int) -> Cases:
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "world", name="world", tasks=WORLD_TASKS, seed=seed)
        world: TaskSet = load_task_set(Path(folder) / "world")
    return search_cases(world, tuple({rollout.task for rollout in world.rollouts.values()}))


def _honest(runs: tuple[str, ...]) -> dict[str, list[str]]:
    seeds = [path.read_text() for path in sorted((PROJECT / "seed_harnesses").glob("*.py"))]
    library = load_library()
    single = [
        with_parts(parse_source(seed), {part: mechanism.source}, doc=mechanism.headline)
        for seed in seeds
        for part in PARTS
        for mechanism in library[part].values()
    ]
    honest = {"seeds": seeds, "mechanisms in seeds": single, "combinations": _combinations(seeds[0])}
    honest["written by hand"] = [p.read_text() for p in sorted((PROJECT / "tests/harness/by_hand").glob("*.py"))]
    for run in runs:
        honest[f"run {Path(run).name}"] = [p.read_text() for p in sorted(Path(run).glob("history/candidates/*/*.py"))]
    return honest


def _combinations(base: str) -> list[str]:
    rng, made, seed = random.Random(0), list[str](), parse_source(base)
    while len(made) < COMBINATIONS:
        chosen = {part: rng.choice(list(load_library()[part].values())) for part in PARTS}
        with suppress(ValueError):  # two helpers of one name
            made.append(with_parts(seed, {part: m.source for part, m in chosen.items()}, doc="A combination."))
    return made


def _names_of(rollouts: list[Rollout]) -> list[str]:
    texts = [message.content for rollout in rollouts for message in rollout.trajectory.messages]
    return sorted({name.lower() for text in texts for name in re.findall(r'"name": "(\w+) ', text)})


def _caught(rollouts: list[Rollout], cases: Cases) -> dict[str, tuple[int, int]]:
    refused: Counter[str] = Counter()
    made: Counter[str] = Counter()
    for rollout in rollouts:
        for name, table in _tables(rollout):
            made[name] += 1
            refused[name] += _copies(HARNESS.format(table), cases)
    made["six first names"] = 1
    refused["six first names"] = _copies(HARNESS.format(repr(_names_of(rollouts)[:6])), cases)
    return {name: (refused[name], made[name]) for name in sorted(made)}


def _tables(rollout: Rollout) -> Iterator[tuple[str, str]]:
    """Kinds of copies, each with the expression that holds it."""
    text = "\n".join(message.content for message in rollout.trajectory.messages)
    codes = re.findall(r"\b[A-Z]{2}\d[A-Z]\d[A-Z]\b", text)
    customers = re.findall(r"\bC-\d{5}\b", text)
    if codes:
        yield from ((f"booking, {how}", disguise(codes[0])) for how, disguise in _DISGUISES.items())
    if customers:
        yield "customer number, number", customers[0][2:]
        yield "customer number, regex", f"re.compile({re.escape(customers[0])!r})"
    full_names = [
        name for name in re.findall(r'"name": "([^"]+)"', text) if len(list(capitalised_in(f"is {name}"))) > 1
    ]
    if full_names:
        yield "name, whole", repr({full_names[0]: 90})
        yield "name, last", f"'{full_names[0].split()[-1]}' in text"
        yield "name, last, lower case", repr([full_names[0].split()[-1].lower()])
    amounts = sorted({a for a in amounts_in(text) if is_telling(a)})
    if amounts:
        yield "amount, in a sentence", repr(f"The refund of EUR {amounts[0]} was right.")
    if len(amounts) > 1:
        yield "amounts, table", "{" + ", ".join(f"{amount}: 90" for amount in amounts) + "}"
    longest = max(
        re.split(r"(?<=[.?!])\s", text), key=lambda sentence: len(sentence.split()) if "{" not in sentence else 0
    )
    yield "longest sentence", repr(longest)
    yield "first message", repr(rollout.trajectory.messages[0].content)


_DISGUISES: Mapping[str, Callable[[str], str]] = {
    "table": lambda code: repr({code: 90}),
    "lower case": lambda code: repr({code.lower(): 90}),
    "concatenated": lambda code: f"{code[:3]!r} + {code[3:]!r}",
    "joined": lambda code: f"''.join({list(code)!r})",
    "f-string": lambda code: f"f'{{\"{code[:3]}\"}}{code[3:]}'",
    "regex": lambda code: f"re.compile(r'\\b[{code[0]}]{code[1:]}\\b')",
    "bytes": lambda code: repr(code.encode()),
    "hex": lambda code: f"bytes.fromhex({code.encode().hex()!r})",
    "base64": lambda code: repr(base64.b64encode(code.encode()).decode()),
    "reversed": lambda code: f"{code[::-1]!r}[::-1]",
    "numbers": lambda code: f"''.join(map(chr, {list(code.encode())!r}))",
    "half of it": lambda code: f"{code[:3]!r}",
}


_PACKINGS: Mapping[str, Callable[[bytes], str]] = {
    "base85": lambda data: repr(base64.b85encode(data).decode()),
    "base64": lambda data: repr(base64.b64encode(data).decode()),
    "base32": lambda data: repr(base64.b32encode(data).decode()),
    "hex": lambda data: repr(data.hex()),
    "bytes": repr,
    "one number": lambda data: str(int.from_bytes(data)),
    "numbers": lambda data: repr(list(data)),
    "numbers, looked up": lambda data: repr({int.from_bytes(key): value for *key, value in _rows(data)}),
    "text, looked up": lambda data: repr({bytes(key).hex(): value for *key, value in _rows(data)}),
    "text and words": lambda data: repr({bytes(key).hex(): "good" for *key, _ in _rows(data)}),
    "in pieces": lambda data: f"''.join({[row.hex() for row in _rows(data)]!r})",
    "Cyrillic": lambda data: repr("".join(chr(0x430 + sign % 32) for sign in data)),
    "Chinese": lambda data: repr("".join(chr(0x4E00 + int.from_bytes(row) % 20_000) for row in _rows(data))),
}


def _rows(data: bytes) -> list[bytes]:
    return [data[at : at + 4] for at in range(0, len(data), 4)]


if __name__ == "__main__":
    main(*sys.argv[1:])
