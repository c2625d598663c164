"""Does a kill cost anything? Searches killed at random instants and started again, against one that nobody touched.

    python benchmarks/kills.py [--kills 200] [--seed 1] [--tasks 6] [--proposers catalog command stock]

Each search is one on a small world of Skyways, or with the proposer `stock` one over programs that learn and classify,
with a cache of its own. At a random instant one of these is killed:

    parent      the search itself
    commit      the search, or git, or both, while git runs
    worker      a process that runs a candidate; the search goes on
    zygote      the process that starts them; the search goes on
    proposer    the catalog, or a command that tries drafts; the search goes on (the stock is no process)

A search that has ended is started again, until it finishes. Then the run is compared with an untouched one: files that
are lost, or differ (but for calls, clocks and the sessions' records), commits, tags, what git says of its own files,
and what was left behind: locks, temporary files, processes. Prints a line for each target: kills, how many of them
ended the search, items lost, differing, repeated (a call whose reply was stored, and that was made again), left
behind; and how long a search that was started again took to go on.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from meta_reward.harness.process_limits import die_with_parent
from meta_reward.offline.skyways import build
from meta_reward.tasks.texts import load_text_set, save_text_set
from tests.conftest import files_of_run

PROJECT = Path(__file__).parents[1]
TARGETS = ("parent", "commit", "worker", "zygote", "proposer")
STOCK = "stock"
FAULTS = ("lost", "differing", "repeated", "left behind", "bugs")
BWRAP = ("bwrap", "/usr/bin/bwrap")
ZYGOTE = "meta_reward.harness.worker"
MOST_KILLS = 12  # of one search; then it is left to finish
PATIENCE_S = 300.0
TRIES = 4
SESSION = """#!/bin/sh
# A session as an agent has it: look, write a draft, try it, leave it.
for n in 1 2; do
  told="$META_REWARD_ITERATION-$n"
  mkdir -p "draft-$n"
  sed "s/how well the agent/in view of $told, how well the agent/" \\
    "$META_REWARD_HISTORY"/candidates/c0001-*/harness.py > "draft-$n/harness.py"
  printf -- '---\\nparents: [c0001]\\n---\\n## Hypothesis\\n\\nOther words: %s.\\n' "$told" > "draft-$n/proposal.md"
  said=$(meta-reward try "draft-$n" 2>&1) || { echo "$said" | tr '\\n' ' ' >&2; exit 7; }
done
"""


@dataclass(slots=True)
class Tally:
    """What kills of one target did."""

    kills: int = 0
    ended: int = 0
    """Kills that ended the search."""
    resumed_s: list[float] = field(default_factory=list)
    """From each start after a kill until the search did something new."""


@dataclass(frozen=True, slots=True)
class Proc:
    """A process below a search."""

    pid: int
    command: str
    is_below_zygote: bool
    started: str
    """Tells it from another process of the same number."""


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of search, and the untouched one to compare with."""

    folder: Path
    proposer: str
    seed: int
    seconds: float
    """What the untouched one took."""


