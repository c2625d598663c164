"""What is evaluated outside any run: a harness on a split, with a judge, within limits.

What its calls cost is on record until it is finished, whatever stops it: the next start of the same job
goes on with what was spent before, and a limit in dollars holds for all its starts together.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.completion import Backend
from meta_reward.errors import UsageError
from meta_reward.evaluation.evaluate import Result
from meta_reward.harness.validate import inspect_source
from meta_reward.models.billing import BillingLog, unfinished_bill
from meta_reward.models.cache import Cache, default_cache_folder, folder_of_judge
from meta_reward.models.gateway import Gateway
from meta_reward.models.usage import Spent, dollars
from meta_reward.propose.base import slug
from meta_reward.run.settings import RunConfig
from meta_reward.search.context import Progress
from meta_reward.search.limits import limit_check, require_limit
from meta_reward.search.open import open_backend, open_gateway
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
        backend = open_backend(self.config)
        require_limit(backend, self.config.judge.spec, self.limits)
        with self._bill(self._name(what, source, backend), backend) as (billing, before):
            gateway = open_gateway(self.config, backend, billing=billing, spent=before, notice=progress.note)
            gateway.limit(limit_check(self.config.limits))
            try:
                yield gateway
            except BaseException:
                if not backend.simulated:
                    _tell(gateway.spent, progress)
                raise

    def _bill(self, name: str, backend: Backend) -> AbstractContextManager[tuple[BillingLog, Spent]]:
        """Where calls are written down until the evaluation is finished; the simulated judge's cost nothing."""
        if backend.simulated:
            return nullcontext((BillingLog(), Spent()))
        cache = Cache(folder_of_judge(self.config.judge.spec))
        return unfinished_bill(default_cache_folder() / "unfinished", name, cache, backend)

    def _name(self, what: str, source: str, backend: Backend) -> str:
        """A name of this job, which every start of it has."""
        parts = {
            "what": what,
            "harness": source,
            "taskset": self.taskset.digest,
            "split": self.split,
            "judge": dict(backend.settings),
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
    errors = Counter(f"{result.error.kind}: {result.error.message}" for result in results if result.error is not None)
    return errors.most_common(1)[0][0] if errors else None


def _tell(spent: Spent, progress: Progress) -> None:
    """Say what an unfinished job has cost so far."""
    if spent.misses:
        price = dollars(spent.usd, decimals=4)
        calls = "1 judge call" if spent.misses == 1 else f"{spent.misses} judge calls"
        progress.note(f"paid so far: {calls}, {price}; the next start goes on from there")
