"""Does committing a candidate stay cheap as a run grows? A synthetic run of 300 candidates.

    python benchmarks/commits.py [CANDIDATES] [TRACES]

Writes candidates of a realistic size into a run directory and times `commit_candidates`, which is
what a search calls. Prints the medians around candidate 10 and around the last, and their ratio: of the time on the
clock, and of processor time, git's included, which a busy machine changes less.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from meta_reward import files
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.harness.validate import Report
from meta_reward.run import git, record
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, candidate_id

AROUND = 7
_PAIRS = 290


def main(candidates: int = 300, traces: int = 100) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        seconds = time_commits(Layout(Path(name)), candidates, traces)
    for what, of in (("clock", [wall for wall, _ in seconds]), ("processor", [cpu for _, cpu in seconds])):
        early, late = statistics.median(of[10 - AROUND // 2 - 1 : 10 + AROUND // 2]), statistics.median(of[-AROUND:])
        print(
            f"{what:<10} candidate 10: {early * 1000:6.1f} ms, candidate {candidates}: {late * 1000:6.1f} ms", end="; "
        )
        print(f"ratio: {late / early:.2f} (medians of {AROUND}; goal: at most 1.20)")


def time_commits(layout: Layout, candidates: int, traces: int) -> list[tuple[float, float]]:
    """Seconds of each commit: on the clock, and of processors."""
    git.init(layout.root)
    files.write_bytes(layout.ledger, b"")
    files.write_bytes(layout.iterations, b"")
    seconds: list[tuple[float, float]] = []
    rows: list[Row] = []
    for number in range(1, candidates + 1):
        row = _write_candidate(layout, number, traces)
        rows.append(row)
        record.save_iteration(layout, rows, record.Iteration(number - 1, (row.id,), ()))
        began, used = time.perf_counter(), sum(os.times()[:4])
        record.commit_candidates(layout)
        seconds.append((time.perf_counter() - began, sum(os.times()[:4]) - used))
    return seconds


def _write_candidate(layout: Layout, number: int, traces: int) -> Row:
    id, parents = candidate_id(number), (candidate_id(max(1, number - 2)),) if number > 1 else ()
    hypothesis = f"Candidate {number} expects to judge better for a reason that takes a sentence or two to tell."
    row = Row(id, "synthetic", number - 1, parents, "scored", 0.5, 0.4, 0.6, 100_000 + number, "none", hypothesis, "")
    source = f'"""Synthetic candidate {number}."""\n' + "x = 1\n" * 500
    proposal = f"---\nparents: [{', '.join(parents)}]\n---\n{hypothesis}\n"
    record.save_candidate(layout, row.folder, source=source, proposal=proposal, report=Report((), ()), iteration=number)
    folder = layout.candidate(row.folder)
    for trace in range(traces):
        text = [f"line {line} of trace {trace} of candidate {number}" for line in range(150)]
        files.write_json(folder / "traces" / f"t{trace:03d}.json", {"reply": text})
    files.write_json(folder / "scores.json", {"schema": 1, "number": number})
    files.write_lines(folder / "pairs.jsonl", (_outcome(number, pair) for pair in range(_PAIRS)))
    files.write_lines(folder / "calls.jsonl", ({"trajectory": f"t{trace:03d}", "ask": 1} for trace in range(traces)))
    return row


def _outcome(number: int, pair: int) -> PairOutcome:
    """A pair that every candidate decides as its parent does but in one case of five."""
    task, score = f"t{pair // 5:03d}", float(random.Random(number * (pair % 5 == 0) * 1000 + pair).random() < 0.6)
    return PairOutcome(
        f"{task}-p{pair}", task, ("synthetic",), f"{task}-r0", f"{task}-r1", 70.0, float(pair), 70.0 - pair, score
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
