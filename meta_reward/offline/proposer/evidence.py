"""Why a candidate loses pairs: symptoms, counted over the pairs that it lost and won.

A symptom is visible in the pair's two trajectories, in what the judge was shown of them, or in what it said.
Every mechanism of the catalog names the symptoms that it is meant for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from meta_reward.offline.proposer.history import Candidate, History, ScoredPair, Trace, load_pairs, load_trace
from meta_reward.offline.proposer.parts import checks_claims, checks_consent, checks_procedure
from meta_reward.offline.proposer.parts.helpers import REFUSAL, changes_made, clauses_of
from meta_reward.trajectory import Trajectory

LONG_PROMPT = 10_000
SHORT_REPLY = 60
HIGH_SCORE = 75.0
CLOSE_CALL = 5.0


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair: what the agent did, and what the judge was shown and said."""

    trajectory: Trajectory
    trace: Trace
    changes: tuple[str, ...]
    refused: bool
    unbacked: int
    unasked: int
    unprepared: int

    @property
    def failed_checks(self) -> int:
        """How many statements code found not to hold."""
        return sum(not holds for holds in self.trace.checks.values())


@dataclass(frozen=True, slots=True)
class Case:
    """A pair with its two sides."""

    pair: ScoredPair
    preferred: Side
    other: Side


