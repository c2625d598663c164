"""The arms of `study optimizers`: which proposer each search has, and how much of the history it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from meta_reward.errors import UsageError
from meta_reward.propose.registry import make_proposer
from meta_reward.propose.views import NEED_ALL, check_history_level
from meta_reward.propose.writer import make_writer
from meta_reward.run.settings import MODEL_SUMMARIES, WRITING, ProposerSettings
from meta_reward.search.limits import require_usd_limit

BEST_OF_N = "best-of-n"
"""The name of the proposer `writer` without history, which is shown no results of any program."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A proposer with a level of history."""

    proposer: str
    history: str
    writer: str = ""
    """The model that writes; "" for an arm without one."""

    @property
    def name(self) -> str:
        """Its name in tables."""
        if (self.proposer, self.history) == ("writer", "none"):
            return BEST_OF_N
        return self.proposer if self.history == "full" else f"{self.proposer}, {self.history}"

    @property
    def words(self) -> tuple[str, ...]:
        """Its arguments of `meta-reward search`."""
        writer = ("--writer", self.writer) if self.writer else ()
        return ("--proposer", self.proposer, "--history", self.history, *writer)


def arms_of(optimizers: Sequence[str], levels: Sequence[str], writer: str) -> list[Arm]:
    """One arm per optimizer and level of history; an optimizer that needs the whole history has one arm.

    levels: empty for the whole history. Raises UsageError if an arm is named twice, or if there is only one.
    """
    arms = [arm for name in optimizers for arm in _arms(name, levels or ("full",), writer)]
    names = [arm.name for arm in arms]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"optimizer {twice[0]} is named twice", hint="name each once")
    if len(arms) < 2:
        raise UsageError("there is only one arm", hint="name more --optimizers, or more levels with --history")
    return arms


def _arms(name: str, levels: Sequence[str], writer: str) -> list[Arm]:
    proposer, levels = ("writer", ("none",)) if name == BEST_OF_N else (name, levels)
    if proposer in NEED_ALL:
        levels = ("full",)
    return [Arm(proposer, level, writer if proposer in WRITING or level == MODEL_SUMMARIES else "") for level in levels]


def check_arms(arms: Sequence[Arm], settings: ProposerSettings, max_usd: float | None) -> None:
    """Raise UsageError for the first arm that could not start on this machine, or could cost money without a limit.

    settings: all other settings of a proposer. max_usd: the study's limit; None if it was not given.
    """
    limits = {} if max_usd is None else {"max_usd": max_usd}
    for arm in arms:
        own = replace(settings, spec=arm.proposer, history=arm.history, writer=arm.writer)
        check_history_level(own)
        make_proposer(own).check()
        if arm.writer:
            require_usd_limit(make_writer(arm.writer, settings.writer_settings), arm.writer, limits)
