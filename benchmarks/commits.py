"""Does committing a candidate stay cheap as a run grows? A synthetic run of 300 candidates.

    python benchmarks/commits.py [CANDIDATES] [TRACES]

Writes candidates of a realistic size into a run directory and times `commit_candidates`, which is
what a search calls. Prints the medians around candidate 10 and around the last, and their ratio.
"""

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
    early = statistics.median(seconds[10 - AROUND // 2 - 1 : 10 + AROUND // 2])
    late = statistics.median(seconds[-AROUND:])
    print(f"candidate  10: {early * 1000:6.1f} ms (median of {AROUND})")
    print(f"candidate {candidates}: {late * 1000:6.1f} ms (median of {AROUND})")
    print(f"ratio: {late / early:.2f} (goal: at most 1.20)")


def time_commits(layout: Layout, candidates: int, traces: int) -> list[float]:
    """Seconds of each commit."""
    git.init(layout.root)
    files.write_bytes(layout.ledger, b"")
    files.write_bytes(layout.iterations, b"")
    seconds: list[float] = []
    rows: list[Row] = []
    for number in range(1, candidates + 1):
        row = _write_candidate(layout, number, traces)
        rows.append(row)
        record.save_iteration(layout, rows, record.Iteration(number - 1, (row.id,), ()))
        began = time.perf_counter()
        record.commit_candidates(layout)
        seconds.append(time.perf_counter() - began)
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
    files.write_lines(folder / "pairs.jsonl", (_outcome(pair) for pair in range(_PAIRS)))
    files.write_lines(folder / "calls.jsonl", ({"trajectory": f"t{trace:03d}", "ask": 1} for trace in range(traces)))
    return row


def _outcome(pair: int) -> PairOutcome:
    task = f"t{pair // 5:03d}"
    return PairOutcome(
        f"{task}-p{pair}", task, ("synthetic",), f"{task}-r0", f"{task}-r1", 70.0, float(pair), 70.0 - pair, 1.0
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
