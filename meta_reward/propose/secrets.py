"""The values that no record of a session may hold, and what becomes of a text that has one.

Secret is every value that a proposer is given with `--proposer-env`, whatever the variable is called; the keys
of Claude; and the value of any other variable of ours that holds a key. Found is a value as it stands, and
as JSON writes it inside a text; one that was encoded in some other way is not. In a record it is `[key]`. In a
draft it becomes `[secret of NAME]`, and a draft with such a mark is refused, also when it is read again.
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
    """Values by the names of their variables.

    One of fewer than 8 characters is found where it stands as a word, for inside other words it would be met
    by chance; one of fewer than 4, a short number or a switch such as `true` is no secret.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._names = {form: name for name, value in values.items() for form in _forms(value.strip())}
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_found_as, longest_first))) if longest_first else None

    def hide(self, value: Any) -> Any:
        """A JSON value without secrets, in whichever of its texts."""
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
        """A draft's text, with the name of a secret in place of it."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: f"[secret of {self._names[found[0]]}]", text)


NO_SECRETS = Secrets({})


def session_secrets(settings: ProposerSettings) -> Secrets:
    """What is secret in a session of a proposer with these settings."""
    named = (*settings.env, *(CLAUDE_KEYS if settings.spec.startswith("claude:") else ()))
    return Secrets(known_keys() | {name: os.environ.get(name, "") for name in named})


def secrets_in(source: str, proposal: str = "") -> tuple[Finding, ...]:
    """A finding for each secret that stood in a draft. Names the variable, and nothing of its value."""
    return bounded([*_findings(source, "", numbered=True), *_findings(proposal, "proposal.md ")])


def _findings(text: str, where: str, *, numbered: bool = False) -> Iterator[Finding]:
    for number, line in enumerate(text.split("\n"), 1):
        for name in _MARK.findall(line):
            message = f"{where}holds the value of the variable {name}, which is a secret"
            yield Finding("secret", message, "leave it out", number if numbered else None)


def _forms(value: str) -> set[str]:
    """How a secret may be written; nothing for a value that is none."""
    if len(value) < _SHORTEST or (len(value) < _LONG and _SWITCH.fullmatch(value)):
        return set()
    return {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}


def _found_as(form: str) -> str:
    return re.escape(form) if len(form) >= _LONG else rf"(?<!\w){re.escape(form)}(?!\w)"
