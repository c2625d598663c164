"""What the audit of a run finds, without any judge: against replay on the desk, and on real runs of tau-bench.

    python benchmarks/audit.py [--worlds 5] [--first 3000] [--part even] [--data ../shared/data]

Replay: fresh Skyways worlds, where the calls of every run are made again on the desk's database. A write is wrong if
the case's plan has no such call (`uncalled-for`), has it with other arguments (`argument`), the customer had not said
yes to it (`consent`), or the records that decide the case had not been read (`unread`). Precision and recall of the
contradictions at writes, of `unbacked-claim` against false claims, and of any contradiction against failed runs. What
is forbidden by policy alone is out of an audit's reach.

Real runs: the number of contradictions in failed against successful runs of the same task, as AUC with its 95% interval
by task. Tasks of odd number were read while the audit was written, so `--part even` is what to report.
"""

import argparse
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from meta_reward.evaluation.statistics import by_task, share_interval
from meta_reward.harness.audit import KINDS, Ledger, audit
from meta_reward.offline.skyways.build import act_out
from meta_reward.offline.skyways.grader import faults_of_writes
from meta_reward.tasks.importers.record import Options, Record
from meta_reward.tasks.importers.registry import importer
from meta_reward.trajectory import Trajectory

DATA = Path(__file__).parents[2] / "shared" / "data"
AT_WRITES = frozenset(KINDS) - {"unbacked-claim", "undone-request"}
TASKS = 51  # each situation of the desk once


@dataclass(frozen=True, slots=True)
class Real:
    """A run of real data and its ledger."""

    task: str
    success: bool
    ledger: Ledger


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=5)
    parser.add_argument("--first", type=int, default=3000)
    parser.add_argument("--part", choices=("even", "odd", "all"), default="even")
    parser.add_argument("--data", type=Path, default=DATA)
    given = parser.parse_args()
    print_replay(range(given.first, given.first + given.worlds))
    for name, files in (("tau-bench-airline", "gpt-4o-airline.json"), ("tau2-airline", "*.json")):
        if (given.data / name).is_dir():
            runs = [run for run in real_runs(given.data / name, files) if _is_in(run.task, given.part)]
            print_real(f"{name}, {given.part} tasks", runs)
        else:
            print(f"\n{name}: not in {given.data}, skipped")


def print_replay(seeds: Sequence[int]) -> None:
    """The contradictions against replay, on worlds of these seeds."""
    writes: list[tuple[str, set[str]]] = []
    claims: list[tuple[bool, bool]] = []
    runs: list[tuple[set[str], bool]] = []
    began = time.process_time()
    for seed in seeds:
        for acted in act_out(tasks=TASKS, rollouts=8, seed=seed):
            for rollout, faults in acted.rollouts:
                found = audit(rollout.trajectory).contradictions
                at = [(one.number, one.kind) for one in found if one.kind in AT_WRITES]
                for number, fault in faults_of_writes(acted.case, rollout.trajectory.messages):
                    writes.append((fault, {kind for where, kind in at if where == number}))
                claims.append(("false-claim" in faults, any(one.kind == "unbacked-claim" for one in found)))
                runs.append((set(faults), bool(found)))
    each = (time.process_time() - began) / len(runs) * 1000
    print(
        f"replay: worlds {seeds[0]} to {seeds[-1]} of {TASKS} tasks, {len(runs)} runs, "
        f"{each:.1f} ms each to act out and audit\n"
    )
    print("                                 of    precision  recall")
    _print_share("writes that are wrong", [(fault != "", bool(kinds)) for fault, kinds in writes])
    for fault in ("argument", "consent", "unread", "uncalled-for"):
        _print_share(f"  {fault}", [(of == fault, bool(kinds)) for of, kinds in writes if of in ("", fault)])
    _print_share("runs with a false claim", claims)
    _print_share("runs that failed", [(bool(faults), flagged) for faults, flagged in runs])
    for fault in ("state-mismatch", "procedure", "false-claim", "action-bias", "over-refusal"):
        _print_share(f"  {fault}", [(fault in faults, flag) for faults, flag in runs if not faults or fault in faults])
    print("\nkind of contradiction     at right writes  at wrong writes")
    for kind in KINDS:
        right, wrong = (sum(kind in kinds for fault, kinds in writes if bool(fault) is bad) for bad in (False, True))
        print(f"{kind:24}  {right:15}  {wrong:15}" if kind in AT_WRITES else "", end="\n" if kind in AT_WRITES else "")


def _print_share(label: str, cases: Iterable[tuple[bool, bool]]) -> None:
    counted = Counter(cases)
    hit, false, missed = counted[True, True], counted[False, True], counted[True, False]
    precision = f"{hit / (hit + false):.1%}" if hit + false else "-"
    recall = f"{hit / (hit + missed):.1%}" if hit + missed else "-"
    print(f"{label:28} {hit + missed:6}  {precision:>10}  {recall:>6}")


def real_runs(folder: Path, pattern: str) -> Iterator[Real]:
    """The labelled runs of a folder of files in the format of tau-bench or tau2-bench."""
    policy = (folder / "policy.md").read_text()
    for path in sorted(folder.glob(pattern)):
        format = "tau2-bench" if folder.name.startswith("tau2") else "tau-bench"
        for record in importer(format).read(path, Options()):
            if isinstance(record, Record) and record.label is not None:
                run = record.run
                trajectory = Trajectory(run.policy or policy, run.tools or (), run.messages)
                yield Real(str(record.task), record.label == 1, audit(trajectory))


def _is_in(task: str, part: str) -> bool:
    number = int(re.search(r"\d+", task)[0])  # type: ignore[index]
    return part == "all" or number % 2 == (part == "odd")


def print_real(label: str, runs: Sequence[Real]) -> None:
    """How well the number of contradictions tells failed from successful runs of the same task."""
    failed = sum(not run.success for run in runs)
    print(f"\n{label}: {len(runs)} runs, {failed} failed\n")
    print("contradictions             in failed  in successful   AUC  [95%]           pairs  tasks")
    _print_auc("all", runs, lambda ledger: len(ledger.contradictions))
    for kind in KINDS:
        _print_auc(kind, runs, partial(_of_kind, kind))
    _print_auc("(writes, for comparison)", runs, lambda ledger: sum(one.kind == "wrote" for one in ledger.events))


def _of_kind(kind: str, ledger: Ledger) -> int:
    return sum(one.kind == kind for one in ledger.contradictions)


def _print_auc(label: str, runs: Sequence[Real], number: Callable[[Ledger], int]) -> None:
    counted = [(run.task, run.success, number(run.ledger)) for run in runs]
    means = [
        sum(n for _, success, n in counted if success is of) / max(1, sum(success is of for _, success, _ in counted))
        for of in (False, True)
    ]
    pairs = [
        (task, (bad > good) + 0.5 * (bad == good))
        for task, failed, bad in counted
        if not failed
        for other, success, good in counted
        if success and other == task
    ]
    values = by_task((task for task, _ in pairs), (value for _, value in pairs))
    found = share_interval(values)
    if found is None:
        print(f"{label:26} no pairs")
        return
    bounds = "" if found.low is None or found.high is None else f"[{found.low:.3f}, {found.high:.3f}]"
    print(
        f"{label:26} {means[0]:9.2f}  {means[1]:13.2f}  {found.mean:.3f}  {bounds:14}  {len(pairs):5}  {len(values):5}"
    )


if __name__ == "__main__":
    main()