def main() -> None:
    """Print the table; the exit code is 1 if a kill cost anything."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tasks", type=int, default=6)
    parser.add_argument("--proposers", nargs="+", default=["catalog", "command", "stock"])
    parser.add_argument(
        "--keep", type=Path, help="End at the first fault, and copy its run and the untouched one here."
    )
    given = parser.parse_args()
    tallies: dict[str, Tally] = {target: Tally() for target in TARGETS}
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, suppress(KeyboardInterrupt):
        kill_searches(Path(name), given, tallies, found)
    print_table(tallies, found)
    sys.exit(any(found[fault] for fault in FAULTS))


def kill_searches(folder: Path, given: argparse.Namespace, tallies: dict[str, Tally], found: Counter[str]) -> None:
    """One search after the other, until there were enough kills."""
    chance = random.Random(given.seed)
    cases = [make_case(folder, given.tasks, proposer, given.seed) for proposer in given.proposers]
    while (done := sum(tally.kills for tally in tallies.values())) < given.kills:
        case = cases[found["searches"] % len(cases)]
        found["searches"] += 1
        search = folder / f"search-{found['searches']}"
        cost = kill_and_finish(case, search, chance, tallies, most=min(MOST_KILLS, given.kills - done))
        found.update(cost)
        kills = sum(tally.kills for tally in tallies.values())
        print(f"search {found['searches']}, {case.proposer}: {kills - done} kills, cost {dict(+cost)}", flush=True)
        if given.keep and any(cost[fault] for fault in FAULTS):
            shutil.copytree(folder, given.keep, symlinks=True)
            return
        shutil.rmtree(search)


def make_case(folder: Path, tasks: int, proposer: str, seed: int) -> Case:
    """A world, a harness to start from, a proposer, and a search that nobody touches."""
    own = folder / proposer
    (own / "seeds").mkdir(parents=True)
    if proposer == STOCK:
        save_part_of_errands(own / "tasks" / "world", tasks)
        for name in ("baseline", "running_notes"):
            shutil.copy(PROJECT / "seed_harnesses" / "classify" / f"{name}.py", own / "seeds")
    else:
        build(own / "tasks" / "world", name="world", tasks=tasks, seed=seed)
        shutil.copy(PROJECT / "seed_harnesses" / "baseline.py", own / "seeds")
    (own / "session").write_text(SESSION)
    (own / "session").chmod(0o755)
    case = Case(own, proposer, seed, 0.0)
    began = time.monotonic()
    if start(case, own).wait(PATIENCE_S):
        raise SystemExit((own / "log").read_text())
    return Case(own, proposer, seed, time.monotonic() - began)


def save_part_of_errands(folder: Path, tasks: int) -> None:
    """A few texts a task, each training example a step in which a run can be killed."""
    whole = load_text_set(PROJECT / "tasks" / "errands")
    about = replace(whole.about, name="world")
    save_text_set(folder, about, training=whole.training[: 4 * tasks], texts=whole.texts[: 8 * tasks])


def start(case: Case, search: Path) -> subprocess.Popen[bytes]:
    """Start the search in a folder, or go on with it."""
    proposer = f"command:{case.folder / 'session'}" if case.proposer == "command" else case.proposer
    judge = "simulated:reader" if case.proposer == STOCK else "simulated"
    options = {"run": "run", "seeds": case.folder / "seeds", "seed": case.seed, "iterations": 2, "candidates": 2}
    flags = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    world = str(case.folder / "tasks" / "world")
    program = (sys.executable, "-c", "from meta_reward.cli import main; main()", "search")
    with (search / "log").open("ab") as log:
        return subprocess.Popen(
            [*program, world, *flags, "--judge", judge, "--proposer", proposer],
            env=os.environ | {"META_REWARD_CACHE": str(search / "cache")},
            stdout=log,
            stderr=log,
            cwd=search,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )


def kill_and_finish(
    case: Case, search: Path, chance: random.Random, tallies: dict[str, Tally], *, most: int
) -> Counter[str]:
    """One search, killed up to `most` times and started again until it finishes; what that cost."""
    search.mkdir()
    run, process, found = search / "runs" / "run", start(case, search), Counter[str]()
    target = ""
    for _ in range(most):
        possible = [other for other in TARGETS if other != "proposer" or case.proposer != STOCK]
        target = chance.choice([other for other in possible if other != target])
        below = wait_and_kill(process, target, chance, case.seconds)
        if below is None:
            break
        tallies[target].kills += 1
        if process.poll() is not None:
            tallies[target].ended += 1
            found["left behind"] += count_left(below)
            before, began = progress(run), time.monotonic()
            process = start(case, search)
            while process.poll() is None and progress(run) == before:
                time.sleep(0.01)
            tallies[target].resumed_s.append(time.monotonic() - began)
    for _ in range(TRIES):  # a search whose git was killed ends with a line that says so
        if not process.wait(PATIENCE_S):
            break
        process = start(case, search)
    else:
        raise SystemExit((search / "log").read_text())
    found.update(compare(run, case.folder / "runs" / "run"))
    if bug := re.search(r"^.*(a bug: |Traceback).*$", (search / "log").read_text(), re.MULTILINE):
        found["bugs"] += 1
        print(bug[0])
    return found


def wait_and_kill(
    process: subprocess.Popen[bytes], target: str, chance: random.Random, seconds: float
) -> list[Proc] | None:
    """Kill a target at a random instant; what was below the search then. None where it ended before."""
    deadline = time.monotonic() + chance.random() * 0.1 * seconds
    while process.poll() is None:
        below = descendants(process.pid)
        found = [process.pid] if target == "parent" else [one.pid for one in below if is_target(one, target)]
        if time.monotonic() >= deadline and found:
            victims = [chance.choice(found)]
            if target == "commit":
                time.sleep(chance.random() * 0.02)
                victims = chance.choice(([process.pid], victims, [process.pid, *victims]))
            for pid in victims:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30 if process.pid in victims else 0.3)
            return below
        time.sleep(0.002)
    return None


def descendants(pid: int) -> list[Proc]:
    """The processes below one."""
    found, waiting = [], [(pid, False)]
    while waiting:
        parent, is_zygote = waiting.pop()
        for child in children(parent):
            with suppress(OSError):
                command = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
                found.append(Proc(child, command, is_zygote, started(child)))
                waiting.append((child, ZYGOTE in command and not command.startswith(BWRAP)))
    return found


def children(pid: int) -> list[int]:
    """The processes that one has started; those of all its threads."""
    with suppress(OSError):
        tasks = [path / "children" for path in Path(f"/proc/{pid}/task").iterdir()]
        return [int(child) for path in tasks for child in path.read_text().split()]
    return []


def is_target(one: Proc, target: str) -> bool:
    """Whether a process is what is to be killed."""
    if target == "commit":
        return one.command.startswith("git ")
    if target == "proposer":
        return "meta_reward.offline.proposer" in one.command or "/session" in one.command.partition(" -- ")[2]
    return ZYGOTE in one.command and one.is_below_zygote == (target == "worker") and not one.command.startswith(BWRAP)


def started(pid: int) -> str:
    """When a process was started, "" if it is gone or only waits to be collected."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    return ""


