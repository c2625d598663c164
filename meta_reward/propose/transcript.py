"""The raw record of a proposer's session, one JSON line an event.

Lines are appended as things happen, so that a session that was killed has told so far. Every line
has a `type` and the `seconds` since the session began; texts that are known to be secret are
replaced before anything is written. `summary.py` tells what the lines add up to.

    begin      what runs, in which jail, with which network and abstract sockets; a session that mends its candidates has two of them
    prompt     what the agent was told
    message    a message of the Claude Agent SDK, as it came
    usage      what one call of the model has used so far; a later line of the same call replaces it
    decision   what was decided about a tool call: `refused` says why, and is empty where it was allowed
    output     what a command said on both its streams
    end        `status` and `reason`, by whoever ran the proposer
"""

import json
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from meta_reward import files

HIDDEN = "[key]"
_LONG = 8
_SHORTEST = 4


class Transcript:
    """Appends to a session's record.

    secrets: texts that must never be in it. One of fewer than 8 characters is hidden where it stands as a
    word, for inside other words it would be met by chance; one of fewer than 4, such as a switch, is left.
    """

    def __init__(self, path: Path, *, secrets: Iterable[str] = ()) -> None:
        self._path = path
        self._secret = _pattern(secrets)
        self._began = time.monotonic()

    def add(self, type: str, **fields: Any) -> None:
        """Append an event."""
        seconds = round(time.monotonic() - self._began, 2)
        files.append_line(self._path, {"type": type, "seconds": seconds, **self._clean(fields)})

    def _clean(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields as plain JSON without secrets, broken characters or what JSON cannot hold."""
        try:
            text = json.dumps(fields, ensure_ascii=False, default=str)
            if files.is_too_deep(fields):
                raise ValueError("nested too deeply")
        except (ValueError, RecursionError) as error:
            text = json.dumps({"unreadable": str(error)})
        cleaned: dict[str, Any] = self._hide(json.loads(text.encode(errors="replace")))
        return cleaned

    def _hide(self, value: Any) -> Any:
        """A JSON value without secrets, in whichever of its texts."""
        if self._secret is None:
            return value
        if isinstance(value, str):
            return self._secret.sub(HIDDEN, value)
        if isinstance(value, list):
            return [self._hide(item) for item in value]
        if isinstance(value, dict):
            return {self._secret.sub(HIDDEN, key): self._hide(item) for key, item in value.items()}
        return value


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """What finds each secret, the longest first; also as JSON writes it inside a text, as a log may hold it."""
    found = {form for secret in secrets for form in (secret.strip(), json.dumps(secret.strip())[1:-1])}
    known = sorted((form for form in found if len(form) >= _SHORTEST), key=len, reverse=True)
    parts = [re.escape(form) if len(form) >= _LONG else rf"(?<!\w){re.escape(form)}(?!\w)" for form in known]
    return re.compile("|".join(parts)) if parts else None