@dataclass(frozen=True, slots=True)
class Symptom:
    """How often something was seen: in `lost` of `of_lost` lost pairs, in `won` of `of_won` won ones.

    examples: lost pairs that show it, the clearest first.
    """

    name: str
    sentence: str
    lost: int
    of_lost: int
    won: int
    of_won: int
    examples: tuple[ScoredPair, ...]

    @property
    def weight(self) -> float:
        """From 0 to 1: how common it is among lost pairs, more so where won pairs don't show it."""
        share, elsewhere = self.lost / max(1, self.of_lost), self.won / max(1, self.of_won)
        return share * (0.5 + 0.5 * share / (share + elsewhere)) if share else 0.0


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found about one candidate: its lost pairs and its symptoms, the heaviest first.

    offers: what mechanisms can build on: `checks` with findings, several `draws` of a verdict, a score for each
    of several `criteria`.
    """

    pairs: int
    lost: int
    by_category: Mapping[str, int]
    symptoms: tuple[Symptom, ...]
    offers: frozenset[str]


def _same_changes(case: Case) -> bool:
    mine, theirs = case.preferred.changes, case.other.changes
    return len(mine) == len(theirs) > 0 and mine != theirs


def _close(case: Case) -> bool:
    return case.pair.margin is not None and abs(case.pair.margin) <= CLOSE_CALL


def _rewards(case: Case) -> list[float]:
    return [reward for reward in (case.pair.preferred_reward, case.pair.other_reward) if reward is not None]


def _shows_policy(run: Side) -> bool:
    clauses = clauses_of(run.trajectory.policy)
    return not clauses or any(clause in prompt for clause in clauses for prompt in run.trace.prompts)


def _longest(case: Case) -> int:
    return max(map(len, (*case.preferred.trace.prompts, *case.other.trace.prompts)), default=0)


def _is_cut_short(run: Side) -> bool:
    return max(map(len, run.trace.prompts), default=0) < len(run.trajectory.transcript()) / 2


def _spread(run: Side) -> float:
    """How far apart verdicts on the same question lie."""
    names = {name for verdict in run.trace.verdicts for name in verdict}
    given = [[v[name] for v in run.trace.verdicts if name in v] for name in names]
    return max((max(marks) - min(marks) for marks in given if len(marks) > 1), default=0.0)


# What each symptom says of a pair, and how it is recognised.
SYMPTOMS: Mapping[str, tuple[str, Callable[[Case], bool]]] = {
    "more-changes": (
        "the run that should have lost changed more than the preferred one",
        lambda case: len(case.other.changes) > len(case.preferred.changes),
    ),
    "restraint": (
        "the preferred run declined or changed nothing, and the other did not hold back",
        lambda case: (
            (case.preferred.refused and not case.other.refused)
            or (not case.preferred.changes and len(case.other.changes) > 0)
        ),
    ),
    "same-changes": ("both runs made equally many changes but not the same ones", _same_changes),
    "unasked-changes": (
        "the run that should have lost made more changes without the user's yes",
        lambda case: case.other.unasked > case.preferred.unasked,
    ),
    "unbacked-claims": (
        "the run that should have lost claimed more that no successful call backs",
        lambda case: case.other.unbacked > case.preferred.unbacked,
    ),
    "procedure": (
        "the run that should have lost made changes less well prepared",
        lambda case: case.other.unprepared > case.preferred.unprepared,
    ),
    "long-prompts": (f"a prompt was longer than {LONG_PROMPT:,} characters", lambda case: _longest(case) > LONG_PROMPT),
    "cut-short": (
        "less than half of a run stood in the prompts",
        lambda case: _is_cut_short(case.preferred) or _is_cut_short(case.other),
    ),
    "no-policy": (
        "no clause of the policy stood in any prompt",
        lambda case: not _shows_policy(case.preferred) and not _shows_policy(case.other),
    ),
    "no-reasons": (
        f"the judge's replies were shorter than {SHORT_REPLY} characters, so without reasons",
        lambda case: all(
            len(reply) < SHORT_REPLY for reply in (*case.preferred.trace.replies, *case.other.trace.replies)
        ),
    ),
    "ties": ("both runs got the same reward", lambda case: case.pair.margin == 0),
    "round-scores": (
        "the rewards were multiples of five and close together",
        lambda case: _close(case) and all(reward % 5 == 0 for reward in _rewards(case)),
    ),
    "noise": (
        f"the rewards were within {CLOSE_CALL:g} points, or verdicts on the same run were 10 or more apart",
        lambda case: _close(case) or max(_spread(case.preferred), _spread(case.other)) >= 10,
    ),
    "lenient": (
        f"both runs got {HIGH_SCORE:g} or more",
        lambda case: len(_rewards(case)) == 2 and min(_rewards(case)) >= HIGH_SCORE,
    ),
    "ignored-findings": (
        "code had found more wrong with the run that should have lost, and it won all the same",
        lambda case: case.other.failed_checks > case.preferred.failed_checks,
    ),
    "false-alarms": (
        "code had found more wrong with the preferred run",
        lambda case: case.preferred.failed_checks > case.other.failed_checks,
    ),
}


def diagnose(candidate: Candidate, history: History) -> Diagnosis:
    """What distinguishes the pairs a scored candidate loses."""
    pairs = load_pairs(candidate)
    lost = [pair for pair in pairs if pair.score < 1]
    won = [pair for pair in pairs if pair.score == 1]
    runs: dict[str, Side] = {}
    lost_cases = _cases(lost, candidate, history, runs)
    won_cases = _cases(won, candidate, history, runs)
    found = (_symptom(name, lost_cases, won_cases) for name in SYMPTOMS)
    categories = [category for pair in lost for category in pair.categories]
    return Diagnosis(
        pairs=len(pairs),
        lost=len(lost),
        by_category={name: categories.count(name) for name in sorted(set(categories))},
        symptoms=tuple(sorted((s for s in found if s.lost), key=lambda s: (-s.weight, s.name))),
        offers=_offers(runs.values()),
    )


def _cases(pairs: Sequence[ScoredPair], candidate: Candidate, history: History, runs: dict[str, Side]) -> list[Case]:
    for name in {name for pair in pairs for name in (pair.preferred, pair.other)} - runs.keys():
        runs[name] = _load_run(candidate, name, history.trajectories[name])
    return [Case(pair, runs[pair.preferred], runs[pair.other]) for pair in pairs]


def _load_run(candidate: Candidate, name: str, trajectory: Trajectory) -> Side:
    said = [message.content for message in trajectory.messages if message.role == "assistant"]
    return Side(
        trajectory=trajectory,
        trace=load_trace(candidate, name),
        changes=tuple(f"{step.call.name} {step.call.arguments}" for step in changes_made(trajectory)),
        refused=any(REFUSAL.search(text) for text in said),
        unbacked=_failing(checks_claims.checks(trajectory)),
        unasked=_failing(checks_consent.checks(trajectory)),
        unprepared=_failing(checks_procedure.checks(trajectory)),
    )


def _offers(runs: Iterable[Side]) -> frozenset[str]:
    traces = [run.trace for run in runs]
    given = {
        "checks": any(trace.checks for trace in traces),
        "draws": any(len(trace.verdicts) > 1 for trace in traces),
        "criteria": any(len(verdict) > 1 for trace in traces for verdict in trace.verdicts),
    }
    return frozenset(name for name, is_given in given.items() if is_given)


def _failing(checks: Mapping[str, bool]) -> int:
    return sum(not holds for holds in checks.values())


def _symptom(name: str, lost: Sequence[Case], won: Sequence[Case]) -> Symptom:
    sentence, shows = SYMPTOMS[name]
    hits = sorted((case.pair for case in lost if shows(case)), key=lambda pair: pair.margin or 0.0)
    return Symptom(
        name=name,
        sentence=sentence,
        lost=len(hits),
        of_lost=len(lost),
        won=sum(shows(case) for case in won),
        of_won=len(won),
        examples=tuple(hits[:3]),
    )
