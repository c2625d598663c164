"""The settings of a judge: the keys of `[judge.settings]` in `run.toml`.

Each kind of judge takes some of them. An unknown name, a wrong type or an impossible value is an error of one line.
`identity` is the part that determines answers and therefore belongs to every cache key; prices, time-outs and the
name of a key's variable do not.
"""

import math
import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from meta_reward.errors import UsageError

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_NOT_ANSWERS = {"timeout_s", "key_env", "price_input", "price_output", "price_cached", "window_tokens"}
_MODES = ("adaptive", "disabled")


@dataclass(frozen=True, slots=True)
class ModelSettings:
    max_tokens: int = 4096
    """Of one reply, including thinking."""
    temperature: float | None = None
    """Sent only if it is set."""
    thinking: str | int | None = None
    """`adaptive`, `disabled`, or a number of tokens."""
    effort: str | None = None
    """One of EFFORTS."""
    system: str = ""
    """Text before the system prompt of every harness."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further fields of the request's body."""
    timeout_s: float = 300.0
    """Of one try."""
    key_env: str = ""
    """The environment variable with the key for the user's own address."""
    price_input: float | None = None
    """US dollars per million tokens, for a model whose price is not known; the same below."""
    price_output: float | None = None
    price_cached: float | None = None
    window_tokens: int | None = None
    """What a request and its reply may have together, for a model whose limit is not known. Only forecasts ask."""


def parse_settings(kind: str, given: Mapping[str, Any], *, without: Collection[str] = ()) -> ModelSettings:
    """The settings of a kind of judge. without: those it does not take. Raises UsageError, which names the key."""
    hints = typing.get_type_hints(ModelSettings)
    known = [item.name for item in fields(ModelSettings) if item.name not in without]
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"judge {kind} has no setting {name!r}", hint=f"known: {', '.join(known)}")
        if not _is_of(value, hints[name]):
            raise UsageError(f"judge setting {name} is {value!r}", hint=f"it should be {_names(hints[name])}")
    settings = ModelSettings(**given)
    _check(settings)
    return settings


def identity(settings: ModelSettings) -> dict[str, Any]:
    """The settings that determine answers, as plain JSON, without those that are not set."""
    values = {item.name: getattr(settings, item.name) for item in fields(settings) if item.name not in _NOT_ANSWERS}
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def join_system(settings: ModelSettings, system: str | None) -> str:
    """The system prompt of a request: the run's, then the harness's."""
    return "\n\n".join(part for part in (settings.system, system) if part)


def _check(settings: ModelSettings) -> None:
    thinking, limit = settings.thinking, settings.max_tokens
    wrong = None
    if limit < 1:
        wrong = f"max_tokens is {limit}, and must be at least 1"
    elif settings.effort is not None and settings.effort not in EFFORTS:
        wrong = f"effort is {settings.effort!r}, not one of {', '.join(EFFORTS)}"
    elif isinstance(thinking, str) and thinking not in _MODES:
        wrong = f"thinking is {thinking!r}, not one of {', '.join(_MODES)} or a number of tokens"
    elif isinstance(thinking, int) and not 1024 <= thinking < limit:
        wrong = f"thinking is {thinking}, not from 1024 to below max_tokens ({limit})"
    elif not 0 < settings.timeout_s < math.inf:
        wrong = f"timeout_s is {settings.timeout_s:g}, and must be above 0"
    if settings.window_tokens is not None and settings.window_tokens < 1:
        wrong = f"window_tokens is {settings.window_tokens}, and must be at least 1"
    for name in ("temperature", "price_input", "price_output", "price_cached"):
        value = getattr(settings, name)
        if value is not None and not 0 <= value < math.inf:
            wrong = f"{name} is {value:g}, and must be at least 0"
    if (settings.price_input is None) != (settings.price_output is None):
        wrong = "price_input and price_output go together"
    if wrong:
        raise UsageError(f"judge setting {wrong}", hint="fix it in [judge.settings]")


def _is_of(value: Any, wanted: Any) -> bool:
    """Whether a value has one of the types of a hint. An int is also a float; a bool is neither."""
    allowed = [typing.get_origin(part) or part for part in _parts(wanted)]
    if isinstance(value, bool):
        return bool in allowed
    return isinstance(value, tuple(allowed)) or (float in allowed and isinstance(value, int))


def _parts(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)


def _names(hint: Any) -> str:
    names = {str: "text", int: "a whole number", float: "a number", dict: "a table"}
    return " or ".join(names[typing.get_origin(part) or part] for part in _parts(hint) if part is not types.NoneType)
