"""How a judge is called: the keys of `[judge.settings]` in `run.toml`.

Each kind of judge accepts some of them. `identity` is the part that determines answers, and so is part of every cache
key; prices, time-outs and the variable with the key are not.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_reward.errors import UsageError
from meta_reward.files import as_dict
from meta_reward.settings import BadSetting, UnknownSetting, parse_table, setting

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_NOT_ANSWERS = {"timeout_s", "key_env", "price_input", "price_output", "price_cached", "window_tokens"}
_MODES = ("adaptive", "disabled")
_LEAST_THINKING = 1024


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How a model is called."""

    max_tokens: int = setting(4096, least=1)
    """The most tokens of one reply, including thinking."""
    temperature: float | None = None
    """None: not sent."""
    thinking: str | int | None = None
    """`adaptive`, `disabled`, or a number of tokens."""
    effort: str | None = setting(None, choices=EFFORTS)
    system: str = ""
    """Text before the system prompt of any harness."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further fields of the request body."""
    timeout_s: float = setting(300.0, above=0)
    """The time-out of one try, in seconds."""
    key_env: str = ""
    """The environment variable with the key, for an address that is not the provider's."""
    price_input: float | None = None
    """US dollars per million tokens, for a model without a known price; so are `price_output` and `price_cached`."""
    price_output: float | None = None
    price_cached: float | None = None
    window_tokens: int | None = setting(None, least=1)
    """Tokens that a request and its reply may have together, for a model without a known window. Forecasts use it."""


def parse_settings(kind: str, given: Mapping[str, Any], *, without: Collection[str] = ()) -> ModelSettings:
    """The settings of a kind of judge. without: keys that it does not accept. Raises UsageError that names the key."""
    try:
        settings = parse_table(ModelSettings, given, without=without)
        _check_together(settings)
    except UnknownSetting as error:
        raise UsageError(f"judge {kind} has no setting {error.key!r}", hint=error.hint) from None
    except BadSetting as error:
        what = f"judge setting {error.key} {error.what}"
        raise UsageError(what, hint=error.hint or "fix it in [judge.settings]") from None
    return settings


def identity(settings: ModelSettings) -> dict[str, object]:
    """The settings that determine answers, as plain JSON; settings that are not set are left out."""
    values = as_dict(settings).items()
    return {name: value for name, value in values if name not in _NOT_ANSWERS and value not in (None, "", {})}


def join_system(settings: ModelSettings, system: str | None) -> str:
    """The system prompt of a request: the text of the settings, then the harness's."""
    return "\n\n".join(part for part in (settings.system, system) if part)


def _check_together(settings: ModelSettings) -> None:
    """Raise BadSetting for values that do not fit together."""
    thinking, limit = settings.thinking, settings.max_tokens
    if isinstance(thinking, str) and thinking not in _MODES:
        what = f"is {thinking!r}, not one of {', '.join(_MODES)} or a number of tokens"
        raise BadSetting(what, key="thinking")
    if isinstance(thinking, int) and not _LEAST_THINKING <= thinking < limit:
        what = f"is {thinking}, not from {_LEAST_THINKING} to below max_tokens ({limit})"
        raise BadSetting(what, key="thinking")
    if (settings.price_input is None) != (settings.price_output is None):
        raise BadSetting("go together", key="price_input and price_output")