def count_left(below: Sequence[Proc]) -> int:
    """How many of these processes still run a while after their search has ended."""
    for _ in range(300):
        left = [one for one in below if one.started and started(one.pid) == one.started]
        if not left:
            return 0
        time.sleep(0.01)
    print("left behind:", *(one.command[:100] for one in left), sep="\n  ")
    return len(left)


def progress(run: Path) -> list[int]:
    """What grows while a search works."""
    work = run / ".work"
    found = [*work.glob("evaluations/*/*.jsonl"), *work.glob("*.jsonl"), *run.glob("history/*.jsonl")]
    sizes = []
    for path in found:
        with suppress(OSError):
            sizes.append(path.stat().st_size)
    return [sum(sizes), len(list(work.glob("session-*/staging/*"))), len(list(run.glob("sealed/*/*/*/scores.json")))]


def compare(run: Path, untouched: Path) -> Counter[str]:
    """How a run differs from the untouched one."""
    ours, theirs = files_of_run(run), files_of_run(untouched)
    differ = [name for name in ours if ours[name] != theirs.get(name)]
    for name in differ:
        lines = zip_longest(ours[name].splitlines(), theirs.get(name, b"").splitlines(), fillvalue=b"")
        print(f"  {name}: {next(((a, b) for a, b in lines if a != b), '')}")
    found = Counter({"lost": len(theirs.keys() - ours.keys()), "differing": len(differ)})
    found["repeated"], found["cut off"] = repeated(run)
    for ask in (["log", "--format=%s", "main"], ["for-each-ref", "--format=%(refname) %(tree)", "refs/tags"]):
        if git(run, *ask) != git(untouched, *ask):
            found["differing"] += 1
            print(f"  git {ask[0]}: {git(run, *ask)}instead of {git(untouched, *ask)}")
    for complaint in (git(run, "status", "--porcelain"), git(run, "fsck", "--no-dangling", "--no-progress")):
        if complaint:
            found["differing"] += 1
            print(f"  git says {complaint}")
    locks = [*run.glob(".git/**/*.lock"), *run.glob(".git/**/tmp_*"), *run.rglob(".*.unfinished")]
    found["left behind"] += len(locks)
    for path in locks:
        print(f"  {path}")
    return found


def repeated(run: Path) -> tuple[int, int]:
    """Calls that were made again: after their reply was stored, and because they were cut off in flight."""
    ended: set[str] = set()
    sent: set[str] = set()
    again = cut = 0
    for line in map(json.loads, (run / ".work" / "account.jsonl").read_text().splitlines()):
        if key := line.get("sent"):
            again, cut = again + (key in ended), cut + (key in sent - ended)
            sent.add(key)
        elif key := line.get("paid"):
            ended.add(key)
    return again, cut


def git(run: Path, *arguments: str) -> str:
    """What git prints, errors included."""
    done = subprocess.run(
        ["git", *arguments], cwd=run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.stdout


def print_table(tallies: dict[str, Tally], found: Counter[str]) -> None:
    """What all kills did."""
    print(f"{'target':<10}{'kills':>7}{'ended':>7}{'to go on: median':>18}{'most':>8}")
    for target, tally in tallies.items():
        times = tally.resumed_s or [0.0]
        print(f"{target:<10}{tally.kills:>7}{tally.ended:>7}{statistics.median(times):>16.1f} s{max(times):>6.1f} s")
    print(f"{sum(tally.kills for tally in tallies.values())} kills of {found['searches']} searches:", end=" ")
    print(", ".join(f"{found[fault]} {fault}" for fault in FAULTS), end="")
    print(f"; {found['cut off']} calls were cut off in flight and made again")


if __name__ == "__main__":
    main()
