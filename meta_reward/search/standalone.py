"""What is evaluated outside any run: a harness on a split, with a judge, within limits.

What its calls cost is on record until it is finished, whatever stops it: the next start of the same job
goes on with what was spent before, and a limit in dollars holds for all its starts together.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.evaluate import Result
from meta_reward.harness.validate import inspect_source
from meta_reward.models.billing import Bill
from meta_reward.models.cache import default_cache_folder
from meta_reward.models.gateway import Gateway
from meta_reward.models.unfinished import unfinished_bill
from meta_reward.models.usage import Spent
from meta_reward.propose.base import slug
from meta_reward.run.settings import RunConfig
from meta_reward.search.context import Progress, open_gateway
from meta_reward.search.limits import limit_check, require_limit
from meta_reward.tasks.taskset import TaskSet


@dataclass(frozen=True, slots=True)
class Standalone:
    """What to evaluate. config: as of a run; its judge, limits, seed, splits and budget count here.

    limits: those that its user has named, as settings.
    """

    harness: Path
    taskset: TaskSet
    split: str
    config: RunConfig
    limits: Mapping[str, Any] = field(default_factory=dict)

    def source(self) -> str:
        """The harness's program. Raises UsageError for what is none."""
        source = files.read_text(self.harness)
        report = inspect_source(source, packages=self.config.packages)
        if not report.ok:
            raise UsageError(f"{self.harness} is no harness: {report.findings[0]}")
        return source

    @contextmanager
    def gateway(self, what: str, source: str, progress: Progress) -> Iterator[Gateway]:
        """The gateway to its judge, with its limits and with what earlier starts have spent on it.

        what: is done with it. source: its harness. Raises UsageError where nothing limits what it may cost.
        """
        gateway = open_gateway(self.config, notice=progress.note)
        require_limit(gateway.backend, self.config.judge.spec, self.limits)
        gateway.check = limit_check(self.config.limits)
        if gateway.backend.simulated:
            yield gateway
            return
        books, name = gateway.books, self._name(what, source, gateway)
        with unfinished_bill(default_cache_folder() / "unfinished", name, books) as (account, before):
            books.account, books.spent = account, _spent(before)
            try:
                yield gateway
            except BaseException:
                _tell(gateway.spent, progress)
                raise

    def _name(self, what: str, source: str, gateway: Gateway) -> str:
        """A name of this job, which every start of it has."""
        parts = {
            "what": what,
            "harness": source,
            "taskset": self.taskset.digest,
            "split": self.split,
            "judge": dict(gateway.backend.settings),
        }
        return f"{what}-{slug(self.harness.stem)}-{hashlib.sha256(files.canonical_json(parts)).hexdigest()[:16]}"


def spending(before: Spent, after: Spent) -> dict[str, Any]:
    """What a finished job has cost, and what of it earlier starts had spent."""
    return {
        "spent_usd": after.usd,
        "judge_calls_made": after.misses,
        "unpriced_calls": after.unpriced,
        "earlier": {"spent_usd": before.usd, "judge_calls_made": before.misses},
    }


def commonest_error(results: Sequence[Result]) -> str | None:
    """What went wrong most often, None where nothing did."""
    errors = Counter(
        f"{result.error['kind']}: {result.error['message']}" for result in results if result.error is not None
    )
    return errors.most_common(1)[0][0] if errors else None


def _spent(before: Sequence[Bill]) -> Spent:
    return Spent(
        misses=sum(paid.calls for paid in before),
        cost_usd=sum(paid.cost_usd for paid in before),
        unpriced=sum(paid.unpriced for paid in before),
    )


def _tell(spent: Spent, progress: Progress) -> None:
    """Say what an unfinished job has cost so far."""
    if spent.misses:
        price = "price unknown" if spent.usd is None else f"${spent.usd:.4f}"
        calls = "1 judge call" if spent.misses == 1 else f"{spent.misses} judge calls"
        progress.note(f"paid so far: {calls}, {price}; the next start goes on from there")
