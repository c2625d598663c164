"""What is known about a harness in use: how it was chosen, and its agreement on the sealed test split.

Only the test split counts here: agreement on search is optimistic, and validation was used to choose. The numbers hold
only for the judge and the budget with which they were measured.
"""

from dataclasses import asdict, dataclass

from meta_reward.evaluation.metrics import Metrics
from meta_reward.run.decisions import Decision, sentence_of
from meta_reward.run.evaluations import load_scores
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row
from meta_reward.run.settings import RunConfig


@dataclass(frozen=True, slots=True)
class Measured:
    """Agreement on a split."""

    agreement: float
    """From 0 to 1."""
    low: float | None
    high: float | None
    """`low` to `high` is the 95% interval by task; None for the reason in `no_bounds`."""
    no_bounds: str | None
    pairs: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why to trust a harness, and how far."""

    decision: str = ""
    """How it was chosen, in one line; empty for a harness without a run."""
    untested: str | None = None
    """The candidate that the decision names as best and untested, if any."""
    test: Measured | None = None
    """Agreement on the sealed test split; None if it was not tested, or not with these settings."""
    why_no_test: str = ""
    """Why `test` is None."""

    def sealed(self) -> str:
        """The result on the test split, or why there is none, in one line."""
        if self.test is None:
            return f"not tested: {self.why_no_test}"
        test = self.test
        bounds = f" (no interval: {test.no_bounds})" if test.no_bounds else ""
        if test.low is not None and test.high is not None:
            bounds = f" [{test.low * 100:.1f}, {test.high * 100:.1f}]"
        size = f"{_count(test.pairs, 'pair')} of {_count(test.tasks, 'task')}"
        return f"agreement {test.agreement:.1%}{bounds} on the sealed test split, {size}"


def _count(number: int, one: str) -> str:
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


UNTESTED = "the test split was sealed when this was exported"
NO_RUN = "a harness by itself comes with no measurement; `meta-reward evaluate` measures it on pairs"


def evidence_of(layout: Layout, decision: Decision, row: Row) -> Evidence:
    """What a run knows about its chosen harness."""
    test = measured_on(layout, row, "test")
    return Evidence(sentence_of(decision), decision.untested, test, "" if test else _why_no_test(layout))


def _why_no_test(layout: Layout) -> str:
    command = f"`meta-reward test {layout.root.resolve().name}`"
    if layout.test_result.exists():
        return f"the test split was opened for other candidates; {command} adds this one"
    return f"the test split is still sealed; {command} opens it"


def measured_on(layout: Layout, row: Row, split: str) -> Measured | None:
    """A candidate's agreement on a split; None if it was not evaluated there."""
    scores = load_scores(layout.evaluation(split, row.folder))
    return None if scores is None else measured(scores.metrics)


def measured(found: Metrics) -> Measured:
    """Agreement from the metrics of an evaluation."""
    return Measured(found.score, found.low, found.high, found.no_bounds, found.items, len(found.by_task))


def what_differs(measured_with: RunConfig, used: RunConfig) -> str:
    """Why a measurement does not hold for the settings in use, in a few words; empty if it holds."""
    before, now = (_what_counts(config) for config in (measured_with, used))
    return next((f"it was measured with another {name}" for name in before if before[name] != now[name]), "")


def _what_counts(config: RunConfig) -> dict[str, object]:
    return {
        "judge": (config.judge.spec, config.judge.settings),
        "seed": config.seed if config.judge.spec == "simulated" else 0,
        "budget": asdict(config.budget),
        "list of packages": config.packages,
    }
