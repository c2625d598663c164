"""What can be tried without a judge: checks on the trajectories themselves, arithmetic on recorded verdicts.

An estimate says what a change would gain on the search split, before a token is spent on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_reward.offline.proposer.history import Candidate, History, ScoredPair, load_pairs, load_trace
from meta_reward.offline.proposer.library import Mechanism, find_mechanism, load_library, run_part

# The share of lost pairs in which checks favour the right side that the judge may then win back.
BELIEF = 0.5

Verdicts = Mapping[str, list[dict[str, float]]]
Checks = Mapping[str, dict[str, bool]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a mechanism would gain in agreement by itself. is_rough: the judge's reaction is a guess."""

    gain: float
    is_rough: bool
    sentence: str


def run_checks(history: History) -> Mapping[str, Checks]:
    """What each way to check, by name, finds in each trajectory of the search split."""
    return {
        name: {run: run_part(mechanism, trajectory) for run, trajectory in history.trajectories.items()}
        for name, mechanism in load_library()["checks"].items()
    }


def run_estimates(candidate: Candidate, findings: Mapping[str, Checks]) -> Mapping[tuple[str, str], Estimate]:
    """An estimate for each mechanism that can be tried on a candidate's pairs, by part and name.

    findings: what each way to check finds, as `run_checks` gives it.
    """
    pairs = load_pairs(candidate)
    names = sorted({name for pair in pairs for name in (pair.preferred, pair.other)})
    traces = {name: load_trace(candidate, name) for name in names}
    verdicts = {name: [dict(verdict) for verdict in trace.verdicts] for name, trace in traces.items()}
    recorded = {name: dict(trace.checks) for name, trace in traces.items()}
    own = find_mechanism("score", candidate.genome["score"])
    estimates = {}
    for name, found in findings.items():
        rescored = _agreement(own, verdicts, found, pairs) - (candidate.score or 0.0) if own else 0.0
        estimates["checks", name] = _estimate_of_checks(found, pairs, rescored)
    for name, mechanism in load_library()["score"].items():
        agreement = _agreement(mechanism, verdicts, recorded, pairs)
        sentence = (
            f"verdicts recorded in `{candidate.path('traces')}`, scored this way, agree in {agreement:.1%} of pairs"
        )
        estimates["score", name] = Estimate(agreement - (candidate.score or 0.0), False, sentence)
    return estimates


def _estimate_of_checks(found: Checks, pairs: Sequence[ScoredPair], rescored: float) -> Estimate:
    failed = {run: sum(not holds for holds in checks.values()) for run, checks in found.items()}
    lost = [pair for pair in pairs if pair.score < 1]
    right = sum(failed[pair.other] > failed[pair.preferred] for pair in lost)
    wrong = sum(failed[pair.other] < failed[pair.preferred] for pair in pairs)
    return Estimate(
        gain=max(rescored, BELIEF * (right - wrong) / max(1, len(pairs))),
        is_rough=True,
        sentence=(
            f"run on the search split's trajectories, these checks find more wrong with the run that should lose in "
            f"{right} of {len(lost)} lost pairs, and with the preferred one in {wrong} of all {len(pairs)}"
        ),
    )


def _agreement(score: Mechanism, verdicts: Verdicts, checks: Checks, pairs: Sequence[ScoredPair]) -> float:
    """The agreement of a way to score on recorded verdicts; a trajectory without any loses its pairs."""
    rewards: dict[str, float] = {
        run: run_part(score, given, checks[run]).score for run, given in verdicts.items() if given
    }
    sides = [(rewards[p.preferred], rewards[p.other]) for p in pairs if p.preferred in rewards and p.other in rewards]
    return sum(float(mine > other) + 0.5 * (mine == other) for mine, other in sides) / max(1, len(pairs))
