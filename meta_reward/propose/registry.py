"""The kinds of proposers, by name, and which settings each of them takes."""

import shlex
import sys
from collections.abc import Callable
from dataclasses import fields

from meta_reward.errors import UsageError
from meta_reward.propose.base import Proposer
from meta_reward.propose.claude.agent import ClaudeProposer
from meta_reward.propose.command import CommandProposer, Confinement
from meta_reward.propose.guard import FILE_TOOLS, SHELL
from meta_reward.propose.meta.proposer import MetaProposer
from meta_reward.propose.optimizers.proposer import OptimizerProposer
from meta_reward.propose.writer import make_writer
from meta_reward.run.settings import LIBRARY, META, MODEL_SUMMARIES, WRITING, ProposerSettings


def make_proposer(settings: ProposerSettings) -> Proposer:
    """The proposer that the settings name. Raises UsageError if it is unknown or does not take these settings."""
    kind, _, rest = settings.spec.partition(":")
    if kind not in _KINDS:
        known = ", ".join(["catalog", "stock", "claude:MODEL", *WRITING, "library:MODEL", "command:PROGRAM ..."])
        raise UsageError(f"unknown proposer {settings.spec!r}", hint=f"known: {known}")
    _check_taken(kind, settings)
    if settings.writer:
        make_writer(settings.writer, settings.writer_settings)
    return _KINDS[kind](rest, settings)


def _check_taken(kind: str, settings: ProposerSettings) -> None:
    """Raise UsageError for a setting that this kind of proposer would ignore."""
    default = ProposerSettings()
    given = [item.name for item in fields(settings) if getattr(settings, item.name) != getattr(default, item.name)]
    for name, takers in _TAKEN_BY.items():
        takers = (*takers, kind) if name in _WRITER and settings.history == MODEL_SUMMARIES else takers
        if name in given and kind not in takers:
            setting = _FLAGS.get(name, f"proposer.{name}")
            raise UsageError(
                f"{setting} has no effect on proposer {kind}", hint=f"it is for {' and '.join(takers)}; leave it out"
            )
    if settings.history == MODEL_SUMMARIES and not settings.writer:
        what = "history model-summaries asks a model to write them, and none is named"
        raise UsageError(what, hint=_NAME_WRITER)
    if settings.jail == "none" and settings.net == "none":
        raise UsageError("--proposer-net none needs a jail, and --proposer-jail none has none", hint="drop one of them")


def _catalog(rest: str, settings: ProposerSettings) -> Proposer:
    return _offline("catalog", "proposer", rest, settings)


def _stock(rest: str, settings: ProposerSettings) -> Proposer:
    return _offline("stock", "stock", rest, settings)


def _offline(kind: str, module: str, rest: str, settings: ProposerSettings) -> Proposer:
    if rest:
        raise UsageError(f"proposer {kind} takes no argument, and was given {rest!r}")
    command = (sys.executable, "-P", "-m", f"meta_reward.offline.{module}")
    return CommandProposer(command, settings.minutes, repairs=False)


def _command(rest: str, settings: ProposerSettings) -> Proposer:
    try:
        command = shlex.split(rest)
    except ValueError as error:
        raise UsageError(f"proposer command {rest!r} cannot be read: {error}") from None
    if not command:
        raise UsageError("proposer command: names no program", hint="for example command:./my-agent")
    confinement = Confinement(settings.bind, settings.net != "none") if settings.jail != "none" else None
    return CommandProposer(command, settings.minutes, repairs=True, confinement=confinement, env=settings.env)


def _claude(rest: str, settings: ProposerSettings) -> Proposer:
    if not rest:
        raise UsageError("proposer claude: names no model", hint="for example claude:claude-opus-4-6")
    allowed = (*FILE_TOOLS, SHELL)
    unknown = [name for name in settings.tools if name not in allowed]
    if unknown:
        raise UsageError(f"proposer.tools names {unknown[0]!r}", hint=f"known: {', '.join(allowed)}")
    if SHELL in settings.tools and len(settings.tools) > 1:
        what = f"proposer.tools names {SHELL} and others: a shell could change a file while another tool checks it"
        raise UsageError(what, hint=f"name only {SHELL}, which can read and write too")
    return ClaudeProposer(rest, settings)


def _optimizer(name: str) -> Callable[[str, ProposerSettings], Proposer]:
    def make(rest: str, settings: ProposerSettings) -> Proposer:
        if rest:
            raise UsageError(f"proposer {name} takes no argument, and was given {rest!r}", hint="see --writer")
        if not settings.writer:
            what = f"proposer {name} asks a model to write, and none is named"
            raise UsageError(what, hint=_NAME_WRITER)
        return OptimizerProposer(name, settings)

    return make


def _library(rest: str, settings: ProposerSettings) -> Proposer:
    if not rest:
        what = "proposer library: names no model that edits the entries"
        raise UsageError(what, hint="for example library:anthropic:MODEL, or offline library:simulated")
    make_writer(settings.writing_model, settings.writer_settings, LIBRARY)
    return OptimizerProposer(LIBRARY, settings)


def _meta(rest: str, settings: ProposerSettings) -> Proposer:
    if rest or not settings.writer:
        raise UsageError(f"proposer {META} asks a model, and none is named", hint="name one with --meta")
    return MetaProposer(settings)


_NAME_WRITER = "name one with --writer, such as anthropic:MODEL or openai:MODEL"
_WRITER = ("writer", "writer_settings")
_FLAGS = {**{name: f"--proposer-{name}" for name in ("jail", "bind", "env", "net")}, "writer": "--writer"}
_TAKEN_BY = {
    **dict.fromkeys(("jail", "bind", "net"), ("command",)),
    "env": ("claude", "command"),
    **dict.fromkeys(("turns", "effort", "tools"), ("claude",)),
    "max_usd": ("claude", *WRITING, META, LIBRARY),
    "writer": (*WRITING, META),
    "writer_settings": (*WRITING, META, LIBRARY),
}
_KINDS: dict[str, Callable[[str, ProposerSettings], Proposer]] = {
    "catalog": _catalog,
    "stock": _stock,
    "claude": _claude,
    "command": _command,
    **{name: _optimizer(name) for name in WRITING},
    LIBRARY: _library,
    META: _meta,
}
