"""How long `meta-reward status` takes on a run of many candidates.

    python benchmarks/status.py [CANDIDATES ...]

Writes synthetic runs, 60 and 1,000 candidates by default, with the calls, scores and events of a search whose judge
costs money, and times the command in a process of its own. Prints the median of five, and that of
`meta-reward --version` beside it.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.evaluation.metrics import PairOutcome, Tokens, preferences_of, summarize
from meta_reward.evaluation.reward_stats import reward_stats
from meta_reward.harness.validate import Report
from meta_reward.models.billing import fold_bill
from meta_reward.run import events, record
from meta_reward.run.config import new_config, render_config
from meta_reward.run.evaluations import Scores, scores_to_json
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, candidate_id, render_ledger

_CALLS, _PAIRS, _TASKS = 400, 290, 36


def main(*sizes: int) -> None:
    """Print the table."""
    for size in sizes or (60, 1000):
        with tempfile.TemporaryDirectory() as name:
            make_run(Layout(Path(name) / "runs" / "night"), size)
            seconds = [_timed("status", "night", cwd=Path(name)) for _ in range(5)]
            bare = statistics.median(_timed("--version", cwd=Path(name)) for _ in range(5))
        print(f"{size:5} candidates: {statistics.median(seconds):.2f} s (meta-reward --version {bare:.2f} s)")


def make_run(layout: Layout, candidates: int) -> None:
    """A run as `status` reads it, on no task set at all."""
    files.write_bytes(layout.config, render_config(new_config({"judge": {"spec": "simulated"}})))
    layout.sealed.mkdir(parents=True)
    (layout.sealed / "name").mkdir()
    scores, log = _scores(), events.EventLog(layout.events)
    log.add(events.BEGIN, "the search begins", trajectories={"search": 288, "validation": 216, "test": 216})
    account = [files.dump_line({"before": {"calls": 0, "cost_usd": 0.0, "unpriced": 0}})]
    lines, rows = [], []
    for number in range(1, candidates + 1):
        row = _row(number)
        rows.append(row)
        proposal = f"---\nparents: []\n---\n{row.hypothesis}\n"
        record.save_candidate(
            layout, row.folder, source='"""A."""\n', proposal=proposal, report=Report((), ()), iteration=number
        )
        files.write_json(layout.candidate(row.folder) / "scores.json", scores_to_json(scores))
        for call in range(_CALLS):
            key = f"{number:032x}{call:032x}"
            account.append(files.dump_line({"sent": key, "tokens": 900, "cost_usd": 0.001}))
            paid = {"input_tokens": 900, "output_tokens": 40, "cache_read_tokens": 0, "cache_write_tokens": 0}
            account.append(files.dump_line({"paid": key, **paid, "cost_usd": 0.001, "tries": 1}))
        lines.append(files.dump_line({"schema": 1, **asdict(record.Iteration(number - 1, (row.id,), ()))}))
        log.add(events.CANDIDATE, f"{row.id}: 60%", id=row.id)
        spent = {"calls": 400 * number, "tokens": 10**5 * number, "usd": 0.4 * number}
        facts: dict[str, Any] = {
            "iteration": number - 1,
            "candidates": [row.id],
            "session_s": 60,
            "evaluation_s": 90,
            "spent": spent,
        }
        log.add(events.ITERATION, f"iteration {number - 1} is done", **facts)
    files.write_bytes(layout.account, b"".join(account))
    files.write_bytes(layout.ledger, render_ledger(rows))
    files.write_bytes(layout.iterations, b"".join(lines))
    fold_bill(layout.account)


def _row(number: int) -> Row:
    hypothesis = f"Candidate {number} expects to judge better for a reason that takes a sentence or two to tell."
    id, score = candidate_id(number), 0.5 + (number * 37 % 100) / 400
    return Row(
        id, "synthetic", number - 1, (), "scored", score, score - 0.05, score + 0.05, 10**5, "simulated", hypothesis, ""
    )


def _scores() -> Scores:
    pairs = [PairOutcome(f"p{n}", f"t{n % _TASKS}", ("action-bias",), "a", "b", 60, 40, 20, 1) for n in range(_PAIRS)]
    tokens = Tokens(_CALLS, 90_000, 8_000, 0.4)
    told = preferences_of(pairs, rewards=reward_stats([], {}))
    metrics = summarize(pairs, examples=288, tokens=tokens, preferences=told)
    return Scores("simulated", False, [], metrics)


def _timed(*arguments: str, cwd: Path) -> float:
    command = [sys.executable, "-c", "from meta_reward.cli import main; main()", *arguments]
    began = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
