"""The query `trace`: what a candidate asked the judge about a trajectory, and the judge's replies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.run.evaluations import has_items
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import Row
from meta_reward.run.lookup import find_candidate, find_outcomes, standing_of, unknown, why_not_shown
from meta_reward.run.query_answers import Stored, TraceOfPair, TraceOfTrajectory, TrajectoryTrace
from meta_reward.run.trace_file import load_trace

_TEXTS = {"query", "refused", "content"}
"""Of what a host records."""


def trace(history: HistoryLayout, candidate: str, trajectory: str, *, ask: int = 0) -> TraceOfTrajectory | TraceOfPair:
    """What a candidate asked about a trajectory, or about both sides of a pair, and the result.

    trajectory: the id of a trajectory or a pair. ask: the number of the only question to show, from 1; 0 shows all.
    """
    row = find_candidate(history, candidate)
    folder = history.candidate(row.folder) / "traces"
    known = sorted(path.stem for path in folder.glob("*.json"))
    if not known:
        raise UsageError(f"{row.id} has no traces here", hint=why_not_shown(row))
    pairs = find_outcomes(history, row) if has_items(history.candidate(row.folder)) else []
    pair = next((pair for pair in pairs if pair.id == trajectory and _parts_of(pair)), None)
    if pair is not None and trajectory not in known:
        sides = [name for name in _parts_of(pair) if name in known]
        if not sides:
            raise UsageError(f"{row.id} scored neither side of pair {trajectory}", hint="it stopped before that")
        return TraceOfPair(standing_of(row), pair, [_trace(row, folder, name, [pair], ask) for name in sides])
    if trajectory not in known:
        what = "example" if pairs and isinstance(pairs[0], ItemOutcome) else "trajectory or pair"
        raise unknown(f"{what} of {row.id}", trajectory, list(dict.fromkeys([*known, *(pair.id for pair in pairs)])))
    return TraceOfTrajectory(standing_of(row), _trace(row, folder, trajectory, pairs, ask))


def _trace(
    row: Row, folder: Path, trajectory: str, pairs: Sequence[PairOutcome | ItemOutcome], ask: int
) -> TrajectoryTrace:
    stored = load_trace(folder / f"{trajectory}.json")
    output = stored.get("output")
    verdict = output if isinstance(output, dict) else stored.get("reward")
    asks = sorted({call["ask"] for call in stored["calls"]})
    if ask and ask not in asks:
        raise UsageError(f"{row.id} has no ask {ask} on {trajectory}", hint=f"it has {len(asks)}, counted from 1")
    return TrajectoryTrace(
        trajectory=trajectory,
        task=stored["task"],
        reward=_joined(verdict, "reason"),
        output=None if isinstance(output, dict) else files.as_text(output),
        error=_joined(stored["error"], "message", "traceback"),
        printed=files.as_text(stored.get("printed", "")),
        asked=[_joined(one, *(_TEXTS & one.keys())) or {} for one in stored.get("asked", [])],
        pairs=[one for one in pairs if trajectory in _examples_of(one)],
        asks=len(asks),
        calls=[_call(call) for call in stored["calls"] if ask in (0, call["ask"])],
    )


def _examples_of(one: PairOutcome | ItemOutcome) -> tuple[str, ...]:
    return _parts_of(one) or (one.id,)


def _parts_of(one: PairOutcome | ItemOutcome) -> tuple[str, ...]:
    """The examples of an item: the sides of a pair, or the orders of a comparison; empty for others."""
    return (one.preferred, one.other) if isinstance(one, PairOutcome) else tuple(one.orders)


def _call(call: Mapping[str, Any]) -> Stored:
    messages = [_joined(message, "content") for message in call["messages"]]
    return {**(_joined(call, "system", "reply") or {}), "messages": messages}


def _joined(stored: Mapping[str, Any] | None, *names: str) -> Stored | None:
    """A stored value in which the lists of lines under these keys are joined into texts."""
    return None if stored is None else {**stored, **{name: files.as_text(stored.get(name)) for name in names}}
