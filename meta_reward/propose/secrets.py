"""Keeps secrets out of records of a session and out of drafts.

Secrets are all values that a proposer gets with `--proposer-env`, whatever the variable is called; Claude's keys; and
any other variable of this process that holds a key. A value is found as plain text and as JSON escapes it, but not in
any other encoding. In a record it becomes `[key]`. In a draft it becomes `[secret of NAME]`, and a draft with such a
mark is refused, also when it is read again.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from meta_reward.harness.validate.report import Finding, bounded
from meta_reward.models.secrets import known_keys
from meta_reward.run.settings import ProposerSettings

CLAUDE_KEYS = ("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN")
HIDDEN = "[key]"
_MARK = re.compile(r"\[secret of (\w+)\]")
_LONG = 8
_SHORTEST = 4
_SWITCH = re.compile(r"[\d.]*|true|false|none|null", re.IGNORECASE)


class Secrets:
    """Finds and replaces secrets, given as values by the names of their variables.

    A value of fewer than 8 characters is found only as a whole word, since inside other words it would match by
    chance. One of fewer than 4, a short number or a switch such as `true` does not count as secret.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._names = {form: name for name, value in values.items() for form in _forms(value.strip())}
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_found_as, longest_first))) if longest_first else None

    def hide(self, value: Any) -> Any:
        """A JSON value with secrets replaced in all its strings."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self._pattern.sub(HIDDEN, value)
        if isinstance(value, list | tuple):
            return [self.hide(item) for item in value]
        if isinstance(value, Mapping):
            return {self.hide(key): self.hide(item) for key, item in value.items()}
        return value

    def mark(self, text: str) -> str:
        """A draft's text, with each secret replaced by its name."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: f"[secret of {self._names[found[0]]}]", text)


NO_SECRETS = Secrets({})


def session_secrets(settings: ProposerSettings) -> Secrets:
    """The secrets in a session of a proposer with these settings."""
    named = (*settings.env, *(CLAUDE_KEYS if settings.spec.startswith("claude:") else ()))
    return Secrets(known_keys() | {name: os.environ.get(name, "") for name in named})


def secrets_in(source: str, proposal: str = "") -> tuple[Finding, ...]:
    """A finding for each marked secret in a draft. It names the variable, never its value."""
    return bounded([*_findings(source, "", numbered=True), *_findings(proposal, "proposal.md ")])


def _findings(text: str, where: str, *, numbered: bool = False) -> Iterator[Finding]:
    for number, line in enumerate(text.split("\n"), 1):
        for name in _MARK.findall(line):
            message = f"{where}holds the value of the variable {name}, which is a secret"
            yield Finding("secret", message, "leave it out", number if numbered else None)


def _forms(value: str) -> set[str]:
    """The spellings of a secret; none for a value that is not secret."""
    if len(value) < _SHORTEST or (len(value) < _LONG and _SWITCH.fullmatch(value)):
        return set()
    return {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}


def _found_as(form: str) -> str:
    return re.escape(form) if len(form) >= _LONG else rf"(?<!\w){re.escape(form)}(?!\w)"
