"""`load_reward`: a finished harness as a reward, in Python.

    async with load_reward("runs/night-1") as reward:
        scored = await reward.score(messages)

    with load_reward("harness.py", judge="openai:gpt-5-mini", max_usd=5) as reward:
        scored = reward.score(messages)      # the same without await, also inside a running event loop

Scores are from 0 to 100.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from meta_reward.errors import UsageError
from meta_reward.use.loaded import Loaded, Wanted, load, shared_of
from meta_reward.use.scorer import Scorer
from meta_reward.use.sync import SyncScorer

_log = logging.getLogger("meta_reward")


def load_reward(
    path: str | Path,
    *,
    judge: str | None = None,
    max_usd: float | str | None = None,
    settings: Mapping[str, Any] | str | Path | None = None,
    policy: str | None = None,
    tools: Any = None,
) -> "LoadedReward":
    """The reward at a path: a run, an export, or the file of a harness. Nothing is started yet.

    judge: as in `--judge`; runs and exports name their own. max_usd: the most to spend while it is open; "none" for no
    limit. settings: tables as in run.toml, or a file with them; they override those of the run or export. policy,
    tools: what the agent worked under, for trajectories that don't say. Raises UsageError and DataError.
    """
    if isinstance(settings, str):
        settings = Path(settings)
    loaded = load(Path(path), Wanted(judge, settings, _dollars(max_usd)))
    if policy is not None or tools is not None:
        loaded = replace(loaded, shared=shared_of(policy, tools, loaded.shared))
    return LoadedReward(loaded)


class LoadedReward:
    """A reward that can be opened: with `async with`, with `with`, or with `open` and `close`."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self._scorer: Scorer | None = None
        self._sync: SyncScorer | None = None

    def __getattr__(self, name: str) -> Any:
        if name in ("score", "score_all"):
            raise UsageError("this reward is not open", hint="use `async with`, `with`, or what `open()` returns")
        raise AttributeError(name)

    @property
    def about(self) -> str:
        """What this reward is, how it was chosen, and its measured agreement."""
        return "\n".join(self.loaded.about())

    def open(self) -> SyncScorer:
        """Open it for synchronous callers, also inside a running event loop. The caller must `close` it."""
        self._say()
        return SyncScorer(self.loaded, notice=_log.warning)

    async def __aenter__(self) -> Scorer:
        self._say()
        scorer = Scorer(self.loaded, notice=_log.warning)
        self._scorer = await scorer.__aenter__()
        return scorer

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._scorer is not None:
            scorer, self._scorer = self._scorer, None
            await scorer.__aexit__(kind, error, trace)

    def __enter__(self) -> SyncScorer:
        self._sync = self.open()
        return self._sync

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sync is not None:
            self._sync.close()

    def _say(self) -> None:
        """Log a warning if the chosen harness is untested."""
        evidence = self.loaded.evidence
        if evidence.decision and (evidence.test is None or evidence.untested):
            _log.warning("%s", "; ".join(self.loaded.about()))


def _dollars(max_usd: float | str | None) -> float | None:
    if max_usd == "none":
        return 0.0
    if max_usd is not None and (isinstance(max_usd, str | bool) or not 0 < max_usd < float("inf")):
        raise UsageError(f"max_usd is {max_usd!r}", hint='give an amount such as 5, or "none"')
    return max_usd
