"""Keeps keys out of a judge's settings, which are written to `run.toml`, to the cache and to git, and out of its
replies, which go to the cache, to traces and to candidates.

A key is recognized by its name, by its prefix, or as the value of an environment variable that holds one. Nothing
here ever repeats a value.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from meta_reward.completion import Completion
from meta_reward.errors import UsageError

_NAMES = re.compile(
    r"(^|_)(authorization|auth|bearer|secret|password|passwd|credentials?|cookie|(api|access|secret|private)_?key)($|_)"
    r"|^key$|((^|_)(api|access|auth|bearer|session|refresh|hf)_?|^)token$",
    re.IGNORECASE,
)
_HEADERS = re.compile(r"(^|_)headers?$", re.IGNORECASE)
_BEGINNINGS = re.compile(
    r"\b(sk|rk|gsk|hf|ghp|xai|nvapi|pplx|glpat|github_pat|AIza|AKIA)[-_A-Z0-9][\w-]{15,}|^Bearer\s"
)
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_HOLD_KEYS = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD)S?$")
_SHORTEST = 16  # characters of a key: the value of a variable such as MAX_TOKENS is not one
_SHORTEST_ECHO = 8  # characters of a key in a reply: keyless servers get words such as "EMPTY", which a judge may say
_HINT = "put it into an environment variable, and name that as key_env in [judge.settings]"


def refuse_secrets(settings: Mapping[str, Any]) -> None:
    """Raise UsageError for the first setting that holds a key, or a header that may hold one."""
    for path, value in _leaves(settings):
        parts = [part.replace("-", "_") for part in path]
        shown = ".".join("[key]" if is_secret(part) else part for part in path)
        if any(map(_HEADERS.search, parts)):
            raise UsageError(f"judge setting {shown}: no headers can be set", hint=f"if it is for a key, {_HINT}")
        secret = any(map(is_secret, (*path, value)))
        if path == ("key_env",) and value and (secret or not _VARIABLE.fullmatch(str(value))):
            what = "judge setting key_env does not name an environment variable; never write the key itself into a file"
            raise UsageError(what, hint="fix it in [judge.settings]")
        if secret or any(map(_NAMES.search, parts)):
            raise UsageError(f"judge setting {shown} holds a key, and settings are written to files", hint=_HINT)


def is_secret(value: Any) -> bool:
    """Whether a text contains a key."""
    return isinstance(value, str) and (
        bool(_BEGINNINGS.search(value)) or any(key in value for key in known_keys().values())
    )


def without_key(completion: Completion, secret: str) -> Completion:
    """A reply and its tool calls, with `[key]` in place of the key that was sent."""
    if len(secret) < _SHORTEST_ECHO:
        return completion
    calls = [
        replace(call, **{name: _scrubbed(getattr(call, name), secret) for name in ("id", "name", "arguments")})
        for call in completion.tool_calls
    ]
    return replace(completion, text=_scrubbed(completion.text, secret), tool_calls=tuple(calls))


def _scrubbed(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, "[key]")
    if isinstance(value, dict):
        return {_scrubbed(name, secret): _scrubbed(item, secret) for name, item in value.items()}
    return [_scrubbed(item, secret) for item in value] if isinstance(value, list) else value


def known_keys() -> dict[str, str]:
    """The keys in this process's environment, by variable name."""
    found = {name: value.strip() for name, value in os.environ.items() if _HOLD_KEYS.search(name)}
    return {name: value for name, value in found.items() if len(value) >= _SHORTEST}


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The values in nested tables and lists, each with the names on the path to it."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, (*path, str(name)))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, path)
    else:
        yield path, value
