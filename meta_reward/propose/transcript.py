"""The raw record of a proposer's session, one JSON line per event.

Lines are appended as things happen, so the record of a killed session is complete up to the kill. Every line has a
`type` and the `seconds` since the session began; known secrets are replaced before anything is written.
`session_summary.py` adds the lines up.

    begin      what runs, in which jail, with which network and abstract sockets; twice if candidates are repaired
    prompt     the prompt that the agent got
    message    a message of the Claude Agent SDK, unchanged
    usage      what one call of the model has used so far; a later line for the same call replaces it
    question   what a writing model was asked; `reply` is its answer
    decision   a tool call and the guard's decision: `refused` is the reason, empty if it was allowed
    output     what a command wrote to stdout and stderr
    end        `status` and `reason`, written by the search
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.propose.secrets import NO_SECRETS, Secrets


class Transcript:
    """Appends to a session's record. secrets: values that are never written."""

    def __init__(self, path: Path, *, secrets: Secrets = NO_SECRETS) -> None:
        self._path = path
        self.secrets = secrets
        self._began = time.monotonic()

    def add(self, type: str, **fields: Any) -> None:
        """Append an event."""
        seconds = round(time.monotonic() - self._began, 2)
        files.append_line(self._path, {"type": type, "seconds": seconds, **self._clean(fields)}, new_folder=False)

    def _clean(self, fields: Mapping[str, Any]) -> Any:
        """The fields as plain JSON, without secrets; values that JSON cannot hold become strings."""
        try:
            text = json.dumps(fields, ensure_ascii=False, default=str)
            if files.is_too_deep(fields):
                raise ValueError("nested too deeply")
        except (ValueError, RecursionError) as error:
            text = json.dumps({"unreadable": str(error)})
        return self.secrets.hide(json.loads(text.encode(errors="replace")))
