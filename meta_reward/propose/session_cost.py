"""What the sessions of a run have cost, including one in progress and those that were cut off and discarded.

A discarded session is run again, but its cost still counts. Each is a line in `discarded.jsonl`, identified by the time
at which its transcript was last written, so it counts exactly once, even if a kill interrupts this.
"""

from collections.abc import Iterator
from pathlib import Path

from meta_reward import files
from meta_reward.models.usage import known_usd
from meta_reward.propose.session_summary import Summary, summarize
from meta_reward.run.layout import Layout


def count_discarded(layout: Layout, iteration: int) -> None:
    """Record the tokens and cost of a session that is about to be discarded."""
    transcript = layout.transcript(iteration)
    if transcript.exists():
        spent = _spent(transcript)
        used = {"input_tokens": spent.input_tokens, "output_tokens": spent.output_tokens, "cost_usd": spent.cost_usd}
        files.repair_journal(layout.discarded)
        files.append_line(layout.discarded, {"iteration": iteration, "ended": _ended(transcript), **used})


def proposer_usd(layout: Layout) -> float:
    """US dollars that all sessions have cost so far; unknown costs count as 0."""
    return float(known_usd([*_ended_sessions(layout), *_discarded(layout).values(), under_way_usd(layout)]))


def under_way_usd(layout: Layout) -> float:
    """US dollars that sessions which have not ended have cost so far."""
    counted = _discarded(layout)
    begun = [path for path in layout.work.glob("session-*/transcript.jsonl") if not _has_ended(path)]
    return known_usd(_spent(path).cost_usd for path in begun if _ended(path) not in counted)


def _ended_sessions(layout: Layout) -> Iterator[float | None]:
    kept = [*layout.history.glob("candidates/*/proposer/session.json"), *layout.history.glob("sessions/*/session.json")]
    costs: dict[int, float | None] = {}
    for path in kept:
        line = files.load_json(path)
        with files.reading(path):
            costs[line["iteration"]] = line["cost_usd"]
    for path in layout.work.glob("session-*/session.json"):
        line = files.load_json(path)
        with files.reading(path):
            costs.setdefault(line.get("iteration"), line.get("summary", {}).get("cost_usd"))
    yield from costs.values()


def _discarded(layout: Layout) -> dict[int, float | None]:
    """The cost of each discarded session, by the time in nanoseconds when it ended."""
    with files.reading(layout.discarded):
        return {line["ended"]: line["cost_usd"] for line in files.iter_whole_lines(layout.discarded)}


def _has_ended(transcript: Path) -> bool:
    return transcript.with_name("session.json").exists()


def _ended(transcript: Path) -> int:
    try:
        return transcript.stat().st_mtime_ns
    except FileNotFoundError:  # discarded just now
        return 0


def _spent(transcript: Path) -> Summary:
    return summarize(transcript, view=transcript.parent)
